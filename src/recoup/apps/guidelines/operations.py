"""The one act of this station: a person declares how far their organisation is with a control."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from recoup.apps.audit import operations as audit
from recoup.apps.audit.session_operations import take_stream
from recoup.apps.guidelines.models import Declaration
from recoup.core.access import Actor
from recoup.core.guidelines import Control, NewDeclaration, Problem, problems_of, sides_of
from recoup.core.said import Said


class DeclarationRefused(Exception):
    """What was declared cannot be taken. problems: each with its field."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(problems[0].said)


@transaction.atomic
def declare(*, control: Control, new: NewDeclaration, by: Actor, at: datetime) -> Declaration:
    """Add a declaration and its line of the trail; raises DeclarationRefused, PersonNeeded."""
    person = by.named_person
    problems = list(problems_of(new, today=timezone.localdate(at)))
    if control.side not in sides_of(by.organisation_kind):
        said = Said("%(control)s is for the other side, not for you.", control=control.control)
        problems.append(Problem("control", said))
    if problems:
        raise DeclarationRefused(tuple(problems))
    stream = f"guideline:{by.organisation_id}:{control.control}"
    take_stream(stream)
    row = Declaration.objects.create(
        organisation_id=by.organisation_id, control=control.control, level=int(new.level),
        evidence=new.evidence, dated=new.dated, reviewed_on=new.reviewed_on,
        person_id=person, role=by.role, declared_at=at,
    )  # fmt: skip
    audit.record(
        what="guideline:declared", about=stream, by=by, at=at, declaration=str(row.id),
        control=control.control, level=int(new.level), dated=new.dated,
        reviewed_on=new.reviewed_on, personal={"evidence": new.evidence},
    )  # fmt: skip
    return row
