"""Reads of who may sign in: an organisation's people, with what they sign in, and what waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import Now

from recoup.apps.members import factors
from recoup.apps.members.models import ApiKey, Login, Mandate, Person
from recoup.apps.members.queries import valid_now
from recoup.apps.members.sign_in_models import CodeSecret, MemberChange, Passkey
from recoup.core.access import Actor
from recoup.data.policy import load_sign_in

SHOWN: Final = 200
HUB: Final = "hub_officer"


@dataclass
class Member:
    """One person of an organisation, as its officer sees them."""

    person: Person
    mandates: list[Mandate] = field(default_factory=list)
    login: Login | None = None
    passkeys: int = 0
    last_used_at: datetime | None = None
    has_code: bool = False

    @property
    def needs_passkey(self) -> bool:
        return any(not factors.may_use_code(mandate.role) for mandate in self.mandates)

    @property
    def cannot_sign_in(self) -> bool:
        """Whether no second factor is there that is enough for any of the mandates."""
        return not self.passkeys and (self.needs_passkey or not self.has_code)


def members_of(organisation_id: int) -> list[Member]:
    """Named people with a mandate in force, by name. Four statements, however many they are."""
    rows = (
        Mandate.objects.select_related("person", "organisation")
        .filter(valid_now(), organisation_id=organisation_id, person__is_system=False)
        .order_by("person__full_name", "valid_from")
    )
    found: dict[UUID, Member] = {}
    for mandate in rows:
        member = found.setdefault(mandate.person_id, Member(mandate.person))
        member.mandates.append(mandate)
    _add_factors(found)
    return list(found.values())


def _add_factors(found: dict[UUID, Member]) -> None:
    logins = Login.objects.filter(person_id__in=found).order_by("-is_active", "id")
    used = Max("passkeys__last_used_at")
    count = Count("passkeys", filter=Q(passkeys__ended_at=None))
    coded = set(CodeSecret.objects.filter(login__in=logins).values_list("login_id", flat=True))
    for login in logins.annotate(keys=count, used_at=used):
        member = found[login.person_id]
        member.login = member.login or login
        member.passkeys += login.keys
        member.last_used_at = member.last_used_at or login.used_at or login.last_login
        member.has_code = member.has_code or login.pk in coded


def member_of(actor: Actor, person_id: UUID) -> Member | None:
    """Somebody with a mandate in force at the actor's organisation."""
    return next((m for m in members_of(actor.organisation_id) if m.person.pk == person_id), None)


def changes_waiting(actor: Actor) -> QuerySet[MemberChange]:
    """What was proposed and nobody has decided; row-level security shows whose it may be."""
    rows = MemberChange.objects.filter(decided_by=None).select_related(
        "organisation", "person", "proposed_by"
    )
    return rows.order_by("proposed_at")


def changes_decided(actor: Actor) -> QuerySet[MemberChange]:
    """What was decided lately at the actor's own organisation."""
    rows = MemberChange.objects.exclude(decided_by=None).filter(
        organisation_id=actor.organisation_id
    )
    return rows.select_related("person", "proposed_by", "decided_by").order_by("-decided_at")[:10]


def of_the_same_name(changes: Iterable[MemberChange]) -> dict[UUID, int]:
    """For each enrolment: how many people of exactly this name the hub knows already."""
    wanted = {c.pk: c.full_name for c in changes if c.kind == "enrol"}
    known = Person.objects.filter(full_name__in=wanted.values(), is_system=False)
    counted = dict(known.values_list("full_name").annotate(Count("id")))
    return {pk: counted[name] for pk, name in wanted.items() if name in counted}


def passkeys_of(login: Login) -> list[Passkey]:
    return list(Passkey.objects.filter(login=login).order_by("ended_at", "made_at"))


def roles_of(kind: str) -> tuple[str, ...]:
    """The roles that an organisation of a kind may give to its people."""
    roles = load_sign_in().roles
    return roles.get(kind, roles["other"])


def keys_of(actor: Actor) -> list[ApiKey]:
    """The organisation's machines' keys; those that ended stay for a while to be seen."""
    rows = ApiKey.objects.select_related("made_by", "agreed_by").filter(
        mandate__organisation_id=actor.organisation_id
    )
    return list(rows.order_by(F("revoked_at").asc(nulls_first=True), "-created_at")[:50])


def keys_to_agree(actor: Actor) -> list[ApiKey]:
    """New keys of other organisations that do not work yet, for the hub's desk."""
    rows = ApiKey.objects.select_related("made_by", "mandate__organisation").filter(
        revoked_at=None, works_from__gt=Now()
    )
    if actor.role != HUB:
        return []
    return list(rows.exclude(mandate__organisation_id=actor.organisation_id).order_by("created_at"))
