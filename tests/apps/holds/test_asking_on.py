"""An officer asks the next bank: what was booked since, by the planner's own ticket."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from recoup.apps.cases.models import Case, CaseEvent
from recoup.apps.holds import ask_operations, case_queries, operations
from recoup.apps.holds.models import Trail
from recoup.apps.lawful_requests.models import Ticket
from recoup.core.moments import iso_utc
from recoup.data import load_pack
from recoup.web.case_rules import holding_rule
from support.bank import Banks, Ledger
from support.chain import report, totals
from support.world import OFFICER


def partly_let_go(ledger: Ledger) -> tuple[Any, Banks]:
    """What lies at the third account is held up to 20 only, by an officer."""
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "second", 400, minute=14)
    ledger.pay("second", "third", 300, minute=16)
    filed, banks = report(ledger, paid), Banks(ledger)
    banks.run()
    with ledger.world.acting(by := ledger.world.actor(OFFICER)) as at:
        ticket = last_ticket(ledger, "third")
        operations.reduce_hold(
            case=ledger.world.case_of(filed), ticket=ticket, limit_minor=20, ground="Too much.",
            by=by, at=at,
        )  # fmt: skip
    banks.run()
    return filed, banks


def last_ticket(ledger: Ledger, name: str) -> Ticket:
    ident = ledger.accounts[name].ident
    return Ticket.objects.filter(account_ident=ident, measure="hold").order_by("-round")[0]


def account_id(ledger: Ledger, case: Case, name: str) -> UUID:
    rows = Trail.objects.filter(case=case, account_ident=ledger.accounts[name].ident)
    return UUID(str(rows[0].account_id))


def ask(ledger: Ledger, filed: Any, name: str) -> None:
    case = ledger.world.case_of(filed)
    with ledger.world.acting(by := ledger.world.actor(OFFICER)) as at:
        ask_operations.ask_on(
            case=case, account_id=account_id(ledger, case, name), rule=holding_rule(),
            ground="It went on since.", by=by, at=at,
        )  # fmt: skip


def test_what_was_booked_since_is_asked_and_followed(ledger: Ledger) -> None:
    filed, banks = partly_let_go(ledger)
    lost, held, lying, gone, *_ = totals(ledger.world, filed)["RSD"]
    assert lying and not gone
    minutes = (ledger.world.now() - ledger.at(ledger.paid[0])).total_seconds() / 60
    ledger.pay("third", "cash", 60, minute=ledger.paid[0].minute + minutes)
    ask(ledger, filed, "third")
    ledger.world.plan()
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        ticket = last_ticket(ledger, "third")
        assert (ticket.kind, ticket.state, ticket.asked_minor) == ("forward", "sent", 20)
        told_to = case_queries.windows_of_case(ticket.case_id)
        assert ticket.draft["disclose"]["from"] in {iso_utc(one.to_at) for one in told_to}
        assert ticket.instruction_id is not None or ticket.authorised_at is not None
        event = CaseEvent.objects.get(what=ask_operations.ASKED_ON)
        assert event.values["ground"] == "It went on since."
    banks.run()
    # Of the 300 that came there, 40 were other people's, and came first: 20 of the 60 are traced.
    assert totals(ledger.world, filed)["RSD"] == (lost, held, lying - 20, 20, 0, 0)


def test_asking_twice_opens_one_ticket(ledger: Ledger) -> None:
    filed, _ = partly_let_go(ledger)
    ask(ledger, filed, "third")
    ask(ledger, filed, "third")
    before = ledger.world.run("select count(*) from lawful_requests_ticket")[0][0]
    ledger.world.plan()
    assert ledger.world.run("select count(*) from lawful_requests_ticket")[0][0] == before + 1
    with pytest.raises(operations.NotPossible, match="is open there"):
        ask(ledger, filed, "third")


@pytest.mark.parametrize("name", ["first", "second"])
def test_where_all_is_held_nothing_is_asked(ledger: Ledger, name: str) -> None:
    filed, _ = partly_let_go(ledger)
    with pytest.raises(operations.NotPossible, match="nothing to ask for"):
        ask(ledger, filed, name)
    assert ledger.world.run("select count(*) from holds_planwanted") == [(0,)]


def test_the_ask_is_a_line_of_the_trail_of_acts(ledger: Ledger) -> None:
    filed, _ = partly_let_go(ledger)
    ask(ledger, filed, "third")
    [(who,)] = ledger.world.run(
        "select count(*) from audit_auditleaf where encode(body, 'escape') like %s",
        "%case:bookings_asked%",
    )
    assert who == 1
    ledger.world.plan()


def test_nothing_is_said_to_be_asked_where_the_planner_asks_nothing(ledger: Ledger) -> None:
    """A clock let the hold go: the timeline said "asked", and no ticket ever left."""
    filed, _ = partly_let_go(ledger)
    ledger.world.run("update holds_hold set until = now() - interval '1 second'")
    ledger.world.sweep()
    ledger.world.plan()
    with pytest.raises(operations.NotPossible, match="ended by itself"):
        ask(ledger, filed, "third")
    assert ledger.world.run("select count(*) from holds_planwanted") == [(0,)]


def test_what_a_bank_refused_in_an_earlier_round_is_not_said_to_be_asked(ledger: Ledger) -> None:
    """The planner asks nothing where the last ticket of any kind that traces was refused."""
    filed, _ = partly_let_go(ledger)
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        rounds = list(
            Ticket.objects.filter(
                account_ident=ledger.accounts["third"].ident, measure="hold"
            ).order_by("round")
        )
    assert [ticket.kind for ticket in rounds] == ["first", "set"]
    ledger.world.run(
        "update lawful_requests_ticket set state = 'refused' where id = %s", rounds[0].id
    )
    with pytest.raises(operations.NotPossible, match=rounds[0].reference):
        ask(ledger, filed, "third")


def test_an_account_is_not_watched_by_asking_again_and_again(ledger: Ledger) -> None:
    """Whoever lets one unit lie there could have had every booking of it told for ever."""
    filed, banks = partly_let_go(ledger)
    most = load_pack("RS").caps.asks_of_account_day
    for _ in range(most):
        ask(ledger, filed, "third")
        banks.run()
    with pytest.raises(operations.NotPossible, match=f"{most} times in 24 hours"):
        ask(ledger, filed, "third")
    ledger.world.run("update cases_caseevent set at = at - interval '1 day'")
    ask(ledger, filed, "third")
    ledger.world.plan()
