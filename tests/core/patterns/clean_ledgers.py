"""Ledgers in which nothing was planted, as ``[clean_ledger]`` of the data file describes them."""

from __future__ import annotations

from math import exp, log
from random import Random

from recoup.core.patterns import CleanLedger
from recoup.core.tracing import Transfer

WEEK = 7 * 86_400
WEEKS = 10


def clean_ledger(choose: Random, size: int, clean: CleanLedger) -> list[Transfer]:
    """Return so many transfers over ten weeks, none of an account to itself; seconds, cents."""
    accounts = max(2, size // (WEEKS * clean.credits_per_account_week))
    transfers = []
    for number in range(size):
        payer, payee = choose.sample(range(accounts), 2)
        amount = int(exp(choose.gauss(log(clean.median), clean.spread / 100))) + 1
        moment = choose.randrange(WEEKS * WEEK)
        transfers.append(Transfer(f"c{number:07}", moment, f"k{payer}", f"k{payee}", amount))
    return transfers
