"""Requests as tests make them: an invented law, who drafts, who decides, who is asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from recoup.apps.audit import enrolment_operations
from recoup.apps.lawful_requests import decision_operations, request_operations
from recoup.apps.lawful_requests.models import Request, Ticket
from recoup.apps.lawful_requests.refusals import REFUSALS
from recoup.apps.lawful_requests.request_law import Form, Law
from recoup.apps.members import operations as members
from recoup.apps.members.models import Mandate, Organisation
from recoup.apps.members.queries import as_actor
from recoup.core.access import Actor
from recoup.core.law import Limit, Power, Unit
from support.powers import power
from support.roles import as_owner
from support.world import World

SUBSCRIBER = Form(
    measure="subscriber_domestic", name="Subscriber", asks="Say who it is.",
    addressees=("isp", "telecom", "bank"), data=("subscriber",),
    fields=("date", "reference", "target_identifiers", "offence", "confidentiality"),
    answer_codes=("given", "part_given", "nothing_found", "not_ours", "cannot_lawfully", "refused",
                  "unclear"),
    refusal_grounds=("data_not_held", "request_too_vague", "not_authenticated", "no_legal_power"),
    answer_fields=("name", "address", "contact"),
)  # fmt: skip
PRESERVATION = Form(
    measure="preservation_domestic", name="Preservation", asks="Keep it.",
    addressees=("isp", "telecom", "bank"), data=("subscriber", "traffic", "content"),
    fields=("target_identifiers", "period", "necessity"),
    answer_codes=("preserved", "part_preserved", "nothing_found", "refused"),
    refusal_grounds=("data_not_held",), answer_fields=("preservation_id", "kept_until"),
    discloses=False,
)  # fmt: skip
ACCOUNT = Form(
    measure="account_information", name="Account", asks="Say whose it is.", addressees=("bank",),
    data=("account_holder", "balance"), fields=("account", "reference", "offence"),
    answer_codes=("given", "nothing_found", "not_ours", "cannot_lawfully", "refused"),
    refusal_grounds=("no_legal_power",), answer_fields=("accounts", "holders"),
)  # fmt: skip
FORMS = (SUBSCRIBER, PRESERVATION, ACCOUNT)
IP = {"kind": "ip", "value": "203.0.113.7", "port": 51512}


def law_of(forms: Sequence[Form] = FORMS, powers: Sequence[Power] = ()) -> Law:
    """An invented law: every form has a power, decided by a prosecutor."""
    own = [
        power(
            power=f"test.{form.measure}", measure=form.measure, data=form.data,
            addressees=form.addressees, oral=True, emergency=True, authorised_by=("prosecutor",),
            requested_by=("police", "prosecutor", "fiu", "bank"),
            effect=Limit(90, Unit.DAYS) if form.measure.startswith("preservation") else None,
        )
        for form in forms
    ]  # fmt: skip
    return Law("RS", "Europe/Belgrade", (*powers, *own), {form.measure: form for form in forms})


@dataclass
class Desk:
    """Who acts in a test of requests."""

    world: World
    law: Law = field(default_factory=law_of)

    @property
    def officer(self) -> Actor:
        return self.world.actor("jelena.police")

    @property
    def duty(self) -> Actor:
        return self.world.actor("luka.police")

    @property
    def head(self) -> Actor:
        return self.world.actor("nada.police")

    @property
    def prosecutor(self) -> Actor:
        return self.world.actor("olga.prosecutor")

    @property
    def isp(self) -> Actor:
        return self.world.actor("rade.heron")

    def enrol(self, code: str, role: str, *, kind: str = "", name: str = "") -> Actor:
        """Somebody new, at an organisation that is made where it does not exist yet."""
        with as_owner():
            organisation = Organisation.objects.filter(code=code).first()
            if organisation is None:
                organisation = members.enrol_organisation(
                    code=code, kind=kind, name=f"Invented {code}", country="RS", is_invented=True
                )
            username = f"test.{uuid4().hex[:12]}"
            mandate = enrolment_operations.enrol_person(
                organisation=organisation, role=role,
                full_name=name or f"An invented {role} {uuid4().hex[:6]}",
                email=f"{username}@example.invalid", at=self.world.now(),
                username=username, password="x",
            )  # fmt: skip
        return as_actor(Mandate.objects.select_related("person", "organisation").get(pk=mandate.pk))

    # Acts, each in a transaction of its own

    def content(self, *addressees: str, **changed: Any) -> dict[str, Any]:
        with self.world.acting(self.officer) as at:
            seen = at - timedelta(days=20)
        one = [{**IP, "at": seen.isoformat()}]
        targets = [{"addressee": a, "identifiers": one} for a in addressees or ("heron",)]
        return {"targets": targets, "data": ["subscriber"], **changed}

    def draft(self, *addressees: str, by: Actor | None = None, **given: Any) -> Request:
        measure = given.pop("measure", "subscriber_domestic")
        content = given.pop("content", None) or self.content(*addressees)
        if given.get("danger"):
            content = {"danger_facts": "He said that he would come tonight.", **content}
        return self.do(
            request_operations.draft, by or self.officer, measure=measure, content=content,
            law=self.law, **given,
        )  # fmt: skip

    def submit(self, found: Request, *, by: Actor | None = None, **given: Any) -> Request:
        given = {"authority": "prosecutor", "version": found.version, "law": self.law, **given}
        return self.do(request_operations.submit, by or self.officer, request_id=found.id, **given)

    def submitted(self, *addressees: str, **given: Any) -> Request:
        how = {k: given.pop(k) for k in ("authority", "confirmer") if k in given}
        return self.submit(self.draft(*addressees, **given), by=given.get("by"), **how)

    def authorise(self, found: Request, *, by: Actor | None = None, **given: Any) -> Any:
        given = {"version": found.version, "law": self.law, **given}
        return self.do(
            decision_operations.authorise, by or self.prosecutor, request_id=found.id, **given
        )

    def sent(self, *addressees: str, **given: Any) -> list[Ticket]:
        """A request that was authorised and has left; its tickets."""
        found = self.submitted(*addressees, **given)
        self.authorise(found)
        self.world.sweep()
        return self.tickets(found)

    def tickets(self, found: Request | UUID | None) -> list[Ticket]:
        which = found.id if isinstance(found, Request) else found
        with as_owner():
            return list(Ticket.objects.filter(of_id=which).order_by("round"))

    def again(self, found: Request) -> Request:
        with as_owner():
            return Request.objects.get(pk=found.pk)

    def body(self, ticket: Ticket) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(bytes(ticket.body or b"{}"))
        return told

    def do(self, operation: Any, by: Actor, **given: Any) -> Any:
        """Any operation, at the database's time, in the scope of who acts.

        A refusal is caught where the pages catch it, so that its line of the trail stays.
        """
        with self.world.acting(by) as at:
            try:
                return operation(**{"by": by, "at": at, **given})
            except REFUSALS as refusal:
                refused = refusal
        raise refused

    def trail(self, about: UUID, *, kind: str = "request") -> list[dict[str, Any]]:
        """The lines of an object's trail, in their order."""
        rows = self.world.run(
            "select body from audit_auditleaf where stream = %s order by stream_seq",
            f"{kind}:{about}",
        )
        return [json.loads(bytes(row[0])) for row in rows]


def pass_time(world: World, span: timedelta, *, kind: str = "") -> datetime:
    """Move the clocks that have not fired nearer, and let fire what is due."""
    world.run(
        "update lawful_requests_deadline set due_at = due_at - %s, first_at = first_at - %s "
        "where fired_at is null and kind like %s",
        span, span, f"{kind}%",
    )  # fmt: skip
    world.sweep()
    return world.now()
