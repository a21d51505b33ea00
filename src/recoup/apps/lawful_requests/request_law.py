"""The law under which requests are made now: measures, powers, the stored version of the pack.

The one place where requests meet the files of the law.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from recoup.apps.lawful_requests.models import PackVersion
from recoup.core.completeness import IDENTIFIERS_OF, WHOLE, Shape
from recoup.core.law import (
    Choice,
    Measure,
    Missing,
    Need,
    NoPower,
    NoPowerCode,
    Pack,
    Power,
    choices,
    read_pack,
)
from recoup.core.said import Said
from recoup.data import load_measures, load_pack

# These four are asked by the hold chain itself, which knows their accounts and sums.
OF_THE_CHAIN: Final = frozenset({"hold", "confirm_debit", "stop_before_execution", "recall"})
REFUSING: Final = frozenset({"refused", "not_ours", "cannot_lawfully"})
AMOUNTS: Final = frozenset({"max_amount", "amount_at_risk"})
# Of a form, what is the requester's own and is never told to an addressee.
WITHHELD: Final = frozenset({"reference", "signature", "requesting_authority"})


@dataclass(frozen=True, slots=True)
class Form:
    """A measure as requests use it: what its form asks for and what may be answered."""

    measure: str
    name: str
    asks: str
    addressees: tuple[str, ...]
    data: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    answer_codes: tuple[str, ...] = ()
    refusal_grounds: tuple[str, ...] = ()
    answer_fields: tuple[str, ...] = ()
    discloses: bool = True

    @property
    def shape(self) -> Shape:
        """What it is checked by, before it is sent."""
        asked = [IDENTIFIERS_OF[name] for name in self.fields if name in IDENTIFIERS_OF]
        return Shape(
            measure=self.measure, addressees=self.addressees, data=self.data,
            takes=frozenset().union(*asked), needs_identifier=bool(asked),
            needs_period="period" in self.fields,
            is_preservation=self.measure.startswith("preservation"), must=self.must,
            needs_amount=bool(AMOUNTS & set(self.fields)), may_be_whole=WHOLE in self.fields,
        )  # fmt: skip

    @property
    def given_fields(self) -> frozenset[str]:
        """The fields that an addressee is told."""
        return frozenset(self.fields) - WITHHELD


@dataclass(frozen=True, slots=True)
class Law:
    """What holds in a country today. missing: what its ministry says of the rest."""

    country: str
    zone: str
    powers: tuple[Power, ...]
    forms: Mapping[str, Form] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()

    def choose(self, need: Need, power: str = "") -> Choice:
        """The power for a need: the one that was chosen, else the first; raises NoPower."""
        found = self.choices(need)
        if not power:
            return found[0]
        chosen = next((one for one in found if one.power.power == power), None)
        if chosen is None:
            said = Said("%(power)s is no power for this.", power=power[:64])
            raise NoPower(NoPowerCode.NO_POWER_KNOWN, said)
        return chosen

    def choices(self, need: Need) -> tuple[Choice, ...]:
        """Every power that fits, in the order of the pack; raises NoPower."""
        return choices(self.powers, need, missing=self.missing)

    def day(self, at: datetime) -> Any:
        """The day at which the law is read, where the requester is."""
        return at.astimezone(ZoneInfo(self.zone)).date()


def law_now() -> Law:
    """The law of this hub's country."""
    return read_law()


def law_of(version: PackVersion | None) -> Law:
    """The law as it was in a stored version; without one, that of now."""
    now = law_now()
    if version is None or version.id == version_now().id:
        return now
    pack = pack_of(version)
    return replace(now, zone=pack.time_zone, powers=tuple(pack.powers))


def read_law() -> Law:
    """Put together from measures, and the powers of the version that is in force."""
    pack = pack_now()
    forms = {name: form_of(measure) for name, measure in load_measures().items()}
    powers = tuple(getattr(pack, "powers", ()))
    return Law(pack.country, pack.time_zone, powers, forms, pack.missing)


def form_of(measure: Measure) -> Form:
    """A measure of the data as requests use it."""

    def words(name: str) -> tuple[str, ...]:
        return tuple(getattr(measure, name, ()))

    return Form(
        measure=measure.measure, name=measure.name, asks=measure.asks,
        addressees=measure.addressees, data=words("data"), fields=words("fields"),
        must=words("must"),
        answer_codes=measure.answer_codes, refusal_grounds=words("refusal_grounds"),
        answer_fields=words("answer_fields"),
        discloses=getattr(measure, "discloses", "yes") != "no",
    )  # fmt: skip


def version_now() -> PackVersion:
    """The version of this country's law that is in force, which a request keeps.

    The newest: a version is stored when it comes into force, and never before.
    """
    return PackVersion.objects.filter(country=settings.COUNTRY).latest("number")


def pack_now() -> Pack:
    """The law in force; our own file, where a hub has stored none yet."""
    rows = PackVersion.objects.filter(country=settings.COUNTRY).order_by("-number")
    newest = rows.values_list("id", "digest").first()
    return _read(newest[0], bytes(newest[1])) if newest else load_pack(settings.COUNTRY)


def pack_of(version: PackVersion) -> Pack:
    """A stored version, read; raises PackRefused."""
    return _read(version.id, bytes(version.digest))


@lru_cache(maxsize=64)
def _read(version_id: int, digest: bytes) -> Pack:
    """Read once: a version never changes. digest: so that another database's is another."""
    version = PackVersion.objects.get(pk=version_id)
    document = json.loads(bytes(version.body))
    where = f"law/{version.country}, version {document['version']}"
    return read_pack(document, measures=load_measures(), where=where)
