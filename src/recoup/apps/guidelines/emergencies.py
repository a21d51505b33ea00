"""What became of emergencies, and of looks by break-glass, of one organisation; for its own eyes.

An emergency that is not confirmed in its time lapses, or counts as never confirmed where it had
left: so each one that was confirmed was so in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Q

from recoup.apps.cases import glass_queries
from recoup.apps.lawful_requests.models import Decision, Request
from recoup.core.access import Actor
from recoup.data.policy import load_glass

CONFIRMED: Final = "confirmed"
NOT_CONFIRMED: Final = "not_confirmed"


@dataclass(frozen=True, slots=True)
class Emergencies:
    """Requests in danger that were authorised since a day; confirmed_by: how many by which role.

    ended: neither confirmed nor refused when the time was over. not_needed: the law asked for none.
    """

    asked: int
    confirmed: int
    refused: int
    ended: int
    waiting: int
    confirmed_by: tuple[tuple[str, int], ...]

    @property
    def not_needed(self) -> int:
        return self.asked - self.confirmed - self.refused - self.ended - self.waiting


@dataclass(frozen=True, slots=True)
class Looks:
    """Looks by break-glass of the own people, or into own cases, since a day."""

    opened: int
    by_two: int
    reviewed_in_time: int
    not_right: int


def emergencies_of(actor: Actor, *, since: datetime) -> Emergencies:
    """Those that the organisation asked for, decided on, or had to confirm."""
    own = actor.organisation_id
    asked = Request.objects.filter(
        Q(issuer=own) | Q(authority=own) | Q(confirmer=own), authorised_at__gte=since,
    ).exclude(danger="")  # fmt: skip
    is_over = Q(never_confirmed_at__isnull=False) | Q(confirm_by__isnull=False, state="lapsed")
    counted = asked.aggregate(
        asked=Count("id"), ended=Count("id", filter=is_over),
        waiting=Count("id", filter=Q(confirm_by__isnull=False) & ~is_over),
    )  # fmt: skip
    said = Decision.objects.filter(request__in=asked, kind__in=(CONFIRMED, NOT_CONFIRMED))
    roles = list(said.order_by().values_list("kind", "role").annotate(n=Count("id")))
    by_role = [(role, n) for kind, role, n in roles if kind == CONFIRMED]
    by_role.sort(key=lambda one: (-one[1], one[0]))
    return Emergencies(
        **counted, confirmed=sum(n for _, n in by_role), confirmed_by=tuple(by_role),
        refused=sum(n for kind, _, n in roles if kind == NOT_CONFIRMED),
    )  # fmt: skip


def looks_of(actor: Actor, *, since: datetime) -> Looks:
    """How often the glass was broken, by two, reviewed in time, and found not right."""
    within = F("opened_at") + timedelta(hours=load_glass().review_hours)
    rows = glass_queries.visible_to(actor).filter(opened_at__gte=since).order_by()
    return Looks(
        **rows.aggregate(
            opened=Count("id"), by_two=Count("id", filter=Q(joined_by__isnull=False)),
            reviewed_in_time=Count("id", filter=Q(reviewed_at__lte=within)),
            not_right=Count("id", filter=Q(is_justified=False)),
        )
    )  # fmt: skip
