"""The rules of one country for the measures used here, as one immutable, numbered version.

A request points to the version it was made under; nobody changes a version afterwards. The
canonical JSON of a pack (RFC 8785) and its SHA-256 digest say which text that was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import rfc8785

from recoup.core.law.recall import PaymentScheme

if TYPE_CHECKING:  # powers rest on the legal bases of this module
    from recoup.core.law.powers import Missing, Power


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """The article relied on, printed on every request as it is.

    text: what it says, in our words. binding: whether the addressee has to obey.
    confirmed: a lawyer read the source and agrees, on read_on. assumed: invented for the
    demonstration, and no law. to_check: what still has to be read.
    """

    basis: str
    instrument: str
    article: str
    text: str
    binding: bool
    confirmed: bool
    assumed: bool
    source: str
    read_on: date | None = None
    to_check: str = ""


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """How one measure works in this country; every duration counts from sending.

    lapses_after: the request ends unanswered. precautionary_lapses_after: a hold that rests on
    an unconfirmed report ends. hold_limit: the longest that money is held under this basis.
    """

    measure: str
    legal_basis: LegalBasis
    acknowledge_within: timedelta
    answer_within: timedelta
    lapses_after: timedelta | None = None
    precautionary_lapses_after: timedelta | None = None
    hold_limit: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Caps:
    """How much may be asked on reports that nobody confirmed, and on an institution's own word.

    Amounts are in the pack's currency. reports_kept: beyond reports_per_reporter_hour a report
    waits for an officer, beyond this one its sender is turned away. reporter_account: of one sender
    (a network, or an institution for others' customers) against one payee's account.
    vouched: reports that start adopted, by the payer's own institution or a call taker.
    asks_of_account: how often officers may ask in one case what was booked on an account since; or
    asking again after each answer would watch it, for which this law is not made.
    """

    reports_per_reporter_hour: int
    reports_kept_per_reporter_hour: int
    precautionary_per_reporter_account_hour: int
    precautionary_per_account_hour: int
    precautionary_per_hour: int
    precautionary_amount_minor: int
    vouched_per_institution_hour: int
    vouched_per_account_hour: int
    vouched_amount_minor: int
    asks_of_account_day: int


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Who is told that a clock has run out, and how long after."""

    to: str
    after: timedelta


@dataclass(frozen=True, slots=True)
class NextStep:
    """The way from a voluntary hold to a binding one: who asks, who decides, for how long."""

    step: str
    name: str
    legal_basis: LegalBasis
    requested_by: str
    authorised_by: str
    lasts: timedelta | None
    extension: timedelta | None = None
    extension_when: str = ""
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Pack:
    """One version of a country's rules. document: what it was read from, as plain JSON values.

    rules: how tickets of a hub that runs there work; a country without one has none. powers,
    missing: its law for each measure, and where none is known. note: stands wherever the name does.
    """

    country: str
    version: int
    name: str
    currency: str
    time_zone: str
    languages: tuple[str, ...]
    notice: str
    holding_rule: str
    shortfall: str
    rules: tuple[MeasureRule, ...]
    caps: Caps
    escalation: tuple[EscalationStep, ...]
    next_steps: tuple[NextStep, ...]
    schemes: tuple[PaymentScheme, ...]
    document: Mapping[str, Any]
    powers: tuple[Power, ...] = ()
    missing: tuple[Missing, ...] = ()
    note: str = ""

    @property
    def canonical(self) -> bytes:
        """The document as canonical JSON (RFC 8785): the bytes that are stored and signed."""
        return rfc8785.dumps(dict(self.document))

    @property
    def sha256(self) -> str:
        """Digest of the canonical document, in hexadecimal."""
        return sha256(self.canonical).hexdigest()

    def powers_for(self, measure: str) -> tuple[Power, ...]:
        """The powers for a measure, those of other days too, in the order of the pack."""
        return tuple(power for power in self.powers if power.measure == measure)

    def missing_for(self, measure: str) -> Missing | None:
        """What the pack says of a measure for which no power is known; None if nothing."""
        return next((row for row in self.missing if measure in row.measures), None)

    def rule_for(self, measure: str) -> MeasureRule:
        """Return the rule of a measure; KeyError if this country has none."""
        for rule in self.rules:
            if rule.measure == measure:
                return rule
        raise KeyError(f"The pack {self.country} {self.version} has no measure {measure!r}.")
