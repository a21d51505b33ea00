"""Structuring: several payments in a short time, each just under a sum at which somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from recoup.core.patterns.books import Books
from recoup.core.patterns.finding import Figure, Finding, seconds, window_said
from recoup.core.patterns.spells import Spell, Total, spells
from recoup.core.patterns.thresholds import Structuring
from recoup.core.said import Said


def structuring(books: Books, threshold: Structuring, limit: int) -> Iterator[Finding]:
    """Accounts that were paid, or that paid, several times just under the limit."""
    for is_in, side in ((True, books.credits), (False, books.debits)):
        yield from _side(books, side, threshold, limit, is_in=is_in)


def _side(
    books: Books, side: Mapping[str, Sequence[int]], threshold: Structuring, limit: int, *,
    is_in: bool,
) -> Iterator[Finding]:  # fmt: skip
    for account, all_places in books.known(side):
        places = [x for x in all_places if is_just_under(_sum(books, x, is_in), threshold, limit)]
        found = spells(
            [books.transfers[place].t for place in places],
            window=books.ticks(threshold.window),
            tally=Total([1] * len(places)),
            least=threshold.payments,
        )
        for spell in found:
            said = _said(account, spell.peak, threshold, is_in=is_in)
            yield _finding(account, books, places, spell, threshold, said)


def is_just_under(amount: int, threshold: Structuring, limit: int) -> bool:
    """Whether an amount is below the limit by so little that it counts."""
    return threshold.percent * limit <= 100 * amount < 100 * limit


def _sum(books: Books, place: int, is_in: bool) -> int:
    transfer = books.transfers[place]
    return transfer.credited if is_in else transfer.amount


def _said(account: str, n: int, threshold: Structuring, *, is_in: bool) -> Said:
    window = window_said(threshold.window)
    if is_in:
        return Said(
            "%(account)s was paid %(n)s times within %(window)s just under a reporting limit; "
            "this is shown from %(least)s times on.",
            account=account, n=n, window=window, least=threshold.payments,
        )  # fmt: skip
    return Said(
        "%(account)s paid %(n)s times within %(window)s just under a reporting limit; this is "
        "shown from %(least)s times on.",
        account=account, n=n, window=window, least=threshold.payments,
    )  # fmt: skip


def _finding(
    account: str, books: Books, places: list[int], spell: Spell, threshold: Structuring, said: Said
) -> Finding:
    shown = places[spell.peak_first : spell.peak_last + 1]
    begins, ends = books.transfers[shown[0]].t, books.transfers[shown[-1]].t
    return Finding(
        "structuring",
        account,
        books.transfers[places[spell.first]].t,
        books.transfers[places[spell.last]].t,
        books.ids(shown),
        (
            Figure("payments", spell.peak, threshold.payments),
            Figure("seconds", books.span(begins, ends), seconds(threshold.window)),
        ),
        said,
    )
