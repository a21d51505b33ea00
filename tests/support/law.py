"""A ministry for tests: who writes the law and who approves it; and a change from draft to law."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from recoup.apps.audit import enrolment_operations
from recoup.apps.lawful_requests import law_clock_operations, law_operations
from recoup.apps.lawful_requests.models import PackDraft, PackVersion
from recoup.apps.lawful_requests.refusals import REFUSALS
from recoup.apps.members import operations as members
from recoup.apps.members.models import Mandate, Organisation
from recoup.apps.members.queries import as_actor
from recoup.core.access import Actor
from support.roles import as_owner, as_planner
from support.world import World

POWER = "rs_cpc_286_subscriber"
OFFICER, MINISTER = "vesna.ministry", "marko.ministry"
SOURCE = "https://example.org/gazette"


@dataclass
class Ministry:
    """The people of an invented ministry, enrolled when they are first asked for."""

    world: World
    code: str = "ministry"

    @property
    def officer(self) -> Actor:
        return self.somebody("ministry_officer", OFFICER, "Vesna Lukić")

    @property
    def minister(self) -> Actor:
        return self.somebody("minister", MINISTER, "Marko Savić")

    def somebody(self, role: str, login: str = "", name: str = "") -> Actor:
        with as_owner():
            organisation = Organisation.objects.filter(code=self.code).first()
            if organisation is None:
                organisation = members.enrol_organisation(
                    code=self.code, kind="ministry", name="Ministry of Justice (invented)",
                    name_sr="Министарство правде (измишљено)", country="RS", is_invented=True,
                )  # fmt: skip
            rows = Mandate.objects.select_related("person", "organisation")
            username = login if self.code == "ministry" else f"{self.code}.{login}"
            known = rows.filter(organisation=organisation, role=role,
                                person__logins__username=username).first()  # fmt: skip
            if known is None:
                made = enrolment_operations.enrol_person(
                    organisation=organisation, role=role, full_name=self._name(role, name),
                    email="x@example.invalid", at=self.world.now(), username=username,
                    password="x",
                )  # fmt: skip
                known = rows.get(pk=made.pk)
        return as_actor(known)

    def _name(self, role: str, name: str) -> str:
        """Namesakes at two ministries would be one natural person."""
        return name if name and self.code == "ministry" else f"An invented {role}, {self.code}"

    def do(self, operation: Any, by: Actor, **given: Any) -> Any:
        """An operation in the scope of who acts; a refusal's line of the trail stays."""
        with self.world.acting(by) as at:
            try:
                return operation(**{"by": by, "at": at, **given})
            except REFUSALS as refusal:
                refused = refusal
        raise refused

    def draft(self, **given: Any) -> PackDraft:
        found: PackDraft = self.do(law_operations.draft, self.officer, **given)
        return found

    def row(self, found: PackDraft, power: str = POWER) -> dict[str, Any]:
        rows = json.loads(bytes(found.body))["power"]
        return dict(next(row for row in rows if row["id"] == power))

    def changed(self, *, by: Actor | None = None, **values: Any) -> PackDraft:
        """A draft in which one power has other values; without any, its answer is due sooner."""
        found = self.draft()
        values = values or {"answer_within": {"hours": 36, "source": SOURCE}}
        return self.change(found, {**self.row(found), **values}, by=by)

    def change(
        self, found: PackDraft, row: dict[str, Any], *, by: Actor | None = None, **given: Any
    ) -> PackDraft:
        after: PackDraft = self.do(
            law_operations.change_power, by or self.officer, draft_id=found.id, row=row,
            **{"version": found.version, **given},
        )  # fmt: skip
        return after

    @property
    def today(self) -> date:
        return self.world.now().astimezone(ZoneInfo("Europe/Belgrade")).date()

    def submitted(self, *, days: int = 3, **values: Any) -> PackDraft:
        return self.submit(self.changed(**values), days=days)

    def submit(self, found: PackDraft, *, days: int = 3, ground: str = "Gazette 1/26") -> PackDraft:
        return self.do(
            law_operations.submit, self.officer, draft_id=found.id, ground=ground,
            comes_into_force_on=self.today + timedelta(days=days), version=found.version,
        )  # fmt: skip

    def approve(self, found: PackDraft, *, by: Actor | None = None, **given: Any) -> PackDraft:
        given = {"version": found.version, **given}
        return self.do(law_operations.approve, by or self.minister, draft_id=found.id, **given)

    def approved(self, *, days: int = 3, **values: Any) -> PackDraft:
        return self.approve(self.submitted(days=days, **values))

    def clock(self, at: datetime) -> int:
        with as_planner():
            return law_clock_operations.come_into_force(at=at)

    def begin(self, found: PackDraft) -> PackVersion:
        """Let the time be the day on which an approved change comes into force."""
        day = found.comes_into_force_on
        assert day is not None
        self.clock(datetime(day.year, day.month, day.day, 0, 1, tzinfo=ZoneInfo("Europe/Belgrade")))
        became = self.again(found).became
        assert became is not None
        return became

    def again(self, found: PackDraft) -> PackDraft:
        with as_owner():
            return PackDraft.objects.select_related("became").get(pk=found.pk)
