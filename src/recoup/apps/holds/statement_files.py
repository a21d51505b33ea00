"""Statement files as a clerk uploads them: which format, under which profile, and what they say.

The format is told by the bytes; how a table is written is told by a profile that a person of the
institution confirmed. Nothing is stored here: the page carries the files from step to step, signed
for this person and this ticket, and every step reads and checks them anew.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from django.core import signing
from django.utils import timezone

from recoup.apps.holds.statement_models import StatementProfile
from recoup.core.access import Actor
from recoup.core.said import Said
from recoup.data import currencies
from recoup.standards import statements as standard
from recoup.standards.sniffing import Kind, what_is
from recoup.standards.statements import NotReadable, Profile, Statement
from recoup.standards.statements.bounded_zip import BoundedZip
from recoup.standards.statements.by_hand import Layout, layouts
from recoup.standards.statements.encodings import marked
from recoup.standards.statements.faults import Faults
from recoup.standards.strict_csv import Refusal

MOST_BYTES: Final = 4_000_000
MOST_UNPACKED: Final = 48_000_000
MOST_FILES: Final = 12
KEPT_FOR: Final = timedelta(hours=1)
PROFILES_TRIED: Final = 20
TABLES: Final = ("csv", "xlsx")
NO_FILE: Final = Said("Choose the statement's file.")
# What is told by the bytes, and is no statement that anybody can check.
OTHER_FORMATS: Final[Mapping[Kind, str]] = {
    Kind.PDF: Said(
        "This is a PDF: it shows a statement and cannot be checked cell by cell. "
        "Export CSV, XLSX, camt.053 or MT940."
    ),
    Kind.OLE: Said("This is an old workbook (XLS). Save it as XLSX."),
}
FORMATS: Final[Mapping[Kind, str]] = {
    Kind.ZIP: "xlsx", Kind.XML: "camt053", Kind.SVG: "camt053", Kind.HTML: "camt053",
    Kind.MT940: "mt940", Kind.EMPTY: "", Kind.PDF: "", Kind.OLE: "",
}  # fmt: skip
NO_HEADINGS: Final = Said(
    "No row was recognised as headings: a day of booking and an amount, or credit and debit, "
    "are needed. Write them over the columns, in Serbian, English or German, or paste the lines."
)
EMPTY: Final = Said("The file is empty. Export it again.")


class StatementRefused(ValueError):
    """The upload as a whole was not taken; the message says why."""


@dataclass(frozen=True, slots=True)
class File:
    """One uploaded file. name: for showing only."""

    name: str
    content: bytes

    @property
    def format(self) -> str:
        """Return csv, xlsx, camt053 or mt940, or an empty text for what is none of them."""
        return FORMATS.get(what_is(self.content), "csv")


@dataclass(slots=True)
class Reading:
    """One file as far as it could be read.

    remembered: the confirmed profile that it was read under. proposals: what a person may confirm,
    where none that is known fits. layouts: how the table can be taken apart, where nobody knows its
    headings. unfit: what stands against the columns that a person chose.
    """

    file: File
    format: str
    statements: tuple[Statement, ...] = ()
    profile: Profile | None = None
    remembered: StatementProfile | None = None
    proposals: tuple[Profile, ...] = ()
    layouts: tuple[Layout, ...] = ()
    unfit: tuple[Refusal, ...] = ()
    refused: tuple[Refusal, ...] = ()

    @property
    def to_declare(self) -> bool:
        """Whether a person has to say how this table is written."""
        return self.format in TABLES and not self.statements and not self.refused


@dataclass(frozen=True, slots=True)
class OfTicket:
    """The account that a ticket asks about, for files that do not name theirs."""

    account: str
    currency: str


@dataclass(slots=True)
class Readings:
    """All files of one upload."""

    files: list[Reading] = field(default_factory=list)

    @property
    def undeclared(self) -> Reading | None:
        return next((one for one in self.files if one.to_declare), None)

    @property
    def refused(self) -> list[Reading]:
        return [one for one in self.files if one.refused]

    @property
    def statements(self) -> list[Statement]:
        return [one for reading in self.files for one in reading.statements]


def read_files(files: Iterable[File], of: OfTicket, known: Sequence[StatementProfile]) -> Readings:
    """Read each file; what cannot be read stands with its reasons, file by file."""
    return Readings([_read(file, of, known) for file in files])


def _read(file: File, of: OfTicket, known: Sequence[StatementProfile]) -> Reading:
    reading = Reading(file, file.format)
    try:
        if not reading.format:
            raise Faults(file.name).refuse(0, "", "", _no_format(file))
        if reading.format == "xlsx":
            _check_unpacked(file)
        if reading.format in TABLES:
            _read_table(reading, of, known)
        else:
            reading.statements = _read_message(file, reading.format)
    except NotReadable as wrong:
        reading.refused = wrong.refused
    return reading


def _check_unpacked(file: File) -> None:
    """A page has less room than a reader alone: refuse a workbook that becomes too large."""
    faults = Faults(file.name)
    size = BoundedZip(file.content, faults).unpacked_bytes
    if size > MOST_UNPACKED:
        problem = Said(
            "Unpacked, the workbook has %(given)s bytes; at most %(most)s. Export fewer days.",
            given=f"{size:,}", most=f"{MOST_UNPACKED:,}",
        )  # fmt: skip
        raise faults.refuse(0, "", "", problem)


def _no_format(file: File) -> str:
    return OTHER_FORMATS.get(what_is(file.content), EMPTY)


def _read_message(file: File, format: str) -> tuple[Statement, ...]:
    if format == "camt053":
        return standard.read_camt053(
            file.content, file=file.name, currencies=currencies(),
            zone=timezone.get_current_timezone(),
        )  # fmt: skip
    mark = marked(file.content)
    return standard.read_mt940(
        file.content, file=file.name, currencies=currencies(), encoding=mark or "utf-8"
    )


def _read_table(reading: Reading, of: OfTicket, known: Sequence[StatementProfile]) -> None:
    """Read a table under the profile that is remembered for its headings, or propose some."""
    for row in known[:PROFILES_TRIED]:
        if row.format != reading.format:
            continue
        profile = standard.from_json(row.profile)
        try:
            reading.statements = read_under(reading.file, reading.format, profile, of)
        except NotReadable as wrong:
            if _are_other_headings(wrong):
                continue
            reading.profile, reading.remembered = profile, row
            raise
        reading.profile, reading.remembered = profile, row
        return
    reading.proposals = _proposals(reading, of)
    if reading.proposals:
        return
    refused = _why_none(reading, of)
    if not refused:
        reading.layouts = layouts(reading.file.content, format=reading.format)
    if not reading.layouts:
        reading.refused = refused or (Refusal(0, "", "", NO_HEADINGS),)


def _are_other_headings(wrong: NotReadable) -> bool:
    """Whether the profile is of another table: its headings, sheet or encoding are not there."""
    last = wrong.refused[-1]
    template = getattr(last.problem, "template", "")
    return template.startswith(("The headings of the profile", "Say which sheet")) or (
        len(wrong.refused) == 1 and "declared encoding" in template
    )


def read_under(file: File, format: str, profile: Profile, of: OfTicket) -> tuple[Statement, ...]:
    """Read a table under a profile; the ticket's account stands in where the file names none."""
    if "account" not in profile.columns:
        profile = replace(profile, account=of.account)
    if "currency" not in profile.columns and not profile.currency:
        profile = replace(profile, currency=of.currency)
    reader = standard.read_csv if format == "csv" else standard.read_xlsx
    return reader(
        file.content, profile, file=file.name, currencies=currencies(),
        zone=timezone.get_current_timezone(),
    )  # fmt: skip


