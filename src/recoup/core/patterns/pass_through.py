"""Pass-through: most of what arrived leaves again almost at once.

Each unit of a debit is set against one credit only: the youngest that the window still covers and
that has units left. So ten credits and one debit are not ten credits that passed through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from recoup.core.patterns.books import Books
from recoup.core.patterns.finding import Figure, Finding, seconds, window_said
from recoup.core.patterns.spells import Spell, Total, spells
from recoup.core.patterns.thresholds import Amounts, PassThrough
from recoup.core.said import Said


@dataclass(slots=True)
class Passed:
    """A credit, its units that no debit has been set against yet, and the debits that were."""

    place: int
    credited: int
    left: int
    debits: list[int] = field(default_factory=list)


def pass_through(books: Books, threshold: PassThrough, amounts: Amounts) -> Iterator[Finding]:
    """Accounts through which credits of at least ``amounts.least`` together passed in a window."""
    for account, places in books.known(books.credits):
        if account not in books.debits:
            continue
        matched = match(books, places, books.debits[account], books.ticks(threshold.window))
        passed = [
            x for x in matched if (x.credited - x.left) * 100 >= threshold.percent * x.credited
        ]
        times = [books.transfers[x.place].t for x in passed]
        found = spells(
            times, window=books.ticks(threshold.window), tally=Total([x.credited for x in passed]),
            least=max(amounts.least, 1),
        )  # fmt: skip
        for spell in found:
            yield _finding(account, books, passed, spell, threshold, amounts)


def match(books: Books, credits: Sequence[int], debits: Sequence[int], window: int) -> list[Passed]:
    """Set every debit against the youngest credits within the window before it."""
    passed = [Passed(x, books.transfers[x].credited, books.transfers[x].credited) for x in credits]
    still: list[Passed] = []
    arrived = 0
    for place in debits:
        while arrived < len(passed) and books.moment(credits[arrived]) <= books.moment(place):
            still.append(passed[arrived])
            arrived += 1
        debit, units = books.transfers[place], books.transfers[place].amount
        while units and still:
            youngest = still[-1]
            if books.transfers[youngest.place].t < debit.t - window:
                still.clear()  # the youngest is too old, so are all before it
                break
            taken = min(units, youngest.left)
            units -= taken
            youngest.left -= taken
            youngest.debits.append(place)
            if not youngest.left:
                still.pop()
    return passed


def _finding(
    account: str, books: Books, passed: list[Passed], spell: Spell, threshold: PassThrough,
    amounts: Amounts,
) -> Finding:  # fmt: skip
    whole = passed[spell.first : spell.last + 1]
    shown = passed[spell.peak_first : spell.peak_last + 1]
    arrived = sum(x.credited for x in shown)
    percent = (arrived - sum(x.left for x in shown)) * 100 // arrived
    said = Said(
        "Of what came to %(account)s, %(percent)s per cent left it again within %(window)s; this "
        "is shown from %(least)s per cent on.",
        account=account, percent=percent, window=window_said(threshold.window),
        least=threshold.percent,
    )  # fmt: skip
    longest = max(
        books.span(books.transfers[x.place].t, books.transfers[x.debits[-1]].t) for x in shown
    )
    return Finding(
        "pass_through",
        account,
        books.transfers[whole[0].place].t,
        max(books.transfers[x.debits[-1]].t for x in whole),
        books.ids([place for x in shown for place in (x.place, *x.debits)]),
        (
            Figure("percent", percent, threshold.percent),
            Figure("amount", arrived, amounts.least),
            Figure("seconds", longest, seconds(threshold.window)),
        ),
        said,
    )
