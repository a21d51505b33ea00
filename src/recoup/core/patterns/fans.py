"""Fan-in and fan-out: one account, and many different counterparties within a short time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recoup.core.patterns.books import Books
from recoup.core.patterns.finding import Figure, Finding, seconds, window_said
from recoup.core.patterns.spells import Different, Spell, spells
from recoup.core.patterns.thresholds import Fan
from recoup.core.said import Said


def fan_in(books: Books, fan: Fan) -> Iterator[Finding]:
    """Accounts that many different accounts paid within the window."""
    for account, places in books.known(books.credits):
        payers = [books.transfers[place].payer for place in places]
        for spell in _spells(books, places, payers, fan):
            yield fan_in_worded(books, account, places, spell, fan)


def fan_out(books: Books, fan: Fan) -> Iterator[Finding]:
    """Accounts that paid many different accounts within the window."""
    for account, places in books.known(books.debits):
        payees = [books.transfers[place].payee for place in places]
        for spell in _spells(books, places, payees, fan):
            yield fan_out_worded(books, account, places, spell, fan)


def fan_in_worded(
    books: Books, account: str, places: Sequence[int], spell: Spell, fan: Fan
) -> Finding:
    """A spell of an account that many paid."""
    said = Said(
        "%(account)s was paid by %(n)s different accounts within %(window)s; this is shown from "
        "%(least)s on.",
        account=account, n=spell.peak, window=window_said(fan.window), least=fan.counterparties,
    )  # fmt: skip
    return _finding("fan_in", account, books, places, spell, fan, said)


def fan_out_worded(
    books: Books, account: str, places: Sequence[int], spell: Spell, fan: Fan
) -> Finding:
    """A spell of an account that paid many."""
    said = Said(
        "%(account)s paid %(n)s different accounts within %(window)s; this is shown from "
        "%(least)s on.",
        account=account, n=spell.peak, window=window_said(fan.window), least=fan.counterparties,
    )  # fmt: skip
    return _finding("fan_out", account, books, places, spell, fan, said)


def _spells(books: Books, places: Sequence[int], names: list[str], fan: Fan) -> list[Spell]:
    if len(places) < fan.counterparties:
        return []
    times = [books.transfers[place].t for place in places]
    return spells(
        times, window=books.ticks(fan.window), tally=Different(names), least=fan.counterparties
    )


def _finding(
    kind: str, account: str, books: Books, places: Sequence[int], spell: Spell, fan: Fan,
    said: Said,
) -> Finding:  # fmt: skip
    shown = places[spell.peak_first : spell.peak_last + 1]
    begins, ends = books.transfers[shown[0]].t, books.transfers[shown[-1]].t
    return Finding(
        kind,
        account,
        books.transfers[places[spell.first]].t,
        books.transfers[places[spell.last]].t,
        books.ids(shown),
        (
            Figure("counterparties", spell.peak, fan.counterparties),
            Figure("seconds", books.span(begins, ends), seconds(fan.window)),
        ),
        said,
    )
