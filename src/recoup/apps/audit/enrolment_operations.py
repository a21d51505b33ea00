"""Lines about who is enrolled: a person, a mandate, a sign-in; in the transaction that stores them.

Runs as the owner of the database, from a command. A load that runs again tells only what is new.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.audit.session_operations import enrolment_actor, take_stream
from recoup.apps.members import operations as members
from recoup.apps.members.models import Mandate, Organisation
from recoup.apps.members.operations import Enrolled

LOGIN = {"made": "login:made", "password": "login:password_set"}


@transaction.atomic
def enrol_person(
    *, organisation: Organisation, full_name: str, role: str, email: str, at: datetime,
    username: str = "", password: str = "", is_on_duty: bool = False, is_system: bool = False,
) -> Mandate:  # fmt: skip
    """Add a person with a mandate and, if a username is given, a log-in, and tell what is new."""
    enrolled = members.enrol_person(
        organisation=organisation, full_name=full_name, role=role, email=email, at=at,
        username=username, password=password, is_on_duty=is_on_duty, is_system=is_system,
    )  # fmt: skip
    acts = list(_acts(enrolled, username=username))
    if acts:
        take_stream(acts[0].stream)
        audit.record_all(acts, by=enrolment_actor(organisation), at=at)
    return enrolled.mandate


def _acts(enrolled: Enrolled, *, username: str) -> Iterator[Act]:
    mandate = enrolled.mandate
    person, stream = mandate.person, f"person:{mandate.person_id}"
    if enrolled.is_new_person:
        personal = {"full_name": person.full_name, "email": person.email}
        yield Act("person:enrolled", stream, {"is_system": person.is_system}, personal)
    if enrolled.is_new_mandate:
        facts = {
            "mandate": str(mandate.id), "role": mandate.role,
            "organisation": mandate.organisation_id, "valid_from": mandate.valid_from,
            "is_on_duty": mandate.is_on_duty,
        }  # fmt: skip
        yield Act("mandate:given", stream, facts)
    if enrolled.login:
        yield Act(LOGIN[enrolled.login], stream, {"username": username})
