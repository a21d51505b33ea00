"""J5: the intelligence unit postpones a transaction; what it knows stays in its compartment.

An officer of the unit drafts, its head decides, the bank's program executes, a clerk without
sign-in checks the order, the clocks end. Nobody else finds a word of it, on a page or by API.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.lawful_requests.models import Request, Ticket
from recoup.apps.members import operations as members
from recoup.apps.members.models import Login, Mandate
from recoup.core.access import Actor
from support.live import Hub
from support.requests import Desk
from support.roles import as_owner
from support.world import FIU, OFFICER, PROSECUTOR, iban

pytestmark = pytest.mark.browser
REPORTED = "CANARY-str-4471"  # what a bank told the unit: for whoever decides, for nobody else
CLERKS = {"quince": "boris.quince", "linden": "mila.linden"}
PAGES = ("/desk", "/desk/done", "/tasks", "/cases", "/cases?state=all", "/reports")


@dataclass(frozen=True)
class Caller:
    """Somebody's system, over HTTP, with the key of a mandate."""

    url: str
    key: str

    def __call__(self, path: str, body: Any = None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": str(uuid4()),
                   "Content-Type": "application/json"}  # fmt: skip
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.url}/api/v1/{path}", data, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def ok(self, path: str, body: Any = None) -> dict[str, Any]:
        status, text = self(path, body)
        assert status in (200, 201), text
        told: dict[str, Any] = json.loads(text)
        return told


def caller(hub: Hub, actor: Actor) -> Caller:
    with as_owner():
        mandate = Mandate.objects.get(pk=actor.mandate_id)
        return Caller(hub.url, members.issue_key(mandate=mandate, at=hub.world.now()))


@dataclass(frozen=True)
class Unit:
    """The unit's two people, and the account that both a bank and the police know."""

    officer: Actor
    head: Actor
    head_login: str
    account: str


@pytest.fixture
def unit(hub: Hub) -> Unit:
    """A report about the account is with the police already; the unit does not ask them."""
    account = iban("quince", 20005)
    hub.world.report(
        payer=iban("linden", 40001), payee=account, amount=900_00, by=hub.world.visitor
    )
    head = Desk(hub.world).enrol("fiu", "fiu_head", name="Vesna Invented")
    with as_owner():
        login = Login.objects.get(person_id=head.person_id).username
    return Unit(hub.world.actor(FIU), head, login, account)


def asked(unit: Unit, hub: Hub) -> dict[str, Any]:
    names = ("date", "reference", "requesting_authority", "account", "transaction", "facts",
             "link_to_offence", "urgency", "signature")  # fmt: skip
    seen = hub.world.now() - timedelta(hours=2)
    return {
        "targets": [{
            "addressee": "quince", "identifiers": [{"kind": "iban", "value": unit.account}],
        }],
        "data": ["transaction"], "justification": REPORTED, "amount_minor": 5_000_00,
        "currency": "RSD", "proportionality": "Nothing milder would do.",
        "period": {"from": seen.isoformat(), "until": hub.world.now().isoformat()},
        "fields": {name: f"invented {name}" for name in names},
    }  # fmt: skip


def postponed(hub: Hub, unit: Unit) -> Ticket:
    """Drafted by the officer, decided by the head, sent by the hub."""
    officer, head = caller(hub, unit.officer), caller(hub, unit.head)
    request = str(uuid4())
    draft = {"request": request, "measure": "postponement_fiu", "content": asked(unit, hub)}
    officer.ok("requests", draft)
    officer.ok(f"requests/{request}/submissions", {"version": 1, "authority": "fiu"})
    own = officer(f"requests/{request}/decisions", {"version": 1, "decision": "authorise"})
    assert own[0] == 403  # who asks does not decide
    head.ok(f"requests/{request}/decisions", {"version": 1, "decision": "authorise"})
    return wait_for(
        lambda: Ticket.objects.select_related("of").filter(of=request, sent_at__isnull=False)
    )


def wait_for(rows: Callable[[], Any]) -> Any:
    import time

    for _ in range(200):
        with as_owner():
            if (found := rows().first()) is not None:
                return found
        time.sleep(0.1)
    raise AssertionError("It did not come within 20 seconds.")


