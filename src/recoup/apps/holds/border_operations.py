"""Money beyond the border: tasks of the financial intelligence unit, and what it asked abroad.

No ticket leaves the country (decision 22). What left is one open task for each way out of a case:
an account abroad, or a country that a bank named. The task's owner is no member of the case, so
the task carries all that a request has to say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from django.db.models import Q

from recoup.apps.audit import operations as audit
from recoup.apps.cases.models import Account, Case, Task
from recoup.apps.holds.models import Claim, Flow, Movement, MovementSide
from recoup.apps.members.models import Organisation
from recoup.core import chain
from recoup.core.access import Actor
from recoup.core.accounts import read_account
from recoup.core.text import NotReadable

BORDER_CLOCK: Final = timedelta(hours=2)
WAYS: Final = UUID("5b3c1f0a-7a4e-4f0b-9d55-6c2e8a1b7d10")
NOTHING_LEFT: Final = "nothing_left_abroad"
IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")

Told = dict[str, Any]


@dataclass(slots=True)
class Way:
    """One way out of one case. account: None where a bank named a place only."""

    case: Case
    account: str | None
    claims: list[str]
    currency: str
    amount: int = 0
    payments: list[Told] = field(default_factory=list)

    @property
    def about(self) -> UUID:
        """The same for the same way, however often it is planned."""
        return uuid5(WAYS, f"{self.case.pk}:{self.account or self.claims[0]}:{self.currency}")


def keep_border_tasks(
    border: Iterable[chain.BorderTask], *, cases: Collection[str], by: Actor, at: datetime
) -> None:
    """Make or update the open task of each way; what a task that is done covers is not repeated.

    More money on a way raises the sum of its open task. If that is done, or was asked about
    abroad already, the way gets a new one with the new sum only. A way of the planned cases that
    is no way any more, after a correction, ends its task, unless a request left: who was asked
    abroad has to be told, and a person does that. Runs in the planner's pass, after flows were
    stored.
    """
    ways = _ways(border)
    waiting = Task.objects.filter(
        case__id__any=list(cases), kind="abroad", done_at=None, requests_abroad=None
    )
    for task in waiting.exclude(about__in=[way.about for way in ways]):
        _end(task, by=by, at=at)
    if not ways:
        return
    _add_payments(ways)
    known: dict[UUID, list[Task]] = {}
    rows = Task.objects.filter(kind="abroad", about__in=[way.about for way in ways])
    for task in rows.order_by("level").prefetch_related("requests_abroad"):
        known.setdefault(task.about, []).append(task)
    accounts = Account.objects.select_related("institution").in_bulk(
        {way.account for way in ways if way.account}
    )
    fiu = Organisation.objects.filter(kind="fiu").order_by("id").first()
    for way in ways:
        there = _there(way, accounts)
        before = known.get(way.about, [])
        _keep(way, before, there, owner=fiu.id if fiu else None, by=by, at=at)


def _ways(border: Iterable[chain.BorderTask]) -> list[Way]:
    """Two claims of one case that left for one account are one way."""
    border = list(border)
    cases = Case.objects.in_bulk({task.case for task in border}) if border else {}
    ways: dict[tuple[str, str, str], Way] = {}
    for task in border:
        key = (task.case, task.account or task.claim, task.currency)
        way = ways.setdefault(key, Way(cases[UUID(task.case)], task.account, [], task.currency))
        way.claims.append(task.claim)
        way.amount += task.amount
    return list(ways.values())


def _add_payments(ways: Sequence[Way]) -> None:
    """The payments of each way, with what its bank told of them."""
    claims = {claim for way in ways for claim in way.claims}
    rows = Flow.objects.filter(claim_id__in=claims).filter(Q(sink="abroad") | Q(state="border"))
    flows = list(rows.order_by("booked_at", "id"))
    movements = {flow.movement_id for flow in flows if flow.movement_id}
    known = Movement.objects.in_bulk(movements)
    sides = {
        side.movement_id: side
        for side in MovementSide.objects.filter(
            movement_id__in=movements, is_credit=False, answer__replaced_by=None
        )
    }
    untold = {flow.claim_id for flow in flows if not flow.movement_id}
    alleged = Claim.objects.select_related("payment").in_bulk(untold)
    for way in ways:
        for flow in flows:
            if str(flow.claim_id) not in way.claims or flow.currency != way.currency:
                continue
            if (str(flow.payee_id) if flow.payee_id else None) == way.account:
                side = sides.get(flow.movement_id) if flow.movement_id else None
                uetr = known[flow.movement_id].uetr if flow.movement_id else None
                way.payments.append(_payment(flow, side, uetr, alleged.get(flow.claim_id)))


def _payment(flow: Flow, side: MovementSide | None, uetr: UUID | None, claim: Claim | None) -> Told:
    """One payment abroad: as the payer's bank booked it, or as the report told it."""
    booked_at = side.booked_at if side else claim.payment.paid_at if claim else flow.booked_at
    told = claim.payment.reference if claim else ""
    return {
        "payment": str(flow.movement_id or flow.claim_id),
        "amount_minor": flow.carried,
        "currency": flow.currency,
        "from_account": flow.payer_ident,
        "from_institution": flow.payer_institution,
        "booked_at": booked_at.isoformat() if booked_at else None,
        "is_booked": side is not None,
        "reference": side.reference if side else told,
        "uetr": str(uetr) if uetr else None,
        "place": flow.place,
        "told_by": flow.told_by,
        "ticket": flow.ticket_reference,
    }


