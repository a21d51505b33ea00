"""What is read of a country's law: versions with who approved them, changes, whom they concern."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Count, QuerySet

from recoup.apps.lawful_requests.models import PackDraft, PackVersion, Request
from recoup.apps.lawful_requests.request_law import pack_of
from recoup.apps.members.models import Organisation
from recoup.core.access import Actor
from recoup.core.law import Affected, Difference, Pack, UnderWay, affected, compare


@dataclass(frozen=True, slots=True)
class Concerned:
    """What differs between two texts, and who and what is affected."""

    differences: tuple[Difference, ...]
    affected: tuple[Affected, ...]


def versions() -> QuerySet[PackVersion]:
    """Every version of this country's law with the change it came from, the newest first."""
    rows = PackVersion.objects.filter(country=settings.COUNTRY)
    return rows.select_related("draft__author", "draft__approver").order_by("-number")


def coming() -> PackDraft | None:
    """The change that is approved and whose day has not come; everybody may know of it."""
    rows = PackDraft.objects.filter(country=settings.COUNTRY, state="approved")
    return rows.select_related("author", "approver").first()


def drafts_of(actor: Actor) -> QuerySet[PackDraft]:
    """The changes of the actor's own ministry, the last touched first."""
    rows = PackDraft.objects.filter(organisation_id=actor.organisation_id)
    return rows.select_related("author", "approver", "based_on", "became").order_by("-changed_at")


def concerned(before: Pack, after: Pack) -> Concerned:
    """Compare two texts, with what is open under older ones by measure."""
    differences = compare(before, after)
    under_way = open_by_measure() if differences else {}
    return Concerned(differences, affected(differences, before, after, under_way=under_way))


def open_by_measure() -> dict[str, UnderWay]:
    """How much is open in the whole hub, by measure; for the ministry only, else nothing."""
    with connection.cursor() as cursor:
        cursor.execute("select measure, drafts, requests, tickets, clocks from open_by_measure()")
        return {measure: UnderWay(*map(int, counts)) for measure, *counts in cursor.fetchall()}


def organisations_by_kind() -> dict[str, int]:
    """How many organisations of each kind are in the hub."""
    rows = Organisation.objects.values_list("kind").annotate(n=Count("id"))
    return dict(rows)


def base_of(found: PackDraft) -> Pack:
    """The law from which a change was begun."""
    return pack_of(found.based_on)


def kept_by_version() -> dict[int, int]:
    """How many requests that the reader may see rest on each version."""
    rows = Request.objects.values_list("pack_id").annotate(n=Count("id"))
    return dict(rows)
