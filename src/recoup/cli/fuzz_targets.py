"""What `./recoup fuzz` throws at: each reader of bytes from outside, with its declared refusal.

A target that can say back what it read does so: what is written is read again, as the same.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import recoup
from recoup.core import accounts, document, moments, money, text
from recoup.core.text import NotReadable
from recoup.data import currencies, currency
from recoup.standards import booking_lines, flow_csv, statements, strict_json, transfers_csv
from recoup.standards.statements import by_hand, faults
from recoup.standards.statements.bounded_zip import BoundedZip
from recoup.standards.strict_csv import NotReadable as NotReadableCsv

ZONE: Final = ZoneInfo("Europe/Belgrade")
SAMPLES: Final = Path(recoup.__file__).parent / "standards"
AT: Final = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Target:
    """One reader. declared: how it may refuse. seeds: good inputs to begin with."""

    about: str
    read: Callable[[bytes], object]
    declared: tuple[type[Exception], ...]
    seeds: Callable[[], list[bytes]]


class NotTheSame(Exception):
    """What was read, written and read again is something else."""


def samples(*folders: str) -> Callable[[], list[bytes]]:
    def found() -> list[bytes]:
        paths = [p for folder in folders for p in sorted((SAMPLES / folder).rglob("*.csv"))]
        return [path.read_bytes()[:20_000] for path in paths] or [b""]

    return found


def these(*given: bytes) -> Callable[[], list[bytes]]:
    return lambda: list(given)


# F1: statements of banks

CAMT: Final = b"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr>
<MsgId>1</MsgId><CreDtTm>2026-01-02T10:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id><Acct><Id><IBAN>RS35992000000002000121</IBAN></Id><Ccy>RSD</Ccy></Acct><Bal><Tp><CdOrPrtry><Cd>OPBD</Cd>
</CdOrPrtry></Tp><Amt Ccy="RSD">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt>
</Bal><Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="RSD">150.00</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-02</Dt></Dt></Bal><Ntry><Amt Ccy="RSD">50.00</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt><AcctSvcrRef>r1</AcctSvcrRef></Ntry></Stmt></BkToCstmrStmt></Document>"""
MT940: Final = (
    b":20:1\r\n:25:RS35992000000002000121\r\n:28C:1/1\r\n:60F:C260101RSD100,00\r\n"
    b":61:2601020102C50,00NTRFr1//b1\r\n:86:word\r\n:62F:C260102RSD150,00\r\n-"
)


def read_camt(content: bytes) -> object:
    return statements.read_camt053(content, file="f", currencies=currencies(), zone=ZONE)


def read_mt(content: bytes) -> object:
    return statements.read_mt940(content, file="f", currencies=currencies())


# F2: files of lines


def read_lines(content: bytes) -> object:
    """Lines that are pasted; a transfer file; a flow. What can be written is read again."""
    refused: list[Exception] = []
    for read in (booking_lines.proposals, _sheet, _flow, _transfers, _statement_csv):
        try:
            read(content)
        except NotReadableCsv as refusal:
            refused.append(refusal)
    if len(refused) > 1:
        raise refused[-1]
    return None


def _sheet(content: bytes) -> None:
    sheet = booking_lines.read(content)
    if booking_lines.read(booking_lines.write(sheet)) != sheet:
        raise NotTheSame


def _flow(content: bytes) -> None:
    flow_csv.read(content)


def _transfers(content: bytes) -> None:
    transfers_csv.read(io.BytesIO(content), currencies=currencies())


def _statement_csv(content: bytes) -> None:
    statements.csv_proposals(content, currencies=currencies(), zone=ZONE)


# F3, F5: workbooks and archives


