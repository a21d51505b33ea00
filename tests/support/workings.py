"""Workings for tests of papers and exports: a plain one, and one of hostile names."""

from __future__ import annotations

from recoup.core.tracing import Account, Ledger, Seed, Transfer
from recoup.core.tracing.working import Asset, Source, Working, work_out

EURO = Asset("EUR", 2)
DAY = 86_400
BEGIN = 1_767_225_600  # 2026-01-01

HOSTILE = {
    "V": '=HYPERLINK("http://x.invalid","victim")',
    "A": '#let x = read("/etc/passwd"); #strong[*not bold*] $x$ \\ `raw` <label> @ref // no /* no',
    "B": "Ђорђе Čvorović, Ëndri Gjonaj, Ayşe İğdır",
    "C": "\t@SUM(1+1)\n<script>alert(1)</script>",
}


def plain(*, rule: str = "fifo", names: dict[str, str] | None = None, **options: object) -> Working:
    """Two victims over four accounts, with a gap and an end that is known."""
    ledger = Ledger(
        {"V": Account(external=True), "W": Account(external=True), "A": Account(opening=70_00)},
        (
            Transfer("s1", BEGIN, "V", "A", 40_00),
            Transfer("s2", BEGIN + 60, "W", "A", 25_00),
            Transfer("t2", BEGIN + DAY, "A", "B", 90_00),
            Transfer("t3", BEGIN + 2 * DAY, "B", "C", 100_00),
            Transfer("t4", BEGIN + 3 * DAY, "A", "D", 5_00),
        ),
        (Seed("s1"), Seed("s2")),
    )
    sources = {
        "s1": Source("report", "R-2026-0001"),
        "s2": Source("report", "R-2026-0002"),
        "t2": Source("ticket", "T-2026-0007", "line 3"),
        "t3": Source("statement", "B_january.xlsx", "sheet 1, row 14"),
    }
    settings = {"asset": EURO, "sources": sources, "terminals": ["C"]} | options
    return work_out(ledger, rule=rule, names=names or {}, **settings)  # type: ignore[arg-type]


def hostile(*, rule: str = "fifo") -> Working:
    """The same, with names that a spreadsheet, a page or a typesetter could take for its own."""
    return plain(rule=rule, names=HOSTILE)


def long_one(steps: int) -> Working:
    """One payment peeled by a unit at each step."""
    peeled = (
        Transfer(f"t{n:06}", BEGIN + n, f"acc{n:06}", f"acc{n + 1:06}", steps + 10 - n)
        for n in range(steps)
    )
    first = Transfer("s", BEGIN - 1, "V", "acc000000", steps + 10)
    ledger = Ledger({"V": Account(external=True)}, (first, *peeled), (Seed("s"),))
    return work_out(ledger, rule="fifo", asset=EURO)


DINAR = Asset("RSD", 2)


def exchanged(*, rule: str = "fifo", **options: object) -> Working:
    """Dinars of two victims, mixed with clean ones; a part becomes euros, and some of them yen."""
    ledger = Ledger(
        {"V": Account(external=True), "cash": Account(external=True), "A": Account(opening=50_00)},
        (
            Transfer("s1", BEGIN, "V", "A", 1_000_00),
            Transfer("s2", BEGIN + 60, "V", "A", 500_00),
            Transfer("t1", BEGIN + DAY, "A", "way", 1_170_00),
            Transfer("t2", BEGIN + DAY + 1, "way", "E", 1_170_00, credit=10_00),
            Transfer("t3", BEGIN + 2 * DAY, "E", "cash", 2_33),
            Transfer("t4", BEGIN + 3 * DAY, "E", "Y", 3_00, credit=489),
        ),
        (Seed("s1"), Seed("s2")),
    )
    sources = {"t2": Source("ticket", "T-2026-0009", "line 4")}
    assets = {"E": EURO, "cash": EURO, "Y": Asset("JPY", 0)}
    settings = {"asset": DINAR, "assets": assets, "sources": sources, "terminals": ["cash"]}
    return work_out(ledger, rule=rule, **(settings | options))  # type: ignore[arg-type]
