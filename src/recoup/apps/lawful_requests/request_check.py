"""Checks a request against law, measure and profiles: live, at submission, at the decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from recoup.apps.lawful_requests import effect_queries
from recoup.apps.lawful_requests.effect_queries import Wanted as Wanted
from recoup.apps.lawful_requests.models import AddresseeProfile, Request, Ticket
from recoup.apps.lawful_requests.refusals import RequestRefused
from recoup.apps.lawful_requests.request_content import Target, ends_of, targets_of
from recoup.apps.lawful_requests.request_law import OF_THE_CHAIN, Form, Law
from recoup.apps.members.models import Organisation
from recoup.core.completeness import Asking, Held, Lack, Profile, check
from recoup.core.law import Choice, Need, NoPower
from recoup.core.said import Said
from recoup.core.text import shown_safely
from recoup.data.requests import load_bounds

LOOKED_BACK = 300  # requests: so many are looked through


@dataclass(frozen=True, slots=True)
class Found:
    """What one target lacks, under the addressee's code; and the power, where there is one."""

    addressee: str
    lacks: tuple[Lack, ...]
    choice: Choice | None


def form_for(law: Law, measure: str) -> Form:
    """The form of a measure that is asked by a request; raises RequestRefused."""
    form = law.forms.get(measure)
    if form is None or measure in OF_THE_CHAIN:
        raise RequestRefused(
            "unknown_measure",
            Said(
                "%(measure)s is not a measure that a request can ask for.",
                measure=shown_safely(measure)[:40],
            ),
            field="measure",
        )
    return form


def addressees_of(targets: Sequence[Target]) -> dict[str, Organisation]:
    """The organisations asked, by their codes; raises RequestRefused for one that is not known."""
    codes = [target.addressee for target in targets]
    found = {row.code: row for row in Organisation.objects.filter(code__in=codes)}
    for code in codes:
        row = found.get(code)
        if row is None or row.kind == "public" or row.is_not_known:
            raise RequestRefused(
                "unknown_addressee", Said("%(code)s is not in the directory.", code=code),
                field="targets",
            )  # fmt: skip
    return found


def check_request(wanted: Wanted, *, law: Law, at: datetime) -> list[Found]:
    """What each target lacks, in three statements for any number of them."""
    form = form_for(law, wanted.measure)
    targets = targets_of(wanted.content)
    known = addressees_of(targets)
    profiles = profiles_of([row.id for row in known.values()], at=wanted.submitted_at)
    alike = _open_alike(wanted, targets, known)
    before = _lapsed_emergencies(wanted) if wanted.danger else defaultdict(list)
    effects = effect_queries.effects_before(wanted, targets, law)
    found = []
    for target in targets:
        organisation = known[target.addressee]
        choice = _choice(wanted, organisation.kind, law, at=at)
        again = tuple(dict.fromkeys(r for one in target.identifiers for r in before[one.value]))
        lasting = effect_queries.lasting(wanted, target, choice, effects, at=at)
        asking = _asking(wanted, target, organisation, choice, alike, again, lasting)
        lacks = check(
            asking, form.shape, profiles.get(organisation.id), bounds=load_bounds(), at=at
        )
        found.append(Found(target.addressee, tuple(lacks), choice))
    return found


def power_of(wanted: Wanted, *, law: Law, at: datetime) -> Choice:
    """The one power for all targets; raises NoPower, or RequestRefused where they differ."""
    kinds = {row.kind for row in addressees_of(targets_of(wanted.content)).values()}
    choices = [
        law.choose(_need(wanted, kind, law, at=at), _power(wanted)) for kind in sorted(kinds)
    ]
    if len({choice.power.power for choice in choices}) > 1:
        raise RequestRefused(
            "several_powers",
            Said("These addressees are asked under different powers: make a request for each."),
            field="targets",
        )
    return choices[0]


def _need(wanted: Wanted, addressee_kind: str, law: Law, *, at: datetime) -> Need:
    return Need(
        wanted.measure, tuple(wanted.content["data"]), wanted.kind, addressee_kind, law.day(at),
        wanted.danger,
    )  # fmt: skip


def _power(wanted: Wanted) -> str:
    """The power that the author chose where several fit; empty for the first."""
    return str(wanted.content.get("power", ""))


