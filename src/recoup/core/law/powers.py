"""Under which power a measure may be asked: who asks, who authorises, how long, and why not.

A power is one rule of one country for one measure: an article, the kinds of organisation that may
ask, the roles that authorise, the time limits. `choose` finds the power for a need on a day, or
says in a code why there is none. Nothing here waives the second person: a request always has an
author and at least one other natural person who decides (ADR 0016).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Final

from recoup.core.law.events import When
from recoup.core.law.pack import LegalBasis
from recoup.core.law.units import Limit as Limit
from recoup.core.law.units import Unit as Unit
from recoup.core.law.words import Word
from recoup.core.said import Said, SaidCode, SaidList

if TYPE_CHECKING:
    from recoup.core.law.measures import Catalogue


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a rule may be relied on. Only what a named lawyer confirmed is certain.

    read_on: somebody read the passage at the source that day. to_check: what is still to be read.
    assumed: invented, and no law.
    """

    source: str
    confirmed_by: str = ""
    confirmed_on: date | None = None
    read_on: date | None = None
    to_check: str = ""
    assumed: bool = False

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_on is not None


@dataclass(frozen=True, slots=True)
class Emergency:
    """How an emergency shortens the waiting: who may decide at first, and who confirms by when.

    dangers: what has to be in danger (life, flight_of_money). Not confirmed in time, it lapses.
    is_sealed: what comes is read by nobody before it is confirmed, and never if it is not.
    submit_within: whoever decided first puts it before whoever confirms it by then.
    """

    dangers: tuple[str, ...]
    authorised_by: tuple[str, ...]
    confirmed_by: tuple[str, ...]
    confirm_within: Limit
    is_sealed: bool = False
    submit_within: Limit | None = None


@dataclass(frozen=True, slots=True)
class Power:
    """One rule of one country. data: categories; none named means all that the measure knows.

    requested_by, addressees: kinds of organisation. authorised_by: roles, any one of which may
    decide. effect: the longest that it lasts. written_within: an oral decision is allowed and is
    confirmed in writing by then. notify_after: the person concerned is told then. extension_when:
    in words, when the effect may be made longer; extension_on: the same as far as a calendar knows.
    is_reasoned: the law wants motion and order with reasons. destroy_after: data that served
    nothing are destroyed then.
    """

    power: str
    measure: str
    data: tuple[str, ...]
    legal_basis: LegalBasis
    requested_by: tuple[str, ...]
    authorised_by: tuple[str, ...]
    addressees: tuple[str, ...]
    acknowledge_within: Limit
    answer_within: Limit
    effect: Limit | None = None
    extension: Limit | None = None
    extension_when: str = ""
    extension_on: When | None = None
    written_within: Limit | None = None
    emergency: Emergency | None = None
    is_secret: bool = False
    is_reasoned: bool = False
    notify_after: Limit | None = None
    destroy_after: Limit | None = None
    law_from: date | None = None
    law_until: date | None = None
    standing: Standing = field(default_factory=lambda: Standing(source=""))

    def is_in_force(self, on: date) -> bool:
        """Whether a day is one of the law's, its first and its last among them."""
        return self.is_begun(on) and not self.is_over(on)

    def is_begun(self, on: date) -> bool:
        return self.law_from is None or on >= self.law_from

    def is_over(self, on: date) -> bool:
        return self.law_until is not None and on > self.law_until


@dataclass(frozen=True, slots=True)
class Missing:
    """Measures for which no power is known in a country, why, and where it was looked for."""

    measures: tuple[str, ...]
    why: str
    source: str
    to_check: str


