"""What many clocks that fire together bring about, stored in a handful of statements.

Ten thousand may be due in one minute. What each brings is collected (tasks, next clocks, ends,
lines of the trail) and stored at once; who has the duty of a desk is asked once for all of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Task
from recoup.apps.jobs import CASE_CHANNEL, notify
from recoup.apps.lawful_requests.call_queries import CALL, Calls
from recoup.apps.lawful_requests.models import Deadline, Request, Ticket
from recoup.apps.members import queries as members
from recoup.apps.members.models import Mandate, Organisation

Duty = tuple[int, tuple[str, ...], frozenset[UUID]]


@dataclass
class Firing:
    """What the clocks of one moment bring about, until it is stored."""

    at: datetime
    tasks: list[Task] = field(default_factory=list)
    clocks: list[Deadline] = field(default_factory=list)
    tickets: dict[UUID, Ticket] = field(default_factory=dict)
    requests: dict[UUID, Request] = field(default_factory=dict)
    acts: dict[int, tuple[Organisation, list[Act]]] = field(default_factory=dict)
    cases: set[str] = field(default_factory=set)
    known: dict[Duty, Mandate | None] = field(default_factory=dict)
    acted: set[UUID] = field(default_factory=set)
    named: dict[tuple[UUID, str], set[UUID]] = field(default_factory=dict)
    calls: Calls = field(init=False)

    def __post_init__(self) -> None:
        self.calls = Calls(self.at)

    def on_duty(
        self, owner_id: int, roles: list[str], *, but: Collection[UUID] = ()
    ) -> Mandate | None:
        """The named person of a desk now; asked once for a desk, its roles and who is left out."""
        key = (owner_id, tuple(roles), frozenset(but))
        if key not in self.known:
            self.known[key] = members.on_duty(owner_id, roles=roles, at=self.at, but=but)
        return self.known[key]

    def task(self, about: UUID, kind: str, level: int, **values: Any) -> None:
        """A task, and whom it names: at the next step somebody else is told."""
        self.tasks.append(Task(about=about, kind=kind, level=level, opened_at=self.at, **values))
        if person := values.get("person_id"):
            self.named.setdefault((about, kind), set()).add(person)

    def tell(self, what: str, about: Ticket | Request, **facts: str | int) -> None:
        """A line of the trail, as the hub for the unit that asked."""
        kind = "ticket" if isinstance(about, Ticket) else "request"
        unit = about.issuer
        self.acts.setdefault(unit.id, (unit, []))[1].append(Act(what, f"{kind}:{about.id}", facts))
        if isinstance(about, Ticket) and about.case_id:
            self.cases.add(str(about.case_id))

    def store(self) -> None:
        """Store everything, in the caller's transaction. A task or clock that is there stays."""
        Task.objects.bulk_create(self.tasks, ignore_conflicts=True)
        Deadline.objects.bulk_create(self.clocks, ignore_conflicts=True)
        Ticket.objects.bulk_update(
            self.tickets.values(), ["state", "ended_at", "lift_at", "lift_ground"]
        )
        Request.objects.bulk_update(
            self.requests.values(),
            [
                "state",
                "ended_at",
                "changed_at",
                "ended_ground",
                "written_by",
                "confirm_by",
                "put_by",
                "never_confirmed_at",
                "closed_at",
            ],
        )
        if self.requests:  # what has ended calls nobody any more
            calls = Task.objects.filter(about__in=list(self.requests), kind=CALL, done_at=None)
            calls.update(done_at=self.at)
        for unit, acts in self.acts.values():
            audit.record_all(acts, by=members.hub_actor(unit), at=self.at)
        notify({CASE_CHANNEL: self.cases})