def _proposals(reading: Reading, of: OfTicket) -> tuple[Profile, ...]:
    """Profiles that fit, first those that need nothing beside the file itself."""
    propose = standard.csv_proposals if reading.format == "csv" else standard.xlsx_proposals
    for account, currency in (("", ""), ("", of.currency), (of.account, ""),
                              (of.account, of.currency)):  # fmt: skip
        found = propose(
            reading.file.content, currencies=currencies(),
            zone=timezone.get_current_timezone(), account=account, currency=currency,
        )  # fmt: skip
        if found:
            return tuple(replace(one, account="") for one in found)
    return ()


def _why_none(reading: Reading, of: OfTicket) -> tuple[Refusal, ...]:
    """Why no way of writing fits: what stands against the closest; empty without known headings."""
    return standard.closest_refusals(
        reading.file.content, format=reading.format, file=reading.file.name,
        currencies=currencies(), zone=timezone.get_current_timezone(), account=of.account,
        currency=of.currency,
    )  # fmt: skip


# What the page carries


def check_bounds(sizes: Sequence[int]) -> None:
    """Refuse an upload out of bounds before its files are read; raises StatementRefused."""
    if not sizes:
        raise StatementRefused(NO_FILE)
    if len(sizes) > MOST_FILES:
        problem = Said(
            "%(given)s files were chosen; at most %(most)s at once.",
            given=len(sizes), most=MOST_FILES,
        )  # fmt: skip
        raise StatementRefused(problem)
    if sum(sizes) > MOST_BYTES:
        problem = Said(
            "The files have %(given)s bytes together; at most %(most)s. Export fewer days.",
            given=f"{sum(sizes):,}", most=f"{MOST_BYTES:,}",
        )  # fmt: skip
        raise StatementRefused(problem)


def pack(files: Sequence[File], *, ticket: object, by: Actor) -> str:
    """The files as the page carries them to the next step, signed for one person and ticket."""
    head = json.dumps([[one.name, len(one.content)] for one in files]).encode()
    data = zlib.compress(head + b"\n" + b"".join(one.content for one in files), 6)
    return _signer(ticket, by).sign(base64.b64encode(data).decode())


def unpack(token: str, *, ticket: object, by: Actor) -> list[File]:
    """The files that a page carried; raises StatementRefused where it was changed or is old."""
    try:
        signed = _signer(ticket, by).unsign(token, max_age=KEPT_FOR)
    except signing.BadSignature:
        raise StatementRefused(
            Said("The files were chosen more than an hour ago or elsewhere. Choose them again.")
        ) from None
    head, _, content = zlib.decompress(base64.b64decode(signed)).partition(b"\n")
    files, at = [], 0
    sizes: list[Any] = json.loads(head)
    for name, size in sizes:
        files.append(File(name, content[at : at + size]))
        at += size
    return files


def _signer(ticket: object, by: Actor) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"statement:{ticket}:{by.organisation_id}:{by.person_id}")