def packed(**files: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def a_workbook() -> bytes:
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return packed(**{
        "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        b'relationships"><Relationship Id="r1" Type="' + relations
        + b'/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": b'<workbook xmlns="' + main + b'" xmlns:r="' + relations
        + b'"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/'
        b'package/2006/relationships"><Relationship Id="r1" Type="' + relations
        + b'/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": b'<worksheet xmlns="' + main + b'"><sheetData><row r="1">'
        b'<c r="A1" t="inlineStr"><is><t>Date</t></is></c><c r="B1" t="inlineStr"><is><t>Amount'
        b'</t></is></c></row><row r="2"><c r="A2"><v>46024</v></c><c r="B2"><v>50.5</v></c></row>'
        b"</sheetData></worksheet>",
    })  # fmt: skip


def read_workbook(content: bytes) -> object:
    by_hand.layouts(content, format="xlsx")
    return statements.xlsx_proposals(content, currencies=currencies(), zone=ZONE)


def walk_zip(content: bytes) -> None:
    found = BoundedZip(content, faults.Faults("f"))
    for name in list(found._entries):
        found.read(name)


# F6, F7: papers and what they carry


def check_pdf(content: bytes) -> object:
    from recoup.apps.lawful_requests.papers.authority import Trusted
    from recoup.apps.lawful_requests.papers.checking import check_paper

    return check_paper(content, trusted=Trusted((), {}), at=AT)


def some_pdfs() -> list[bytes]:
    """A whole file of three objects, and one that says it has a form."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    pages = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    plain = [b"<</Type/Catalog/Pages 2 0 R>>", pages, page]
    form = [b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>", pages, page,
            b"<</FT/Sig/T(a)/V<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>>>"]  # fmt: skip
    return [a_pdf(plain), a_pdf(form)]


def a_pdf(objects: list[bytes]) -> bytes:
    whole, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    begin, size = len(whole), len(objects) + 1
    whole += b"xref\n0 %d\n0000000000 65535 f \n" % size
    whole += b"".join(b"%010d 00000 n \n" % place for place in places)
    return whole + b"trailer\n<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (size, begin)


def read_values(content: bytes) -> object:
    found = document.read_document(content)
    if document.canonical(found) != content:
        raise NotTheSame
    return found


# F8, F9: values that are typed


def read_typed(content: bytes) -> None:
    """One text at every reader of typed values; what is taken is written and taken again."""
    try:
        typed = content.decode("utf-8", "surrogatepass")  # as an escape of JSON may bring it
    except UnicodeDecodeError:
        typed = content.decode("utf-8", "replace")
    _again(lambda one: accounts.read_account(one, field="f"), typed, lambda found: found.ident)
    rsd = currency("RSD")
    _again(lambda one: money.parse_amount(one, rsd), typed,
           lambda found: money.plain_amount(found, rsd))  # fmt: skip
    _again(moments.read_day, typed, lambda found: found.isoformat())
    _again(moments.read_moment, typed, moments.iso_utc)
    for read in (text.read_email, text.read_url, text.read_search, text.read_note, text.read_name):
        _again(read, typed, str)
    _again(lambda one: text.read_filename(one).shown, typed, str)


def _again(read: Callable[[Any], Any], typed: str, write: Callable[[Any], str]) -> None:
    try:
        found = read(typed)
    except NotReadable:
        return
    if (written := write(found)) and read(written) != found:
        raise NotTheSame(f"{typed[:80]!r} was read as {str(found)[:80]!r}, and then as another.")


def typed_texts() -> list[bytes]:
    return [
        b"RS35992000000002000121", b"992-0000000020001-21", b"+381601234567", b"12345.67",
        b"2026-01-02", b"2026-01-02T10:00:00+01:00", b"0x" + b"1" * 40, b"4111111111111111",
        b"a.b@example.org", b"https://example.org/a?b=c", b"HT-7Q4M-2K9C", "Петровић".encode(),
        b"1BoatSLRHtKNngkdXEobR76b53LETtpyT", b"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    ]  # fmt: skip


TARGETS: Final[dict[str, Target]] = {
    "F1": Target("ISO 20022 statement", read_camt, (NotReadableCsv,), these(CAMT)),
    "F1b": Target("MT940 statement", read_mt, (NotReadableCsv,), these(MT940)),
    "F2": Target(
        "CSV and pasted lines", read_lines, (NotReadableCsv,),
        samples("booking_lines/samples", "flow_csv/samples"),
    ),
    "F3": Target("XLSX", read_workbook, (NotReadableCsv,), lambda: [a_workbook()]),
    "F5": Target(
        "archive", walk_zip, (NotReadableCsv,), lambda: [a_workbook(), packed(a=b"x" * 9_000)]
    ),
    "F6": Target("PDF", check_pdf, (), some_pdfs),
    "F7": Target(
        "values of a signed paper", read_values, (document.NotADocument,),
        these(b'{"format":"' + document.FORMAT.encode() + b'","paper":"ticket"}', b"{}"),
    ),
    "F8": Target("amount, account, moment, telephone, wallet, search", read_typed, (), typed_texts),
    "F12": Target(
        "JSON of the interface", strict_json.loads, (strict_json.NotStrictJson,),
        these(b'{"a":[1,-2,"b\\u0041",null,true,{"c":{}}]}', b'{"amount":"480000.00"}'),
    ),
}  # fmt: skip
