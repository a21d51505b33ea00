"""From when on a pattern is shown: the numbers, each with where it comes from.

The values stand in ``data/indicators.toml``. Amounts are minor units of the ledger's currency, and
windows are times as people count them; a ledger says how many of its ticks make a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

KINDS: Final = ("fan_in", "fan_out", "pass_through", "cycle", "peel_chain", "structuring")


@dataclass(frozen=True, slots=True)
class Fan:
    """counterparties: different payers (or payees) within the window."""

    counterparties: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class PassThrough:
    """percent: of a credit, that left again within the window after it."""

    percent: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Cycle:
    """A way back to where it began, each transfer carrying on ``percent`` of the one before.

    least_hops, most_hops: transfers on the way. looks: transfers that the search for one cycle may
    look at; where it ends there, the result says so.
    """

    least_hops: int
    most_hops: int
    percent: int
    looks: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class PeelChain:
    """hops: accounts one after the other that pass on ``percent`` and peel off ``peeled_percent``.

    window: from the credit of each account to the last debit that counts.
    """

    hops: int
    percent: int
    peeled_percent: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Structuring:
    """payments: so many in the window, each of ``percent`` of the limit or more, and below it."""

    payments: int
    percent: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Those of every pattern."""

    fan_in: Fan
    fan_out: Fan
    pass_through: PassThrough
    cycle: Cycle
    peel_chain: PeelChain
    structuring: Structuring


@dataclass(frozen=True, slots=True)
class Amounts:
    """least: sums that pass, return or are peeled count from here on; minor units of one currency.

    limit: from where on payments are reported or refused; None where no such sum is known, and
    then nobody looks for structuring.
    """

    least: int
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a pattern and its numbers come from.

    says: the indicator in our words. confidence: ``sourced`` if the source says so in words,
    ``general-knowledge`` if we rely on common knowledge, ``proposal`` if it is ours. numbers: the
    same, for the thresholds. clean_per_100_000: at most so many findings for 100,000 transfers of
    a ledger in which nothing was planted.
    """

    says: str
    source: str
    confidence: str
    numbers: str
    to_check: str
    clean_per_100_000: int
    indicators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CleanLedger:
    """The ledger without planted patterns in which the rates were counted.

    Any two accounts pay each other at any time. median: minor units of the usual payment, and
    spread: the standard deviation of its natural logarithm, in hundredths.
    """

    credits_per_account_week: int
    median: int
    spread: int


@dataclass(frozen=True, slots=True)
class Indicators:
    """All that the file says of patterns; amounts by currency, origins by kind of pattern."""

    thresholds: Thresholds
    amounts: Mapping[str, Amounts]
    origins: Mapping[str, Origin]
    clean: CleanLedger
    caution: str