def _there(way: Way, accounts: Mapping[UUID, Account]) -> Told:
    """Where the money went, as far as anybody has said; a full IBAN in the words is taken out."""
    if way.account:
        account = accounts[UUID(way.account)]
        ident, institution = account.ident, account.institution
        country = ident[:2] if account.scheme == "iban" else institution.country
        name = "" if institution.is_not_known else institution.name
        return {
            "account": ident, "institution": name, "country": country,
            "place": f"{name}, {ident}" if name else ident,
        }  # fmt: skip
    places = sorted({p["place"] for p in way.payments} - {""})
    idents = {ident for place in places for ident in _ibans(place)}
    ident = idents.pop() if len(idents) == 1 else ""
    return {
        "account": ident, "institution": "", "country": ident[:2], "place": "; ".join(places)
    }  # fmt: skip


def _ibans(text: str) -> list[str]:
    found = []
    for candidate in IBAN.findall(text):
        try:
            found.append(read_account(candidate, scheme="iban").ident)
        except NotReadable:
            continue
    return found


def _keep(
    way: Way, known: Sequence[Task], there: Told, *, owner: int | None, by: Actor, at: datetime
) -> None:  # fmt: skip
    """Bring the way's open task to what is not covered yet, or open one."""
    settled = [task for task in known if task.done_at or task.requests_abroad.all()]
    waiting = next((task for task in known if task not in settled), None)
    covering = [task for task in settled if task.values.get("ended") != NOTHING_LEFT]
    left = way.amount - sum(task.values.get("amount_minor", 0) for task in covering)
    told = {p["payment"] for task in covering for p in task.values.get("payments", ())}
    values = {
        "amount_minor": left,
        "currency": way.currency,
        "case_reference": way.case.reference,
        "reported_at": way.case.reported_at.isoformat(),
        **there,
        "payments": [p for p in way.payments if p["payment"] not in told],
    }
    if waiting is not None and left <= 0:
        _end(waiting, by=by, at=at)
    elif waiting is not None and waiting.values != values:
        waiting.values = values
        waiting.save(update_fields=["values"])
    elif waiting is None and left > 0:
        Task.objects.create(
            case=way.case, kind="abroad", about=way.about, level=len(known),
            owner_id=owner or way.case.owner_id, issuer_id=way.case.owner_id, values=values,
            opened_at=at, due_at=at + BORDER_CLOCK,
        )  # fmt: skip


def _end(task: Task, *, by: Actor, at: datetime) -> None:
    """A correction left nothing to be asked: the task ends, and says why."""
    task.values, task.done_at = task.values | {"ended": NOTHING_LEFT}, at
    task.save(update_fields=["values", "done_at"])
    audit.record(
        what="task:ended", about=f"task:{task.id}", by=by, at=at, kind=task.kind,
        reason=NOTHING_LEFT,
    )  # fmt: skip
