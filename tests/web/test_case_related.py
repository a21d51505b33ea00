"""Related, because: groups with reasons and sums, links taken back and given back; patterns."""

from __future__ import annotations

from typing import Any

from recoup.apps.cases.models import Case, LinkJudged
from support.bank import Banks, Ledger
from support.case_pages import hand_over, page_of, signed_in, text_of
from support.chain import report
from support.world import OFFICER, PROSECUTOR


def two_on_one_account(ledger: Ledger) -> tuple[Case, Case]:
    ledger.account("other", "plum", 10002, 900_000)
    one = ledger.pay("victim", "first", 50_000, minute=10)
    two = ledger.pay("other", "first", 30_000, minute=11)
    filed, also = report(ledger, one), report(ledger, two)
    Banks(ledger).run()
    return ledger.world.case_of(filed), ledger.world.case_of(also)


def judge(case: Case, other: Case, value: str, counts: str, login: str = OFFICER) -> Any:
    told = {"other": other.pk, "kind": "iban", "value": value, "counts": counts, "ground": "Shop."}
    return signed_in(login).post(f"/cases/{case.pk}/links", told)


def test_related_because_of_the_account_that_both_name(ledger: Ledger) -> None:
    case, other = two_on_one_account(ledger)
    shown = page_of(ledger.world, OFFICER, case)["related"]
    [row] = shown.rows
    assert row.case.pk == other.pk and row.is_direct and not row.is_same_loss
    assert [r.identifier.value for r in row.reasons] == [ledger.accounts["first"].ident]
    [(currency, lost, held)] = shown.sums
    assert (currency, lost) == ("RSD", 80_000) and 0 < held <= 80_000
    assert "because both name" in text_of(OFFICER, f"/cases/{case.pk}")


def test_a_link_is_taken_back_and_given_back_with_its_ground(ledger: Ledger) -> None:
    case, other = two_on_one_account(ledger)
    account = ledger.accounts["first"].ident
    assert judge(case, other, account, "no").status_code == 302
    shown = page_of(ledger.world, OFFICER, case)["related"]
    assert shown.rows == () and shown.sums[0][1] == 50_000
    [one] = shown.taken_back
    assert one.judged.ground == "Shop."
    assert "does not relate this case to" in text_of(OFFICER, f"/cases/{other.pk}")
    assert judge(case, other, account, "yes").status_code == 302
    shown = page_of(ledger.world, OFFICER, case)["related"]
    assert len(shown.rows) == 1 and shown.taken_back == ()
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        assert LinkJudged.objects.count() == 2, "words are added, never changed"
    [(lines,)] = ledger.world.run(
        "select count(*) from audit_auditleaf where encode(body, 'escape') like %s",
        "%case:link_judged%",
    )
    assert lines == 4


def test_a_judgement_is_of_two_cases_and_says_nothing_of_a_third(ledger: Ledger) -> None:
    """One officer's word on two reports took the account from every case that named it."""
    ledger.account("further", "plum", 10003, 900_000)
    late = ledger.pay("further", "first", 20_000, minute=12)
    case, other = two_on_one_account(ledger)
    filed = report(ledger, late)
    Banks(ledger).run()
    third = ledger.world.case_of(filed)
    assert judge(case, other, ledger.accounts["first"].ident, "no").status_code == 302
    assert related_to(ledger, case) == {third.pk}
    assert related_to(ledger, other) == {third.pk}
    assert related_to(ledger, third) == {case.pk, other.pk}
    [one] = page_of(ledger.world, OFFICER, other)["related"].taken_back
    assert one.case.pk == case.pk, "it is given back from either page"
    assert judge(other, case, ledger.accounts["first"].ident, "yes").status_code == 302
    assert related_to(ledger, case) == {other.pk, third.pk}
    assert related_to(ledger, other) == {case.pk, third.pk}


def test_a_link_through_another_report_is_listed_once_it_is_taken_back(ledger: Ledger) -> None:
    """The third report names the second one's payer, of whom the first knows nothing."""
    late = ledger.pay("other", "first", 20_000, minute=12)
    case, other = two_on_one_account(ledger)
    filed = report(ledger, late)
    Banks(ledger).run()
    third = ledger.world.case_of(filed)
    first, payer = ledger.accounts["first"].ident, ledger.accounts["other"].ident
    assert judge(case, third, first, "no").status_code == 302
    [row] = [
        row for row in page_of(ledger.world, OFFICER, case)["related"].rows if row.case == third
    ]
    assert [reason.via for reason in row.reasons] == ["", other.reference]
    assert judge(case, third, payer, "no").status_code == 302
    assert related_to(ledger, case) == {other.pk}
    back = page_of(ledger.world, OFFICER, case)["related"].taken_back
    assert {one.case.pk for one in back} == {third.pk}
    assert {one.reason.identifier.value for one in back} == {first, payer}
    assert judge(case, third, payer, "yes").status_code == 302
    assert related_to(ledger, case) == {other.pk, third.pk}


def related_to(ledger: Ledger, case: Case) -> set[Any]:
    return {row.case.pk for row in page_of(ledger.world, OFFICER, case)["related"].rows}


def test_only_an_officer_who_sees_both_judges_a_link(ledger: Ledger) -> None:
    case, other = two_on_one_account(ledger)
    account = ledger.accounts["first"].ident
    hand_over(ledger.world, case)
    assert page_of(ledger.world, PROSECUTOR, case)["related"].rows == (), "the other is not theirs"
    assert judge(case, other, account, "no", PROSECUTOR).status_code == 403
    assert judge(case, other, account, "no", "mila.linden").status_code == 403
    assert judge(case, other, ledger.accounts["third"].ident, "no").status_code == 422
    with ledger.world.acting(ledger.world.actor(PROSECUTOR)):
        assert LinkJudged.objects.count() == 0
    assert judge(case, other, account, "no").status_code == 302
    with ledger.world.acting(ledger.world.actor(PROSECUTOR)):
        assert LinkJudged.objects.count() == 0, "a word on a case that is not theirs"


def test_patterns_come_with_reason_and_transfers(ledger: Ledger) -> None:
    ledger.pay("victim", "first", 50_000_000, minute=10)
    ledger.pay("first", "second", 49_000_000, minute=14)
    ledger.accounts["victim"] = ledger.accounts["victim"].__class__(
        "plum", ledger.accounts["victim"].ident, 90_000_000
    )
    filed = report(ledger, ledger.paid[0])
    Banks(ledger).run()
    case = ledger.world.case_of(filed)
    patterns = signed_in(OFFICER).get(f"/cases/{case.pk}/patterns").context["patterns"]
    passed = [one for one in patterns if str(one.name) == "passed through"]
    assert passed and passed[0].institution.startswith("Quince")
    assert {t.amount for t in passed[0].transfers} == {50_000_000, 49_000_000}
    assert all(t.source is not None for t in passed[0].transfers)
    assert signed_in("mila.linden").get(f"/cases/{case.pk}/patterns").status_code == 403
    hand_over(ledger.world, case)
    text = text_of(PROSECUTOR, f"/cases/{case.pk}/patterns")
    assert "Passed through" in text and "for the organisation that asked" in text
