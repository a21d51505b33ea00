"""The frontier as a work list, what another rule would change, and the rules side by side."""

from __future__ import annotations

import re
from typing import Any

import pytest

from recoup.apps.cases.models import Case
from recoup.apps.holds import ask_operations, case_ledger, operations
from recoup.apps.lawful_requests.models import Ticket
from recoup.core.said import Said
from support.bank import Banks, Ledger
from support.case_pages import hand_over, signed_in, text_of
from support.chain import report
from support.world import OFFICER, PROSECUTOR


def followed(ledger: Ledger, **more: Any) -> Case:
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    ledger.pay("first", "cash", 10_000, minute=12)
    ledger.pay("first", "second", 40_000, minute=14)
    ledger.pay("second", "third", 30_000, minute=16)
    filed = report(ledger, paid)
    Banks(ledger, **more).run()
    return ledger.world.case_of(filed)


def let_go_in_part(ledger: Ledger) -> Case:
    case = followed(ledger)
    with ledger.world.acting(by := ledger.world.actor(OFFICER)) as at:
        rows = Ticket.objects.filter(account_ident=ledger.accounts["third"].ident, measure="hold")
        operations.reduce_hold(
            case=case, ticket=rows.order_by("-round")[0], limit_minor=2_000, ground="Too much.",
            by=by, at=at,
        )  # fmt: skip
    Banks(ledger).run()
    return case


def flow(case: Case, query: str = "", login: str = OFFICER) -> Any:
    return signed_in(login).get(f"/cases/{case.id}/flow{query}").context


def test_money_that_lies_unheld_is_work_and_may_be_asked_after(ledger: Ledger) -> None:
    case = let_go_in_part(ledger)
    [edge] = flow(case)["frontier"]
    assert (edge.kind, edge.institution_name.split()[0]) == ("lying", "Linden")
    assert edge.units > 0 and edge.since is not None and edge.why_not == ""
    text = text_of(OFFICER, edge.ask_url)
    assert "no more than 20.00 RSD" in text and "voluntary" in text or "binding" in text


def test_where_all_is_held_there_is_no_work(ledger: Ledger) -> None:
    assert flow(followed(ledger))["frontier"] == []


def test_a_bank_that_is_being_asked_is_shown_with_its_ticket(ledger: Ledger) -> None:
    silent = ledger.accounts["second"].ident
    case = followed(
        ledger, change=lambda ticket, body: None if ticket["account"]["ident"] == silent else body
    )
    [edge] = flow(case)["frontier"]
    assert (edge.kind, edge.is_waiting, edge.ask_url) == ("arrived", True, "")
    assert edge.ticket is not None and edge.ticket.reference in text_of(
        OFFICER, f"/cases/{case.id}"
    )
    asked = signed_in(OFFICER).get(f"/cases/{case.id}/ask?account={edge.account_id}")
    assert asked.status_code == 422


def test_only_the_police_asks(ledger: Ledger) -> None:
    case = let_go_in_part(ledger)
    [edge] = flow(case)["frontier"]
    hand_over(ledger.world, case)
    assert signed_in(PROSECUTOR).get(edge.ask_url).status_code == 403
    assert signed_in("mila.linden").get(edge.ask_url).status_code == 403
    assert "Ask the next bank" not in text_of(PROSECUTOR, f"/cases/{case.id}")


def test_another_rule_proposes_and_changes_nothing(ledger: Ledger) -> None:
    case = followed(ledger)
    assert flow(case)["proposed"] is None
    rows = flow(case, "?rule=prorata")["proposed"]["rows"]
    reductions = [row for row in rows if row.difference < 0]
    assert reductions and all(row.reduce_url for row in reductions)
    assert all(not row.reduce_url for row in rows if row.difference > 0)
    before = ledger.world.run("select id, state, version from lawful_requests_ticket order by id")
    place, told = reductions[0].reduce_url.replace("#acts", ""), {"proposed": reductions[0].says}
    assert str(reductions[0].says) not in place
    answer = signed_in(OFFICER).post(place, told)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'value="{reductions[0].says // 100}.{reductions[0].says % 100:02}"' in text
    assert before == ledger.world.run(
        "select id, state, version from lawful_requests_ticket order by id"
    )


