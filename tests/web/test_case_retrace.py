"""The case page under another rule or date: by one rule, for members only, and stored never."""

from __future__ import annotations

import pytest

from recoup.apps.cases.models import Case
from recoup.apps.holds.models import Flow, Trail
from recoup.apps.lawful_requests.models import Ticket
from recoup.core.tracing import RULES
from recoup.web.case_rules import WORDS, choice_of, holding_rule
from support.bank import Banks, Ledger
from support.case_pages import hand_over, signed_in, text_of
from support.chain import report
from support.world import OFFICER, PROSECUTOR


def followed(ledger: Ledger) -> Case:
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    ledger.pay("first", "cash", 10_000, minute=12)
    ledger.pay("first", "second", 40_000, minute=14)
    ledger.pay("second", "third", 30_000, minute=16)
    filed = report(ledger, paid)
    Banks(ledger).run()
    return ledger.world.case_of(filed)


def stored(ledger: Ledger, case: Case) -> tuple[object, ...]:
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        found = Case.objects.get(pk=case.pk)
        return (
            sorted(Flow.objects.filter(case=case).values_list()),
            sorted(Trail.objects.filter(case=case).values_list(), key=str),
            sorted(Ticket.objects.filter(case_id=case.pk).values_list("id", "version", "state")),
            found.version,
        )


def test_every_rule_has_its_words() -> None:
    assert WORDS.keys() == RULES.keys()
    assert [words.key for words in WORDS.values() if words.is_holding] == [holding_rule()]


def test_seeing_another_rule_changes_nothing(ledger: Ledger) -> None:
    case = followed(ledger)
    before = stored(ledger, case)
    for rule in RULES:
        text = text_of(OFFICER, f"/cases/{case.id}?rule={rule}")
        assert f"Rule: {WORDS[rule].name}" in text
        others = [w for key, w in WORDS.items() if key != rule]
        assert not any(f"Rule: {other.name}<" in text for other in others)
    assert stored(ledger, case) == before


def test_only_who_sees_the_case_sees_its_flow_under_any_rule(ledger: Ledger) -> None:
    case = followed(ledger)
    for path in (f"/cases/{case.id}?rule=lifo", f"/cases/{case.id}/flow?rule=lifo"):
        assert signed_in("mila.linden").get(path).status_code == 403
        assert signed_in(PROSECUTOR).get(path).status_code == 404
    hand_over(ledger.world, case)
    shown = text_of(PROSECUTOR, f"/cases/{case.id}/flow?rule=lifo")
    assert "Rule: last in, first out" in shown and "Every unit is accounted for" in shown


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("rule=%3Cb%3E", "There is no tracing rule “&lt;b&gt;”."),
        ("at=yesterday", "“yesterday” is no date and time."),
        ("at=9999-12-31T23:59:59", "is no date and time."),
        ("rule=fifo%00", "There is no tracing rule “fifo”."),
    ],
)
def test_what_cannot_be_read_is_said(ledger: Ledger, query: str, said: str) -> None:
    case = followed(ledger)
    answer = signed_in(OFFICER).get(f"/cases/{case.id}?{query}")
    assert answer.status_code == 422 and said in answer.content.decode()


@pytest.mark.parametrize("rule", ["lifo", "prorata", "tiho"])
def test_what_left_untold_is_drawn_once(ledger: Ledger, rule: str) -> None:
    """By these rules the cash is traced, and by the holding rule its destination was not asked."""
    ledger.account("first", "quince", 20001, 30_000)
    case = followed(ledger)
    answer = signed_in(OFFICER).get(f"/cases/{case.id}/flow?rule={rule}")
    [left] = [edge for edge in answer.context["frontier"] if edge.kind == "left"]
    assert left.institution_name.startswith("Quince")
    [flow] = answer.context["flows"]
    [proof] = answer.context["flow_proofs"]
    kept = sum(r["amount_minor"] for r in flow["rows"] if r["fate"] not in ("moved",))
    assert proof.is_balanced and kept == proof.lost == 50_000


def test_before_the_payment_nothing_is_there(ledger: Ledger) -> None:
    case = followed(ledger)
    assert "Nothing had been paid yet" in text_of(OFFICER, f"/cases/{case.id}?at=2020-01-01T00:00")


def test_the_address_says_no_more_than_the_choice() -> None:
    assert choice_of({}).query() == "" and choice_of({}).is_as_held
    chosen = choice_of({"rule": "libr", "at": "2026-03-31T14:05"})
    assert chosen.query() == "?rule=libr&at=2026-03-31T14%3A05%3A00"
    assert chosen.query(rule=holding_rule(), at=None) == ""
    assert chosen.toggled("a") == chosen.query() + "&open=a"