def test_the_unit_postpones_the_bank_executes_and_nobody_else_learns_of_it(
    hub: Hub, unit: Unit, new_page: Callable[..., Any], axe: Callable[[Any], None], tmp_path: Path
) -> None:
    ticket = postponed(hub, unit)
    canaries = [REPORTED, ticket.reference, ticket.of.reference, str(ticket.id)]
    _, own = caller(hub, unit.head)(f"requests/{ticket.of_id}")
    assert REPORTED in own  # the unit itself sees it

    # The bank's program: what it gets holds the order and its clock, not what the unit knows.
    bank = Caller(hub.url, hub.world.key("quince"))
    told = bank.ok(f"request-tickets/{ticket.id}")
    assert REPORTED not in json.dumps(told)
    assert "72 hours" in told["derivations"]["effect"]["said"]
    assert told["legal_basis"]["article"] == "75"
    bank.ok(f"request-tickets/{ticket.id}/acknowledgements", {})
    answer = {"answer": str(uuid4()), "code": "held", "fields": {"held_amount": "5000.00"}}
    assert bank.ok(f"request-tickets/{ticket.id}/answers", answer)["state"] == "answered"

    the_bank_checks_the_order(hub, new_page, axe, ticket, tmp_path)
    the_head_takes_the_receipt(new_page, unit, ticket, answer["answer"])
    others_find_nothing(hub, new_page, ticket, canaries)
    its_end_is_told_to_the_unit_and_to_who_lifts_it(hub, new_page, ticket)
    others_find_nothing(hub, new_page, ticket, canaries)


def the_bank_checks_the_order(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], ticket: Ticket,
    folder: Path,
) -> None:  # fmt: skip
    """A supervisor of the bank takes the order; a clerk without sign-in checks it."""
    desk = new_page(login=CLERKS["quince"])
    order = desk.request.get(f"/request-tickets/{ticket.id}/order")
    assert order.status == 200 and order.headers["content-type"] == "application/pdf"
    (folder / "order.pdf").write_bytes(order.body())
    page = new_page()
    page.goto("/verify")
    page.get_by_label("Or the file itself").set_input_files(folder / "order.pdf")
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("heading", name="The paper is signed and whole").wait_for()
    page.get_by_text("both say the same").wait_for()
    page.get_by_text("Who ordered it").wait_for()
    assert REPORTED not in page.content()
    axe(page)


def the_head_takes_the_receipt(
    new_page: Callable[..., Any], unit: Unit, ticket: Ticket, answer: str
) -> None:
    page = new_page(login=unit.head_login)
    for name in ("receipt", "paper"):
        taken = page.request.get(f"/request-tickets/{ticket.id}/answers/{answer}/{name}")
        assert taken.status == 200 and taken.body().startswith(b"%PDF-")


def others_find_nothing(
    hub: Hub, new_page: Callable[..., Any], ticket: Ticket, canaries: list[str]
) -> None:
    """Police, prosecutor and another bank: their pages, and what they ask for by its address."""
    papers = [f"/request-tickets/{ticket.id}/{name}" for name in ("paper", "order")]
    for login in (OFFICER, PROSECUTOR, CLERKS["linden"]):
        page = new_page(login=login)
        with as_owner():
            cases = [f"/cases/{pk}" for (pk,) in hub.world.run("select id from cases_case")]
        assert login != OFFICER or page.request.get(cases[0]).status == 200
        for path in (*PAGES, *cases):
            text = page.request.get(path).text()
            assert not [one for one in canaries if one in text], (login, path)
        assert [page.request.get(path).status for path in papers] == [404, 404]
    for other in (
        caller(hub, hub.world.actor(OFFICER)), Caller(hub.url, hub.world.key("plum")),
    ):  # fmt: skip
        with as_owner():
            request = Request.objects.get(tickets=ticket).id
        lists = [other(path) for path in ("requests", "request-tickets?state=open", "tickets")]
        objects = [other(path) for path in (f"requests/{request}", f"request-tickets/{ticket.id}")]
        assert all(status in (403, 404) for status, _ in objects)
        for _, text in lists + objects:
            assert not [one for one in canaries[:3] if one in text]


def its_end_is_told_to_the_unit_and_to_who_lifts_it(
    hub: Hub, new_page: Callable[..., Any], ticket: Ticket
) -> None:
    """The 72 hours pass: tasks before and after for a named person, and one for who lifts it."""
    for kind, words in (
        ("effect_warn", "It ends soon"), ("effect_ends", "It has ended"),
    ):  # fmt: skip
        hub.world.run(
            "update lawful_requests_deadline set due_at = now() where ticket_id = %s and kind = %s",
            ticket.id, kind,
        )  # fmt: skip
        wait_for(lambda kind=kind: fired(ticket, kind))
        page = new_page(login=FIU)
        page.goto("/tasks")
        page.get_by_text(words).first.wait_for()
        assert page.get_by_text(ticket.reference).first.is_visible()
    rows = hub.world.run(
        "select kind, owner_id = issuer_id, person_id is not null from cases_task "
        "where about = %s order by kind", ticket.id,
    )  # fmt: skip
    assert rows == [
        ("effect_ends", True, True), ("effect_warn", True, True), ("release", False, True),
    ]  # fmt: skip


def fired(ticket: Ticket, kind: str) -> Any:
    from recoup.apps.lawful_requests.models import Deadline

    return Deadline.objects.filter(ticket=ticket, kind=kind, fired_at__isnull=False)