def test_marks_propose_nothing(ledger: Ledger) -> None:
    shown = flow(followed(ledger), "?rule=poison")
    assert shown["proposed"] is None and shown["frontier"] == [] and shown["flow_proofs"] == []


def test_side_by_side_each_rule_adds_up_to_the_loss(ledger: Ledger) -> None:
    case = followed(ledger)
    [table] = signed_in(OFFICER).get(f"/cases/{case.id}/rules").context["tables"]
    assert len(table.bars) == 7 and all(bar.is_balanced for bar in table.bars)
    for number, bar in enumerate(table.bars):
        if bar.rule.is_sum:
            assert sum(line.cells[number] for line in table.lines) == 50_000
    assert all(line.low <= cell <= line.high for line in table.lines for cell in line.cells[:-1])
    assert signed_in("mila.linden").get(f"/cases/{case.id}/rules").status_code == 403
    assert signed_in(PROSECUTOR).get(f"/cases/{case.id}/rules").status_code == 404


def test_an_open_account_shows_its_bookings_to_who_asked_the_bank(ledger: Ledger) -> None:
    case = followed(ledger)
    account = next(c.account_id for c in flow(case)["chips"] if c.institution.startswith("Quince"))
    [panel] = flow(case, f"?open={account}")["panels"]
    assert [(b.is_credit, b.amount, b.carried) for b in panel.bookings] == [
        (True, 50_000, 50_000), (False, 10_000, 7_000), (False, 40_000, 40_000),
    ]  # fmt: skip
    assert panel.came == 50_000 == sum(panel.stays.values())


@pytest.mark.parametrize("clean", [1, 2])
def test_an_open_account_folds_what_is_not_the_case_s(ledger: Ledger, clean: int) -> None:
    """Two sums, unless one of them would be the amount of a single booking."""
    ledger.account("first", "quince", 20001, 30_000)
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    for number in range(clean):
        ledger.pay("first", "cash", 4_321 + number, minute=11 + number)
    ledger.pay("first", "second", 40_000, minute=14)
    filed = report(ledger, paid)
    Banks(ledger).run()
    case = ledger.world.case_of(filed)
    account = next(c.account_id for c in flow(case)["chips"] if c.institution.startswith("Quince"))
    hand_over(ledger.world, case)
    query = f"?open={account}"
    [mine], [theirs] = flow(case, query)["panels"], flow(case, query, PROSECUTOR)["panels"]
    folded = [b.amount for b in mine.bookings if not b.carried]
    assert len(folded) == clean and mine.has_balance
    assert theirs.bookings and all(b.carried for b in theirs.bookings)
    assert theirs.others_in[0] == 0 and theirs.others_out[0] == clean
    text = text_of(PROSECUTOR, f"/cases/{case.id}/flow{query}")
    if clean == 1:
        assert theirs.others_out[1] is None and not theirs.has_balance
        assert "Opening balance" not in text
        assert not re.search(r"(?<!\d)43\.21", text)
    else:
        assert theirs.others_out[1] == sum(folded) and theirs.has_balance
        assert "Opening balance" in text and "86.43" in text


def test_a_large_flow_begins_with_its_main_hops(ledger: Ledger) -> None:
    ledger.pay("victim", "first", 500_000, minute=10)
    for number in range(24):
        ledger.account(f"mule{number}", "walnut", 31000 + number, 0)
        ledger.pay("first", f"mule{number}", 10_000 + number * 100, minute=12 + number / 10)
    filed = report(ledger, ledger.paid[0])
    Banks(ledger).run()
    case = ledger.world.case_of(filed)
    [shown] = flow(case)["flows"]
    assert shown["folded"] > 10
    whole = sum(r["amount_minor"] for r in shown["rows"] if r["fate"] != "moved")
    assert whole == 500_000, "what is folded is still in the sums"
    assert len(shown["rows"]) == len(shown["data"]["links"])
    hidden = [c for c in flow(case)["chips"] if c.institution.startswith("Walnut")][-1]
    [opened] = flow(case, f"?open={hidden.account_id}")["flows"]
    assert opened["folded"] == shown["folded"] - 1
    assert "more accounts" in text_of(OFFICER, f"/cases/{case.id}")