def choices_of(wanted: Wanted, *, law: Law, at: datetime) -> list[Choice]:
    """Every power that fits all of its targets, for the author to choose from."""
    kinds = {row.kind for row in addressees_of(targets_of(wanted.content)).values()}
    found: list[Choice] | None = None
    for kind in sorted(kinds):
        try:
            fits = law.choices(_need(wanted, kind, law, at=at))
        except NoPower:
            return []
        known = {choice.power.power for choice in fits}
        found = [c for c in found if c.power.power in known] if found else list(fits)
    return found or []


def _choice(wanted: Wanted, addressee_kind: str, law: Law, *, at: datetime) -> Choice | None:
    try:
        return law.choose(_need(wanted, addressee_kind, law, at=at), _power(wanted))
    except NoPower:
        return None


def _asking(
    wanted: Wanted, target: Target, organisation: Organisation, choice: Choice | None,
    alike: Mapping[tuple[int, str], tuple[str, ...]], lapsed: tuple[str, ...],
    lasting: effect_queries.Lasting,
) -> Asking:  # fmt: skip
    content = wanted.content
    first, last = ends_of(content)
    return Asking(
        addressee_kind=organisation.kind, data=tuple(content["data"]),
        identifiers=target.identifiers, from_at=first, until_at=last,
        justification=content["justification"], proportionality=content["proportionality"],
        has_basis=choice is not None, open_alike=alike.get((organisation.id, target.ident), ()),
        fields=content["fields"], amount_minor=content["amount_minor"],
        is_reasoned=choice is not None and choice.power.is_reasoned,
        is_danger=bool(wanted.danger), danger_facts=content.get("danger_facts", ""),
        lapsed_alike=lapsed, effect_before=lasting.before, effect_hours=lasting.hours,
        not_longer=lasting.not_longer,
    )  # fmt: skip


def _open_alike(
    wanted: Wanted, targets: Sequence[Target], known: Mapping[str, Organisation]
) -> dict[tuple[int, str], tuple[str, ...]]:
    rows = Ticket.objects.filter(
        issuer_id=wanted.requester, measure=wanted.measure, of__isnull=False,
        addressee_id__in=[row.id for row in known.values()],
        account_ident__in=[t.ident for t in targets if t.ident],
        state__in=["authorised", "sent", "acknowledged"],
    )  # fmt: skip
    if wanted.own:
        rows = rows.exclude(of_id=wanted.own)
    asked = rows.values_list("addressee_id", "account_ident", "reference")
    found: dict[tuple[int, str], tuple[str, ...]] = {}
    for addressee, ident, reference in asked:
        found[addressee, ident] = (*found.get((addressee, ident), ()), reference)
    return found


def _lapsed_emergencies(wanted: Wanted) -> dict[str, list[str]]:
    """By identifier the requester's emergencies that nobody confirmed, as far as the reader may see
    them: who asks again without a confirmation is asked why."""
    rows = Request.objects.filter(
        issuer_id=wanted.requester, state__in=["lapsed", "refused"], authorised_at__isnull=False
    ).exclude(danger="")
    found: dict[str, list[str]] = defaultdict(list)
    lately = rows.order_by("-changed_at")[:LOOKED_BACK]
    for reference, content in lately.values_list("reference", "content"):
        for target in targets_of(content):
            for one in target.identifiers:
                found[one.value].append(reference)
    return found


# Profiles


def profiles_of(
    organisation_ids: Sequence[int], *, at: datetime | None = None
) -> dict[int, Profile]:
    """What each addressee says of itself now, or said at a time; who says nothing is not in it."""
    rows = AddresseeProfile.objects.filter(organisation_id__in=organisation_ids)
    if at is not None:
        rows = rows.filter(at__lt=at)
    last = rows.order_by("organisation_id", "-version").distinct("organisation_id")
    return {row.organisation_id: profile_of(row.body) for row in last}


def profile_of(body: Mapping[str, Any]) -> Profile:
    """A stored profile as it is checked against."""
    longest = body.get("longest_days")
    return Profile(
        held=dict(_held(body.get("data", {}))),
        takes=frozenset(body.get("identifiers", [])),
        has_cgnat=bool(body.get("cgnat")),
        longest=timedelta(days=longest) if longest else None,
    )


def _held(data: Mapping[str, Any]) -> Iterator[tuple[str, Held]]:
    for category, days in data.items():
        yield category, Held(timedelta(days=days) if days else None)
