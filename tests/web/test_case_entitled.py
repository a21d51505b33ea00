"""What banks told for one case is not told to the members of another, whatever rule they choose."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.apps.cases.models import Case
from recoup.apps.members.models import Organisation
from support.bank import Banks, Ledger
from support.case_pages import hand_over, signed_in, text_of
from support.chain import report
from support.world import FIU, OFFICER, PROSECUTOR


def two_cases(ledger: Ledger) -> tuple[Case, Case]:
    """By first in, first out only the other case's money goes on; by other rules this one's too."""
    ledger.account("second", "walnut", 30001, 0)
    ledger.account("other", "plum", 10002, 900_000)
    one = ledger.pay("victim", "first", 50_000, minute=10)
    two = ledger.pay("other", "second", 7_000, minute=11)
    ledger.pay("first", "second", 40_000, minute=14)
    ledger.pay("second", "third", 7_000, minute=16)
    filed, also = report(ledger, one), report(ledger, two)
    Banks(ledger).run()
    return ledger.world.case_of(filed), ledger.world.case_of(also)


def flow(case: Case, query: str = "", login: str = OFFICER) -> Any:
    return signed_in(login).get(f"/cases/{case.id}/flow{query}").context


@pytest.mark.parametrize("rule", ["poison", "lifo", "prorata"])
def test_payments_of_another_case_are_folded_for_who_does_not_see_it(
    ledger: Ledger, rule: str
) -> None:
    case, _ = two_cases(ledger)
    hand_over(ledger.world, case)
    third = ledger.accounts["third"].ident
    shown = third.removeprefix("RS")[-6:]
    theirs, mine = flow(case, f"?rule={rule}", PROSECUTOR), flow(case, f"?rule={rule}")
    assert third in {node["id"] for node in mine["flows"][0]["data"]["nodes"]}
    assert third not in str([flow["data"] for flow in theirs["flows"]])
    assert not [chip for chip in theirs["chips"] if chip.institution.startswith("Linden")]
    assert [one.institution.split()[0] for one in theirs["flow_through"]] == ["Walnut"]
    assert not mine["flow_through"]
    for page in (f"/flow?rule={rule}", f"/rules?rule={rule}", "/patterns"):
        path = f"/cases/{case.id}{page}"
        assert shown not in text_of(PROSECUTOR, path).replace(" ", ""), path
    assert "another case" in text_of(PROSECUTOR, f"/cases/{case.id}?rule={rule}")
    assert not [
        row
        for row in (theirs["proposed"] or {"rows": []})["rows"]
        if row.institution_name.startswith("Linden")
    ]


def test_who_sees_both_cases_is_shown_all_of_it(ledger: Ledger) -> None:
    case, other = two_cases(ledger)
    hand_over(ledger.world, case)
    hand_over(ledger.world, other)
    for query in ("", "?rule=prorata", "?rule=lifo"):
        assert not flow(case, query, PROSECUTOR)["flow_through"]
    for query in ("", "?rule=poison"):
        assert len(flow(other, query, PROSECUTOR)["flows"]) == 1


def test_side_by_side_the_sums_stay_and_the_accounts_are_not_told(ledger: Ledger) -> None:
    case, _ = two_cases(ledger)
    hand_over(ledger.world, case)
    page = signed_in(PROSECUTOR).get(f"/cases/{case.id}/rules").context
    [table] = page["tables"]
    for number, rule in enumerate(page["rules"]):
        if rule.is_sum:
            assert sum(line.cells[number] or 0 for line in table.lines) == 50_000
    [elsewhere] = [line for line in table.lines if line.fate == "elsewhere"]
    assert elsewhere.cells[-1] is None and elsewhere.high == 7_000
    [mine] = signed_in(OFFICER).get(f"/cases/{case.id}/rules").context["tables"]
    assert "elsewhere" not in {line.fate for line in mine.lines}


def test_no_file_is_made_by_a_rule_that_leads_through_another_case(ledger: Ledger) -> None:
    case, _ = two_cases(ledger)
    join(ledger, case, FIU)
    third = ledger.accounts["third"].ident
    refused = signed_in(FIU).get(f"/cases/{case.id}/export?form=working&rule=lifo")
    assert refused.status_code == 409 and "which you do not see" in refused.content.decode()
    taken = signed_in(FIU).get(f"/cases/{case.id}/export?form=comparison")
    assert taken.status_code == 200 and third not in taken.content.decode()
    own = signed_in(OFFICER).get(f"/cases/{case.id}/export?form=working&rule=lifo")
    assert own.status_code == 200 and third in own.content.decode()


def join(ledger: Ledger, case: Case, login: str) -> Organisation:
    """Another unit becomes a member of this case, and of no other."""
    unit = Organisation.objects.get(pk=ledger.world.actor(login).organisation_id)
    ledger.world.run(
        "insert into cases_casemember (id, case_id, organisation_id, since) "
        "values (gen_random_uuid(), %s, %s, now())", case.pk, unit.pk,
    )  # fmt: skip
    return unit


def test_single_bookings_are_for_the_unit_that_asked_and_the_one_that_leads(
    ledger: Ledger,
) -> None:
    """Whoever owned the case was taken for who had asked: the unit that had asked lost them."""
    ledger.account("first", "quince", 20001, 30_000)
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    ledger.pay("first", "cash", 5_000, minute=12)
    ledger.pay("first", "cash", 6_000, minute=13)
    ledger.pay("first", "second", 40_000, minute=14)
    filed = report(ledger, paid)
    Banks(ledger).run()
    case = ledger.world.case_of(filed)
    unit = join(ledger, case, FIU)
    account = next(c.account_id for c in flow(case)["chips"] if c.institution.startswith("Quince"))
    query = f"?open={account}"

    def bookings(login: str) -> int:
        [panel] = flow(case, query, login)["panels"]
        return len(panel.bookings)

    assert (bookings(OFFICER), bookings(FIU)) == (4, 2)
    ledger.world.run("update cases_case set owner_id = %s where id = %s", unit.pk, case.pk)
    assert (bookings(OFFICER), bookings(FIU)) == (4, 4)
    ledger.world.run("update cases_case set owner_id = %s where id = %s", case.owner_id, case.pk)