def test_exact_fractions_are_not_waited_for_where_they_would_grow(
    ledger: Ledger, monkeypatch: Any
) -> None:
    """Twice the bookings take eight times as long: one request held a worker for hours."""
    case = followed(ledger)
    monkeypatch.setattr(case_ledger, "EXACT_BOOKINGS_AT_MOST", 2)
    shown = signed_in(OFFICER).get(f"/cases/{case.id}/rules").context
    assert "prorata_exact" not in {rule.key for rule in shown["rules"]}
    [table] = shown["tables"]
    assert {len(line.cells) for line in table.lines} == {len(shown["rules"])} == {6}
    exact = signed_in(OFFICER).get(f"/cases/{case.id}?rule=prorata_exact")
    assert exact.status_code == 422 and exact.context["chosen"].is_as_held
    assert signed_in(OFFICER).get(f"/cases/{case.id}?rule=prorata").status_code == 200


def test_a_past_moment_takes_nobody_to_a_reduction(ledger: Ledger) -> None:
    """What came after it is held rightly: by its figures an officer would have let it go."""
    case = followed(ledger)
    before = ledger.at(ledger.paid[0]).strftime("%Y-%m-%dT%H:%M:%SZ")
    for query in (f"?at={before}", f"?rule=prorata&at={before}"):
        shown = flow(case, query)
        assert shown["chosen"].at is not None and shown["proposed"] is None


def test_moment_after_moment_tells_nobody_other_peoples_bookings(ledger: Ledger) -> None:
    """Two sums that grow from one moment to the next are the bookings, one by one."""
    ledger.account("first", "quince", 20001, 30_000)
    ledger.pay("first", "cash", 1_000, minute=11)
    case = followed(ledger)
    account = next(c.account_id for c in flow(case)["chips"] if c.institution.startswith("Quince"))
    hand_over(ledger.world, case)
    at = ledger.at(ledger.paid[-1]).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = f"?rule=libr&open={account}"
    [now], [then] = (
        flow(case, query, PROSECUTOR)["panels"],
        flow(case, f"{query}&at={at}", PROSECUTOR)["panels"],
    )
    assert now.has_balance and (now.others_in[0] or now.others_out[0])
    assert not then.has_balance and then.others_in == then.others_out == (0, 0)
    text = text_of(PROSECUTOR, f"/cases/{case.id}/flow{query}&at={at}")
    assert "Opening balance" not in text and "All bookings are known" in text
    [mine] = flow(case, f"{query}&at={at}")["panels"]
    assert mine.has_balance


def test_a_moment_that_cannot_be_read_is_not_taken_for_now(ledger: Ledger) -> None:
    answer = signed_in(OFFICER).get(f"/cases/{followed(ledger).id}/rules?at=yesterday")
    assert answer.status_code == 422 and "is no date and time" in answer.content.decode()


def test_what_changed_between_the_page_and_the_act_is_said(
    ledger: Ledger, monkeypatch: Any
) -> None:
    """The act looks again, with the case locked: somebody else may have asked meanwhile."""
    case = let_go_in_part(ledger)
    [edge] = flow(case)["frontier"]

    def asked_meanwhile(**_: Any) -> None:
        raise operations.NotPossible(Said("Ticket %(ticket)s is open there.", ticket="T-1"))

    monkeypatch.setattr(ask_operations, "ask_on", asked_meanwhile)
    answer = signed_in(OFFICER).post(
        f"/cases/{case.id}/ask", {"account": str(edge.account_id), "ground": "It went on."}
    )
    assert answer.status_code == 409 and "Ticket T-1 is open there" in answer.content.decode()
