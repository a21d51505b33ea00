"""What a request still lacks, before it is sent: the reasons for which addressees refuse.

Each lack is coded, names its field, and blocks or warns. Checked while the officer writes, again
when the request is submitted, and once more before it is authorised: nothing that is incomplete
leaves. What an addressee holds, and for how long, stands in its profile. That is its own word: what
rests on nothing else warns, and a word of the officer is enough to go past it, or an addressee
could make itself unaskable. The numbers that no law gives come in as `Bounds`
(``data/requests.toml``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from recoup.core.identifier_forms import is_written_so
from recoup.core.said import Said, SaidList


class Severity(StrEnum):
    """Whether a lack stops the request, or is only said."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is missing or wrong, where, and what to do."""

    code: str
    severity: Severity
    said: Said
    field: str

    @property
    def blocks(self) -> bool:
        return self.severity is Severity.BLOCK


@dataclass(frozen=True, slots=True)
class Identifier:
    """What the addressee looks somebody up by. at: when it was seen; without a zone it is naive."""

    kind: str
    value: str
    port: int | None = None
    at: datetime | None = None

    def __str__(self) -> str:
        text = f"{self.kind}:{self.value}"
        text += f":{self.port}" if self.port is not None else ""
        return text + (f"@{self.at.isoformat()}" if self.at else "")


