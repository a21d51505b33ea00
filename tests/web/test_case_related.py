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
