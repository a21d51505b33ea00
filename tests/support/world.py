"""The invented country as tests act in it: who somebody is, reports, inboxes, answers, the planner.

``world`` lives inside one transaction, where time stands still; ``open_world`` commits every act.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction

from recoup.apps.cases.models import Case
from recoup.apps.holds import clock, plan_operations
from recoup.apps.holds.answer_operations import Receipt, record_answer
from recoup.apps.holds.api import AnswerIn, read_answer
from recoup.apps.lawful_requests import operations as requests
from recoup.apps.lawful_requests import queries as tickets
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.members import queries as members
from recoup.apps.members.models import Login, Mandate, Organisation
from recoup.apps.members.scope import database_time, scope
from recoup.apps.reports import operations as reports
from recoup.apps.reports.operations import Filed
from recoup.core.access import Actor
from recoup.core.accounts import AccountIdentifier, read_account
from recoup.core.money import Money
from recoup.core.report import FiveFacts
from recoup.demo.country import country, rs_iban
from support.roles import as_owner, as_planner

OFFICER, DUTY_OFFICER = "jelena.police", "luka.police"
PROSECUTOR, FIU = "olga.prosecutor", "filip.fiu"


def iban(bank: str, number: int) -> str:
    """An account number at one of the invented banks, with a right control number."""
    return rs_iban(country().organisation(bank).bank_code, number)


@dataclass(frozen=True)
class World:
    """folder: where the keys of the invented banks lie."""

    folder: Path

    # Who somebody is

    def organisation(self, code: str) -> Organisation:
        return Organisation.objects.get(code=code)

    def actor(self, login: str) -> Actor:
        """A person of the country, under the mandate that they sign in with."""
        person = Login.objects.get(username=login).person_id
        mandate = members.mandate_of(person, chosen=None)
        assert mandate is not None
        return members.as_actor(mandate)

    def at_bank(self, code: str) -> Actor:
        """Whoever answers for an institution: its system, else its clerk."""
        mandates = Mandate.objects.select_related("person", "organisation").filter(
            organisation__code=code
        )
        ranks = {"machine": 0, "clerk": 1, "supervisor": 2}
        return members.as_actor(sorted(mandates, key=lambda m: ranks.get(m.role, 9))[0])

    @property
    def visitor(self) -> Actor:
        return members.public_actor()

    def key(self, code: str) -> str:
        """The API key of a bank that answers by its own program."""
        return (self.folder / "keys" / f"{code}.key").read_text().strip()

    def bearer(self, code: str, *, key: UUID | None = None) -> dict[str, str]:
        """Headers of a write by a bank's system, with a fresh idempotency key."""
        return {
            "Authorization": f"Bearer {self.key(code)}",
            "Idempotency-Key": str(key or uuid4()),
        }

    @property
    def password(self) -> str:
        """The one password of all sign-ins of the invented country."""
        text = (self.folder / "sign_ins.json").read_text()
        return str(json.loads(text)["password"])

    def session_of(self, login: str) -> str:
        """The cookie of somebody who has signed in."""
        user = Login.objects.get(username=login)
        session = SessionStore()
        session["_auth_user_id"] = str(user.pk)
        session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
        session["_auth_user_hash"] = user.get_session_auth_hash()
        session.create()
        return str(session.session_key)

    def acting(self, actor: Actor) -> AbstractContextManager[datetime]:
        """A transaction in which row-level security shows what is the actor's; gives the time."""
        return scope(actor)

    # What happens

    def report(
        self, *, payer: str, payee: str, amount: int, by: Actor | None = None,
        paid_at: datetime | None = None, minutes: float = 25, currency: str = "RSD",
        reference: str = "", client_id: UUID | None = None, sender: bytes | None = None,
    ) -> Filed:  # fmt: skip
        """File a report of a payment in minor units; by somebody unknown unless said otherwise."""
        with scope(by or self.visitor) as at:
            facts = FiveFacts(
                Money(amount, currency), paid_at or at - timedelta(minutes=minutes),
                identifier(payer), identifier(payee), reference,
            )  # fmt: skip
            return reports.file_report(
                facts=facts, client_id=client_id or uuid4(), by=by or self.visitor, at=at,
                sender_mark=sender,
            )  # fmt: skip

    def plan(self) -> None:
        """Let the planner take in what waits, and send what follows."""
        with as_planner():
            plan_operations.work()

    def sweep(self) -> None:
        """What the worker does each second: clocks first, then the planner."""
        with as_planner():
            clock.sweep()

    def inbox(self, code: str) -> list[dict[str, Any]]:
        """The tickets that wait at an institution, as it gets them."""
        with scope(actor := self.at_bank(code)):
            return [
                json.loads(body) for body in tickets.bodies_waiting(actor, unacknowledged=False)
            ]

    def ticket(self, code: str, measure: str, kind: str = "") -> dict[str, Any]:
        """The one ticket of this measure and kind that waits at an institution."""
        found = [t for t in self.inbox(code) if t["measure"] == measure and kind in (t["kind"], "")]
        assert len(found) == 1, [(t["measure"], t["kind"]) for t in self.inbox(code)]
        return found[0]

    def answer(self, code: str, body: dict[str, Any], *, by: Actor | None = None) -> Receipt:
        """Store an institution's answer, given as the API takes it; raises AnswerRefused."""
        actor = by or self.at_bank(code)
        whole = {"answer": str(uuid4()), "stage": "final", "held_minor": 0, **body}
        with scope(actor) as at:
            return record_answer(read_answer(AnswerIn(**whole)), by=actor, at=at)

    def acknowledge(self, code: str, ticket: str) -> dict[UUID, str]:
        with scope(actor := self.at_bank(code)) as at:
            return requests.acknowledge(ticket_ids=[UUID(ticket)], by=actor, at=at)

    # What there is

    def case_of(self, filed: Filed) -> Case:
        with as_owner():
            return Case.objects.get(report_id=filed.id)

    def tickets(self, **conditions: Any) -> list[Ticket]:
        """Tickets of the whole hub, whoever may see them, in the order of their rounds."""
        with as_owner():
            rows = Ticket.objects.filter(**conditions).select_related("addressee", "account")
            return list(rows.order_by("authorised_at", "round", "measure", "id"))

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """One statement as the owner: to arrange what only time or a fault could bring about."""
        with as_owner(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def now(self) -> datetime:
        return database_time()


@cache
def identifier(text: str) -> AccountIdentifier:
    return read_account(text)