@dataclass(frozen=True, slots=True)
class Held:
    """That a category is held. kept_for: how long; None if it is kept as long as the customer."""

    kept_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What an addressee said of itself. held: by category; nothing said means not known.

    takes: kinds of identifiers; none named means any. longest: the longest period it answers.
    """

    held: Mapping[str, Held] = field(default_factory=dict)
    takes: frozenset[str] = frozenset()
    has_cgnat: bool = False
    longest: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What a measure is for, as far as it is checked. takes: kinds of identifiers.

    is_preservation: it keeps data and discloses none. needs_period, needs_identifier: its form
    asks for them, the period where what is wanted is of a time. must: fields of the form that are
    filled in. needs_amount: it stops money, up to a sum; may_be_whole: or all of it.
    """

    measure: str
    addressees: tuple[str, ...]
    data: tuple[str, ...] = ()
    takes: frozenset[str] = frozenset()
    needs_identifier: bool = False
    needs_period: bool = False
    is_preservation: bool = False
    must: tuple[str, ...] = ()
    needs_amount: bool = False
    may_be_whole: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """One target of a request as it is written now.

    has_basis: a power was found. is_reasoned: it wants reasons. open_alike: references of requests
    that ask the same already. fields: what stands in the form. lapsed_alike: of emergencies about
    the same that nobody confirmed. effect_before: by which the same was kept or stopped before;
    effect_hours: how long in all. not_longer: why what it would extend is not made longer.
    """

    addressee_kind: str
    data: tuple[str, ...]
    identifiers: tuple[Identifier, ...]
    from_at: datetime | None = None
    until_at: datetime | None = None
    justification: str = ""
    proportionality: str = ""
    has_basis: bool = True
    open_alike: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    amount_minor: int | None = None
    is_reasoned: bool = False
    is_danger: bool = False
    danger_facts: str = ""
    lapsed_alike: tuple[str, ...] = ()
    effect_before: tuple[str, ...] = ()
    effect_hours: int = 0
    not_longer: Said | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all that is there is meant, whatever the sum."""
        return bool(self.fields.get(WHOLE, "").strip())


@dataclass(frozen=True, slots=True)
class Bounds:
    """Numbers that no law gives: by category the longest usual period and the age that is old.

    intrusive: categories for which proportionality is always said. warn_before_gone: from when on
    preserving first is proposed.
    """

    longest: Mapping[str, timedelta] = field(default_factory=dict)
    old_after: Mapping[str, timedelta] = field(default_factory=dict)
    intrusive: frozenset[str] = frozenset()
    warn_before_gone: timedelta = timedelta(days=14)


BEGUN_BEFORE: Final = "effect_before"  # past which goes only who decides, and in writing
# The field that says that no sum is named on purpose.
WHOLE: Final = "whole_account"
# Which kinds of identifiers a field of a measure's form takes.
IDENTIFIERS_OF: Final[Mapping[str, frozenset[str]]] = {
    "target_identifiers": frozenset(
        {"ip", "email", "phone", "user_name", "url", "device", "domain", "iban", "account", "card",
         "wallet"}
    ),
    "account": frozenset({"iban", "account", "card", "phone"}),
    "transaction": frozenset({"uetr", "payment"}),
    "wallet": frozenset({"wallet", "transaction_hash"}),
    "url": frozenset({"url", "domain"}),
}  # fmt: skip
# Categories that are of a time, and not simply so.
OVER_TIME: Final = frozenset(
    {"traffic", "traffic_route_only", "content", "transactions", "future_transactions"}
)
# What nobody of a kind can look up, whatever the form takes; where a kind is not named, anything.
KNOWN_TO: Final[Mapping[str, frozenset[str]]] = {
    "isp": frozenset({"ip", "phone", "email", "user_name", "device", "domain"}),
    "telecom": frozenset({"ip", "phone", "device", "email"}),
    "hosting": frozenset({"ip", "domain", "url", "email", "user_name"}),
    "platform": frozenset({"user_name", "email", "phone", "url", "device", "ip"}),
    "registrar": frozenset({"domain", "email"}),
    "registry": frozenset({"domain"}),
    "bank": frozenset({"iban", "account", "card", "phone", "email", "uetr", "payment"}),
    "payment": frozenset({"iban", "account", "card", "phone", "email", "uetr", "payment"}),
    "vasp": frozenset({"wallet", "transaction_hash", "email", "user_name", "phone", "iban"}),
}  # fmt: skip


def check(
    asking: Asking, shape: Shape, profile: Profile | None, *, bounds: Bounds, at: datetime
) -> list[Lack]:
    """Return what one target lacks, what blocks first; nothing if it is complete."""
    found = [lack for part in _PARTS for lack in part(asking, shape, profile, bounds, at)]
    return sorted(found, key=lambda lack: not lack.blocks)


def _block(code: str, where: str, said: Said) -> Lack:
    return Lack(code, Severity.BLOCK, said, where)


def _warn(code: str, where: str, said: Said) -> Lack:
    return Lack(code, Severity.WARN, said, where)


def _route(
    asking: Asking, shape: Shape, profile: Profile | None, bounds: Bounds, at: datetime
) -> Iterator[Lack]:
    if not asking.has_basis:
        yield _block(
            "no_valid_basis", "measure", Said("No power is known on which this could rest today.")
        )
    if asking.addressee_kind not in shape.addressees:
        yield _block(
            "wrong_route", "targets",
            Said("%(measure)s is not asked of %(kind)s, but of %(others)s.", measure=shape.measure,
                 kind=asking.addressee_kind, others=SaidList(shape.addressees)),
        )  # fmt: skip


def _identifiers(
    asking: Asking, shape: Shape, profile: Profile | None, bounds: Bounds, at: datetime
) -> Iterator[Lack]:
    if shape.needs_identifier and not asking.identifiers:
        yield _block(
            "identifier_missing", "identifiers", Said("Say whom or what the addressee looks up.")
        )
    taken = _taken(shape.takes, KNOWN_TO.get(asking.addressee_kind))
    own = _taken(taken, profile.takes if profile else None)
    for one in asking.identifiers:
        if taken is not None and one.kind not in taken:
            yield _block("wrong_identifier", "identifiers", _not_found_by(one, taken))
        elif own is not None and one.kind not in own:
            yield _warn("wrong_identifier", "identifiers", _not_found_by(one, own))
        if taken is None or one.kind in taken:
            yield from _written(one)
            if one.kind == "ip":
                yield from _address(one, profile, is_justified=bool(asking.justification.strip()))


def _written(one: Identifier) -> Iterator[Lack]:
    """It is written as its kind is, and its moment has a zone."""
    if not is_written_so(one.kind, one.value):
        yield _block(
            "malformed_identifier", "identifiers",
            Said("%(value)s is not written as %(kind)s is. Look at it again.",
                 value=one.value[:80], kind=one.kind),
        )  # fmt: skip
    if one.at is not None and one.at.tzinfo is None:
        yield _block(
            "zone_missing", "identifiers",
            Said("%(ip)s: the time needs its zone, such as +01:00.", ip=one.value[:80]),
        )  # fmt: skip


def _taken(*limits: frozenset[str] | None) -> frozenset[str] | None:
    """The kinds of identifiers that lead anywhere; None if nothing is known against any."""
    known = [kinds for kinds in limits if kinds]
    return frozenset.intersection(*known) if known else None


def _not_found_by(one: Identifier, taken: frozenset[str]) -> Said:
    return Said("%(value)s: here nobody is found by %(kind)s. Possible: %(kinds)s.",
                value=one.value, kind=one.kind, kinds=SaidList(sorted(taken)))  # fmt: skip


def _address(one: Identifier, profile: Profile | None, *, is_justified: bool) -> Iterator[Lack]:
    """An address is somebody's for a moment; behind carrier-grade NAT it is many people's.

    That it is behind one its addressee says: with a word on why there is no port it may be asked.
    """
    if one.at is None:
        yield _block(
            "time_missing", "identifiers",
            Said("%(ip)s: say at which moment it was seen.", ip=one.value),
        )  # fmt: skip
    if one.port is None and (profile is None or profile.has_cgnat):
        said = Said(
            "%(ip)s: many customers share this address. Add the source port, or say in the "
            "justification why there is none.",
            ip=one.value,
        )
        make = _warn if profile is None or is_justified else _block
        yield make("port_missing", "identifiers", said)


def _period(
    asking: Asking, shape: Shape, profile: Profile | None, bounds: Bounds, at: datetime
) -> Iterator[Lack]:
    is_of_a_time = shape.needs_period and bool(OVER_TIME & set(asking.data))
    if asking.from_at is None and (is_of_a_time or asking.until_at is not None):
        yield _block("period_missing", "period", Said("Say from when until when."))
    if asking.from_at is None:
        return
    until = _until(asking, at)
    if until < asking.from_at:
        yield _block("period_backwards", "period", Said("The period ends before it begins."))
        return
    length = until - asking.from_at
    if profile and profile.longest and length > profile.longest:
        yield _warn(
            "too_broad", "period",
            Said("This addressee answers for %(days)s days at most.", days=profile.longest.days),
        )  # fmt: skip
    usual = [bounds.longest[c] for c in asking.data if c in bounds.longest]
    if usual and length > min(usual):
        said = Said(
            "%(days)s days are asked; usual are %(usual)s. Say why so long, or ask for less.",
            days=length.days, usual=min(usual).days,
        )  # fmt: skip
        justified = asking.justification.strip()
        make = _warn if justified else _block
        yield make("long_period" if justified else "too_broad", "justification", said)


def _holding(
    asking: Asking, shape: Shape, profile: Profile | None, bounds: Bounds, at: datetime
) -> Iterator[Lack]:
    if shape.data and not asking.data:
        yield _block(
            "category_missing", "data",
            Said("Say which data are asked for: %(categories)s.", categories=SaidList(shape.data)),
        )  # fmt: skip
    for category in asking.data:
        if shape.data and category not in shape.data:
            yield _block(
                "category_unknown", "data",
                Said("%(measure)s does not ask for %(category)s.", measure=shape.measure,
                     category=category),
            )  # fmt: skip
        elif profile and profile.held and category not in profile.held:
            yield _warn(
                "data_not_held", "data",
                Said("This addressee does not hold %(category)s.", category=category),
            )  # fmt: skip
        elif profile and (kept_for := _kept(profile, category)):
            yield from _kept_until(asking, shape, category, kept_for, bounds, at)


def _kept(profile: Profile, category: str) -> timedelta | None:
    held = profile.held.get(category)
    return held.kept_for if held else None


def _kept_until(
    asking: Asking, shape: Shape, category: str, kept_for: timedelta, bounds: Bounds, at: datetime
) -> Iterator[Lack]:
    """What is gone, partly gone, or goes soon: the oldest moment asked about goes first."""
    moments = [m for m in _moments(asking, at) if m.tzinfo is not None]
    if not moments:
        return
    oldest, newest = min(moments), max(moments)
    if newest + kept_for <= at:
        yield _warn(
            "data_gone", "period",
            Said("%(category)s is kept %(days)s days: it is gone since %(day)s.",
                 category=category, days=kept_for.days, day=(newest + kept_for).date().isoformat()),
        )  # fmt: skip
    elif oldest + kept_for <= at:
        yield _warn(
            "partly_gone", "period",
            Said("%(category)s before %(day)s is gone already.", category=category,
                 day=(at - kept_for).date().isoformat()),
        )  # fmt: skip
    elif not shape.is_preservation and oldest + kept_for - at <= bounds.warn_before_gone:
        yield _warn(
            "preserve_first", "period",
            Said("%(category)s is gone in %(days)s days: preserve first.", category=category,
                 days=(oldest + kept_for - at).days),
        )  # fmt: skip


def _until(asking: Asking, at: datetime) -> datetime:
    """When the period ends: one that is open lasts until it is asked for, and is as long as that.

    What begins later than now ends when it begins, as far as is known.
    """
    return asking.until_at or max(at, asking.from_at or at)


def _moments(asking: Asking, at: datetime) -> Iterator[datetime]:
    if asking.from_at:
        yield asking.from_at
        yield _until(asking, at)
    else:
        yield from (one.at for one in asking.identifiers if one.at)


def _form(
    asking: Asking, shape: Shape, profile: Profile | None, bounds: Bounds, at: datetime
) -> Iterator[Lack]:
    """What the form of the measure has to say, and the reasons that the law wants to read."""
    for name in shape.must:
        if not asking.fields.get(name, "").strip():
            yield _block(
                "field_missing", f"fields.{name}",
                Said("Without %(field)s this does not leave.", field=name),
            )  # fmt: skip
    if asking.is_reasoned and not asking.justification.strip():
        yield _block(
            "reasons_missing", "justification",
            Said("The law wants a reasoned request: say why it is needed."),
        )  # fmt: skip


def _amount(
    asking: Asking, shape: Shape, profile: Profile | None, bounds: Bounds, at: datetime
) -> Iterator[Lack]:
    """Money is stopped up to a sum; all of an account only if that is said, and why."""
    if not shape.needs_amount:
        return
    if not asking.is_whole:
        if asking.amount_minor is None:
            said = Said("Say up to which sum.")
            if shape.may_be_whole:
                said = Said("Say up to which sum, or that all of it is meant, and why.")
            yield _block("amount_missing", "amount_minor", said)
    elif asking.amount_minor is not None:
        yield _block(
            "amount_or_whole", "amount_minor", Said("Name a sum, or all of it, and not both.")
        )
    elif not asking.justification.strip():
        yield _block(
            "whole_not_justified", "justification",
            Said("All of the account is asked for: say why a sum would not do."),
        )  # fmt: skip


def _proportion(
    asking: Asking, shape: Shape, profile: Profile | None, bounds: Bounds, at: datetime
) -> Iterator[Lack]:
    """Content, traffic, and what is old are asked for with a word on why that is proportionate."""
    if asking.proportionality.strip() or shape.is_preservation:
        return
    intrusive = [c for c in asking.data if c in bounds.intrusive]
    moments = [m for m in _moments(asking, at) if m.tzinfo is not None]
    old = [
        c for c in asking.data
        if moments and c in bounds.old_after and at - min(moments) > bounds.old_after[c]
    ]  # fmt: skip
    if intrusive or old:
        yield _block(
            "proportionality_missing", "proportionality",
            Said("Say why %(data)s of this age is needed and nothing milder would do.",
                 data=SaidList(dict.fromkeys(intrusive + old))),
        )  # fmt: skip


def _danger(
    asking: Asking, shape: Shape, profile: Profile | None, bounds: Bounds, at: datetime
) -> Iterator[Lack]:
    """Who shortens the way says what is in danger; an emergency is not asked for again unseen."""
    if asking.is_danger and not asking.danger_facts.strip():
        yield _block(
            "danger_not_said", "danger_facts",
            Said("Say who or what is in danger, and why the ordinary way is too slow."),
        )  # fmt: skip
    if asking.is_danger and asking.lapsed_alike:
        yield _warn(
            "lapsed_before", "danger_facts",
            Said("An emergency about the same was not confirmed before: %(requests)s.",
                 requests=SaidList(asking.lapsed_alike)),
        )  # fmt: skip


def _duplicates(
    asking: Asking, shape: Shape, profile: Profile | None, bounds: Bounds, at: datetime
) -> Iterator[Lack]:
    if asking.open_alike:
        yield _warn(
            "asked_already", "targets",
            Said("The same is asked already: %(tickets)s.", tickets=SaidList(asking.open_alike)),
        )  # fmt: skip
    if asking.effect_before:
        yield _warn(
            BEGUN_BEFORE, "targets",
            Said("Kept or stopped under this law before: %(requests)s, %(hours)s hours in all. Its "
                 "longest time is not begun anew for the same facts: whoever decides says in "
                 "writing what is new, or it is extended instead.",
                 requests=SaidList(asking.effect_before), hours=asking.effect_hours),
        )  # fmt: skip
    if asking.not_longer is not None:
        yield _block("not_longer", "targets", asking.not_longer)


_PARTS: Final = (
    _route, _identifiers, _period, _holding, _form, _amount, _proportion, _danger, _duplicates
)  # fmt: skip


def blocks(lacks: Sequence[Lack]) -> bool:
    """Whether any of these stops the request."""
    return any(lack.blocks for lack in lacks)