@dataclass(frozen=True, slots=True)
class Need:
    """What an officer wants to know or to have done, of whom, on a day.

    data: the categories wanted. danger: "" or one of an emergency's dangers.
    """

    measure: str
    data: tuple[str, ...]
    requester_kind: str
    addressee_kind: str
    on: date
    danger: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The power found. persons: how many natural persons it takes, the author among them."""

    power: Power
    authorised_by: tuple[str, ...]
    confirmed_by: tuple[str, ...]
    confirm_within: Limit | None
    persons: int
    submit_within: Limit | None = None


class NoPowerCode(StrEnum):
    """Why nothing may be asked, from the widest reason to the narrowest."""

    UNKNOWN_MEASURE = "unknown_measure"
    NO_POWER_KNOWN = "no_power_known"
    LAW_NOT_YET = "law_not_yet"
    LAW_ENDED = "law_ended"
    WRONG_REQUESTER = "wrong_requester"
    WRONG_ADDRESSEE = "wrong_addressee"
    CATEGORY_NOT_COVERED = "category_not_covered"
    EMERGENCY_NOT_FORESEEN = "emergency_not_foreseen"


class NoPower(Exception):
    """There is no power for this need. said: the sentence for the officer.

    missing: what the country's pack says of it, where it says that no power is known.
    """

    def __init__(self, code: NoPowerCode, said: Said, missing: Missing | None = None) -> None:
        self.code, self.said, self.missing = code, said, missing
        super().__init__(said)


AUTHOR_AND_ONE_MORE: Final = 2


def choose(
    powers: Sequence[Power],
    need: Need,
    *,
    missing: Sequence[Missing] = (),
    catalogue: Catalogue | None = None,
) -> Choice:
    """Return the power for a need; raises NoPower with the reason that is nearest to a power.

    Of several powers that fit, the order of the pack decides; ``choices`` has them all. missing:
    what the pack says of measures without a power. catalogue: the measures that there are, and the
    words in which a reason names things to people; without it a reason has the words of the API.
    """
    return choices(powers, need, missing=missing, catalogue=catalogue)[0]


def choices(
    powers: Sequence[Power],
    need: Need,
    *,
    missing: Sequence[Missing] = (),
    catalogue: Catalogue | None = None,
) -> tuple[Choice, ...]:
    """Return every power that fits, in the order of the pack, at least one; raises NoPower.

    Each condition leaves those powers that meet it; the first that leaves none is the reason.
    """
    if catalogue is not None and need.measure not in catalogue:
        said = Said("There is no measure called %(measure)s.", measure=need.measure)
        raise NoPower(NoPowerCode.UNKNOWN_MEASURE, said)
    left = tuple(power for power in powers if power.measure == need.measure)
    if not left:
        raise _nothing_known(need, missing, catalogue)
    for code, meets in _CONDITIONS:
        kept = tuple(power for power in left if meets(power, need))
        if not kept:
            raise NoPower(code, _reason(code, left, need, catalogue))
        left = kept
    return tuple(_choice(power, need) for power in left)


def offered(
    powers: Sequence[Power],
    measures: Iterable[str],
    *,
    requester_kind: str,
    addressee_kind: str,
    on: date,
) -> dict[str, Choice]:
    """Return what an officer may ask of an addressee on a day, by measure, in their order."""
    found = {}
    for measure in measures:
        try:
            found[measure] = choose(powers, Need(measure, (), requester_kind, addressee_kind, on))
        except NoPower:
            continue
    return found


def _nothing_known(need: Need, missing: Sequence[Missing], catalogue: Catalogue | None) -> NoPower:
    row = next((row for row in missing if need.measure in row.measures), None)
    named = need.measure
    if catalogue is not None:
        named = SaidCode(named, words=catalogue[named].name)
    if row is None:
        said = Said("This country's rules know no power for %(measure)s.", measure=named)
    else:
        said = Said(
            "This country's rules know no power for %(measure)s: %(why)s",
            measure=named, why=Said(row.why),
        )  # fmt: skip
    return NoPower(NoPowerCode.NO_POWER_KNOWN, said, row)


def _covers(power: Power, need: Need) -> bool:
    return not power.data or set(need.data) <= set(power.data)


def _foresees(power: Power, need: Need) -> bool:
    return not need.danger or (
        power.emergency is not None and need.danger in power.emergency.dangers
    )


_CONDITIONS: Final[tuple[tuple[NoPowerCode, Callable[[Power, Need], bool]], ...]] = (
    (NoPowerCode.LAW_NOT_YET, lambda power, need: power.is_begun(need.on)),
    (NoPowerCode.LAW_ENDED, lambda power, need: not power.is_over(need.on)),
    (NoPowerCode.WRONG_REQUESTER, lambda power, need: need.requester_kind in power.requested_by),
    (NoPowerCode.WRONG_ADDRESSEE, lambda power, need: need.addressee_kind in power.addressees),
    (NoPowerCode.CATEGORY_NOT_COVERED, _covers),
    (NoPowerCode.EMERGENCY_NOT_FORESEEN, _foresees),
)


def _choice(power: Power, need: Need) -> Choice:
    urgent = power.emergency if need.danger else None
    return Choice(
        power=power,
        authorised_by=urgent.authorised_by if urgent else power.authorised_by,
        confirmed_by=urgent.confirmed_by if urgent else (),
        confirm_within=urgent.confirm_within if urgent else None,
        persons=AUTHOR_AND_ONE_MORE,
        submit_within=urgent.submit_within if urgent else None,
    )


def _reason(
    code: NoPowerCode, nearest: Sequence[Power], need: Need, catalogue: Catalogue | None
) -> Said:
    """What the officer is told; ``nearest`` met every condition before this one."""
    words = catalogue.words if catalogue else None
    kinds = words.kinds if words else {}
    match code:
        case NoPowerCode.LAW_NOT_YET:
            days = [power.law_from for power in nearest if power.law_from]
            return Said("The power begins on %(day)s only.", day=min(days).isoformat())
        case NoPowerCode.LAW_ENDED:
            days = [power.law_until for power in nearest if power.law_until]
            return Said("The power ended on %(day)s.", day=max(days).isoformat())
        case NoPowerCode.WRONG_REQUESTER:
            return Said(
                "%(requester)s may not ask for this; %(others)s may.",
                requester=_named(need.requester_kind, kinds),
                others=_all((power.requested_by for power in nearest), kinds),
            )
        case NoPowerCode.WRONG_ADDRESSEE:
            return Said(
                "This cannot be asked of %(addressee)s, but of %(others)s.",
                addressee=_named(need.addressee_kind, kinds),
                others=_all((power.addressees for power in nearest), kinds),
            )
        case NoPowerCode.CATEGORY_NOT_COVERED:
            categories = words.categories if words else {}
            return Said(
                "No power covers %(wanted)s together; there is one for %(covered)s.",
                wanted=_all([need.data], categories),
                covered=_all((power.data for power in nearest), categories),
            )
        case _:
            return Said(
                "No shorter way is foreseen for the danger %(danger)s; ask in the ordinary way.",
                danger=_named(need.danger, words.dangers if words else {}),
            )


def _named(word: str, known: Mapping[str, Word]) -> str:
    """A word of the API with the name that people see, if that is known."""
    return SaidCode(word, words=known[word].name) if word in known else word


def _all(groups: Iterable[Sequence[str]], known: Mapping[str, Word]) -> SaidList:
    """Every word of the groups, once, in their order."""
    return SaidList(_named(word, known) for word in dict.fromkeys(chain.from_iterable(groups)))
