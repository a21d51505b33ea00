"""What `recoup trace` writes beside what it prints: a page, a paper, tables, and two for machines.

Each takes workings, so it does not matter what kind of file they came from.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from recoup.apps.traces.beside import page as page_of_several
from recoup.apps.traces.document import page
from recoup.apps.traces.findings import Findings
from recoup.apps.traces.voice import ENGLISH, LANGUAGES, Voice, of_catalogue
from recoup.core.tracing.side_by_side import SideBySide
from recoup.standards import followthemoney, working_csv
from recoup.standards.followthemoney import Known

WALLETS: Final = Known("wallet", world="crypto-asset address")
ONE_RULE: Final = ("ftm", "working")
OUTPUTS: Final = ("html", "pdf", "csv", *ONE_RULE)


class CannotWrite(Exception):
    """A file cannot be written; the message says which and why."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is written."""
    group = parser.add_argument_group("files to write (several rules: --html, --pdf, --csv)")
    group.add_argument("--html", type=Path, metavar="OUT", help="a page with the flow")
    group.add_argument("--pdf", type=Path, metavar="OUT", help="a paper for court")
    group.add_argument("--csv", type=Path, metavar="FOLDER", help="tables: steps and accounts")
    group.add_argument("--ftm", type=Path, metavar="OUT", help="FollowTheMoney, for platforms")
    group.add_argument("--working", type=Path, metavar="OUT", help="the whole working, as JSON")
    group.add_argument("--language", choices=list(LANGUAGES), help="of the paper (default: en)")
    group.add_argument("--case", metavar="TEXT", help="reference that the paper bears")
    group.add_argument("--prepared-by", metavar="TEXT", help="who the paper says prepared it")
    group.add_argument(
        "--prepared", type=_read_moment, metavar="DATE", help="when it was (default: now, in UTC)"
    )


def moment(written: str) -> datetime:
    """Read a date, which means the end of that day, or a moment; in UTC unless it names a zone."""
    read = _read_moment(written)
    return read + timedelta(days=1, seconds=-1) if len(written) == len("2024-07-16") else read


def _read_moment(written: str) -> datetime:
    try:
        read = datetime.fromisoformat(written)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{written!r} is no date. Write 2024-07-16, or 2024-07-16T12:04:47."
        ) from None


def write(options: argparse.Namespace, several: tuple[Findings, ...]) -> list[Path]:
    """Write what was asked for; returns the files. Raises CannotWrite."""
    written: list[Path] = []
    for path, content in _contents(options, several):
        try:
            if path.parent == options.csv:
                options.csv.mkdir(exist_ok=True)
            path.write_bytes(content())
        except OSError as fault:
            raise CannotWrite(f"Cannot write {path}: {fault.strerror}.") from None
        written.append(path)
    return written


def _contents(
    options: argparse.Namespace, several: tuple[Findings, ...]
) -> Iterator[tuple[Path, Callable[[], bytes]]]:
    """Give each file with what makes its content, the page first."""
    first = several[0]
    if options.html:
        yield options.html, lambda: _page(several).encode()
    if options.pdf:
        yield options.pdf, lambda: _paper(options, several)
    if options.csv:
        yield from _tables(options.csv, several)
    if options.ftm:
        yield options.ftm, lambda: followthemoney.write(first.working, others=WALLETS)
    if options.working:
        yield options.working, first.working.as_bytes


def _beside(several: tuple[Findings, ...]) -> SideBySide:
    return SideBySide(tuple(found.working for found in several))


def _page(several: tuple[Findings, ...]) -> str:
    if len(several) == 1:
        return page(several[0])
    return page_of_several(_beside(several), several[0].name)


def _paper(options: argparse.Namespace, several: tuple[Findings, ...]) -> bytes:
    """The first rule's paper; the others stand beside it."""
    from recoup.apps.traces.paper import Cover, paper  # Typst is large: only where it is needed

    cover = Cover(
        title=several[0].name,
        prepared_at=options.prepared or datetime.now(UTC),
        reference=options.case or "",
        prepared_by=options.prepared_by or "",
    )
    beside = _beside(several) if len(several) > 1 else None
    return paper(several[0].working, cover, voice=_voice(options.language or "en"), beside=beside)


def _voice(language: str) -> Voice:
    if language == "en":
        return ENGLISH
    from recoup.cli import languages

    languages.compile_catalogues()
    return of_catalogue(language, languages.COMPILED)


def _tables(
    folder: Path, several: tuple[Findings, ...]
) -> Iterator[tuple[Path, Callable[[], bytes]]]:
    for found in several:
        end = f"-{found.rule}" if len(several) > 1 else ""
        yield folder / f"steps{end}.csv", partial(working_csv.steps, found.working)
        yield folder / f"accounts{end}.csv", partial(working_csv.accounts, found.working)
    if len(several) > 1:
        yield folder / "comparison.csv", lambda: working_csv.comparison(_beside(several))
