"""Who reports a loss that was reported already: told nothing, until it is sure to be the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recoup.apps.cases.models import Case
from recoup.apps.holds import merge_operations, operations
from recoup.apps.reports.operations import Filed
from recoup.apps.reports.queries import ReporterView, follow
from recoup.apps.reports.told import status_of, sums_told
from recoup.core.reference import hash_secret
from support.bank import Banks, Ledger
from support.chain import report
from support.world import OFFICER, World


@pytest.fixture
def ledger(open_world: World) -> Ledger:
    ledger = Ledger(open_world)
    ledger.account("victim", "plum", 10001, 900_000)
    ledger.account("first", "quince", 20001, 3_000)
    return ledger


def seen(world: World, filed: Filed) -> ReporterView:
    with world.acting(world.visitor):
        found = follow(filed.reference, hash_secret(filed.secret or b""))
    assert found is not None
    return found


def word(view: ReporterView) -> str:
    return status_of(view).tag


def is_told_nothing(view: ReporterView) -> bool:
    return word(view) == "received" and sums_told(view) == []


def told_twice(ledger: Ledger, *, amount: int = 50_000, change: Any = None) -> list[Filed]:
    """The victim's report, then somebody's of the same payment; the banks answer."""
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    first = report(ledger, paid)
    ledger.world.plan()
    second = report(ledger, replace(paid, amount=amount))
    ledger.world.plan()
    Banks(ledger, **({"change": change} if change else {})).run()
    return [first, second]


def confirms(amount: int) -> Any:
    """A payer's bank that also confirms a part of the payment as the payment."""
    kept: dict[str, Any] = {}

    def change(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if body.get("code") == "debit_confirmed":
            kept.update(body["payment"])
        elif ticket["measure"] == "confirm_debit" and ticket["amount_minor"] == amount:
            return body | {"code": "debit_confirmed", "payment": dict(kept)}
        return body

    return change


def test_once_the_payer_s_bank_confirmed_it_too_both_see_the_same(ledger: Ledger) -> None:
    first, second = told_twice(ledger)
    one, other = (seen(ledger.world, filed) for filed in (first, second))
    assert word(one) == "held" and sums_told(one)[0].held_minor == 50_000
    assert status_of(other) == status_of(one) and sums_told(other) == sums_told(one)


def test_before_any_bank_has_answered_the_second_learns_nothing(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    first, second = report(ledger, paid), None
    ledger.world.plan()
    second = report(ledger, paid)
    ledger.world.plan()
    assert is_told_nothing(seen(ledger.world, second))
    # The first is confirmed and held; for the second the payer's bank has not spoken yet.
    asked: list[str] = []

    def once(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
        if ticket["measure"] == "confirm_debit":
            asked.append(ticket["ticket"])
            if len(set(asked)) > 1 and ticket["ticket"] != asked[0]:
                return None
        return body

    Banks(ledger, change=once).run()
    views = sorted(word(seen(ledger.world, filed)) for filed in (first, second))
    assert views == ["held", "received"]


def test_a_part_of_the_payment_shows_nothing_of_the_whole(ledger: Ledger) -> None:
    """A stranger disputes one unit of a payment, and the bank confirms that payment."""
    first, second = told_twice(ledger, amount=100, change=confirms(100))
    assert word(seen(ledger.world, first)) == "held"
    assert is_told_nothing(seen(ledger.world, second))


def test_a_guess_that_the_bank_denies_says_so_and_no_more(ledger: Ledger) -> None:
    first, second = told_twice(ledger, amount=77_700)
    assert word(seen(ledger.world, first)) == "held"
    view = seen(ledger.world, second)
    assert status_of(view).headline == "Your bank finds no such payment" and not sums_told(view)


def test_a_merger_that_only_the_payee_s_bank_speaks_for_tells_nothing(ledger: Ledger) -> None:
    world = ledger.world
    first, second = told_twice(ledger)
    ended = "(select case_id from holds_claim where state = 'double')"
    world.run(
        "update lawful_requests_answer set code = 'unclear' where ticket_id in (select id from "
        f"lawful_requests_ticket where measure = 'confirm_debit' and case_id in {ended})"
    )
    views = sorted(word(seen(world, filed)) for filed in (first, second))
    assert views == ["held", "received"]


def merged_by_officer(ledger: Ledger, **other: Any) -> tuple[ReporterView, ReporterView]:
    """The victim's report, then one that says something else; no bank confirms that one.

    An officer takes both for one loss. Gives what each of the reporters is told.
    """
    world = ledger.world
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    first = report(ledger, paid)
    world.plan()
    second = report(ledger, replace(paid, **other))
    world.plan()
    case, duplicate = world.case_of(first), world.case_of(second)
    Banks(ledger, change=lambda t, b: b if _is_of(world, t, case) else None).run()
    assert is_told_nothing(seen(world, second))
    with world.acting(by := world.actor(OFFICER)) as at:
        merge_operations.merge(
            case=case, duplicate=duplicate, ground="She called.", by=by, at=at
        )  # fmt: skip
    world.plan()
    one, other_view = (seen(world, filed) for filed in (first, second))
    assert word(one) == "held"
    return one, other_view


def _is_of(world: World, ticket: dict[str, Any], case: Case) -> bool:
    return world.tickets(id=ticket["ticket"])[0].case_id == case.id


def test_after_an_officer_merged_two_reports_of_one_payment_both_see_the_same(
    ledger: Ledger,
) -> None:
    one, other = merged_by_officer(ledger)
    assert status_of(other) == status_of(one) and sums_told(other) == sums_told(one)


@pytest.mark.parametrize(
    "other",
    [
        {"payer": "stranger"},
        {"to": "second"},
        {"amount": 1},
        {"amount": 49_000},
        {"amount": 51_000},
    ],
    ids=["another payer", "another payee", "one dinar of it", "less", "more"],
)
def test_an_officer_who_merges_a_strangers_report_shows_the_stranger_nothing(
    ledger: Ledger, other: dict[str, Any]
) -> None:
    """The officer judges the loss, not who sits behind the form: each sees their own loss only."""
    ledger.account("stranger", "plum", 10007, 900_000)
    ledger.account("second", "walnut", 30001)
    _, stranger = merged_by_officer(ledger, **other)
    assert is_told_nothing(stranger)


def test_the_first_of_two_mergers_does_not_open_the_second(ledger: Ledger) -> None:
    """Told the same as another stranger, and that one is merged into the victim's case."""
    world = ledger.world
    ledger.account("stranger", "plum", 10007, 900_000)
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    filed = [report(ledger, paid)]
    filed += [report(ledger, replace(paid, payer="stranger")) for _ in range(2)]
    world.plan()
    victim, *strangers = (world.case_of(one) for one in filed)
    Banks(ledger, change=lambda t, b: b if _is_of(world, t, victim) else None).run()
    for duplicate, into in ((strangers[1], strangers[0]), (strangers[0], victim)):
        with world.acting(by := world.actor(OFFICER)) as at:
            merge_operations.merge(case=into, duplicate=duplicate, ground="One.", by=by, at=at)
        world.plan()
    assert word(seen(world, filed[0])) == "held"
    assert all(is_told_nothing(seen(world, one)) for one in filed[1:])


def test_what_became_of_the_first_is_told_to_the_second_too(ledger: Ledger) -> None:
    """The first is followed as it goes on: here its hold is lifted by an officer."""
    world = ledger.world
    first, second = told_twice(ledger)
    hold = next(t for t in world.tickets(measure="hold"))
    with world.acting(by := world.actor(OFFICER)) as at:
        operations.reduce_hold(
            case=Case.objects.get(pk=hold.case_id), ticket=hold, limit_minor=0, ground="Paid back.",
            by=by, at=at,
        )  # fmt: skip
    Banks(ledger).run()
    one, other = (seen(world, filed) for filed in (first, second))
    assert word(one) == word(other) == "confirmed" and sums_told(other) == sums_told(one)
