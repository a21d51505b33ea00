"""Statements in camt.053: each edition, pages, collective entries; and XML that is refused."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time
from uuid import UUID
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.data import currencies
from recoup.standards.statements import NotReadable, check_balance, overlaps, read_camt053

BELGRADE = ZoneInfo("Europe/Belgrade")
ACCOUNT = "ME25505000012345678951"
OTHER = "RS35105008123123123173"
UETR = "7a562c67-ca16-48ba-b074-65581be6f066"


def bal(code: str, amount: str, day: str = "2026-02-10", side: str = "CRDT", ccy: str = "EUR"):
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{ccy}'>{amount}</Amt>"
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


DAY = "2026-02-10"


def ntry(
    amount="50.00", side="CRDT", *, inside="", sts="<Cd>BOOK</Cd>", ccy="EUR", day=DAY, before=""
):
    return (
        f"<Ntry><NtryRef>1</NtryRef><Amt Ccy='{ccy}'>{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>"
        f"{before}<Sts>{sts}</Sts><BookgDt><Dt>{day}</Dt></BookgDt>{inside}</Ntry>"
    )


def stmt(*entries: str, opening="100.00", closing="150.00", account=ACCOUNT, head="", page=""):
    pagination = f"<StmtPgntn><PgNb>{page}</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>"
    ends = ("OPBD", "CLBD") if page in ("", "1") else ("ITBD", "CLBD")
    return (
        f"<Stmt><Id>S-7</Id>{pagination if page else ''}{head}<Acct><Id><IBAN>{account}</IBAN></Id>"
        f"</Acct>{bal(ends[0], opening)}{bal(ends[1], closing)}{''.join(entries)}</Stmt>"
    )


def document(*statements: str, edition: str = "08", before: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{edition}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>\n{''.join(statements)}"
        "</BkToCstmrStmt></Document>"
    ).encode()


def read(content: bytes):
    return read_camt053(content, file="feb.xml", currencies=currencies(), zone=BELGRADE)


def refused(content: bytes):
    with pytest.raises(NotReadable) as refusal:
        read(content)
    assert refusal.value.file == "feb.xml"
    return refusal.value.refused


def details(inside: str = "", *, new: bool = True, side: str = "Dbtr") -> str:
    name = "<Pty><Nm>Ana Anić</Nm></Pty>" if new else "<Nm>Ana Anić</Nm>"
    uetr = f"<UETR>{UETR}</UETR>" if new else ""
    return (
        f"<NtryDtls><TxDtls><Refs><AcctSvcrRef>B-9</AcctSvcrRef><EndToEndId>E-1</EndToEndId>{uetr}"
        f"</Refs>{inside}<RltdPties><{side}>{name}</{side}><{side}Acct><Id><IBAN>{OTHER}</IBAN></Id>"
        f"</{side}Acct></RltdPties><RmtInf><Ustrd>invoice 1</Ustrd></RmtInf></TxDtls></NtryDtls>"
    )


@pytest.mark.parametrize("edition", ["02", "04", "07", "08"])
def test_each_edition_gives_the_same_statement(edition):
    new = edition in ("07", "08")
    entry = ntry(inside=details(new=new), sts="<Cd>BOOK</Cd>" if new else "BOOK")
    (statement,) = read(document(stmt(entry), edition=edition))
    (line,) = statement.lines
    assert (line.amount_minor, line.booked_on) == (5000, date(2026, 2, 10))
    assert (line.counterparty, line.counterparty_scheme) == (OTHER, "iban")
    assert (line.counterparty_name, line.text) == ("Ana Anić", "invoice 1")
    assert (line.reference, line.end_to_end) == ("B-9", "E-1")
    assert line.uetr == (UUID(UETR) if new else None)
    assert (line.place.line, line.place.cell) == (3, "Stmt[1]/Ntry[1]")
    assert (statement.account, statement.currency) == (ACCOUNT, "EUR")
    assert statement.format == f"camt.053.001.{edition}"
    assert check_balance(statement).adds_up


def test_the_other_side_of_a_debit_is_the_payee_and_of_a_returned_debit_too():
    entries = (
        ntry("10.00", "DBIT", inside=details(side="Cdtr")),
        ntry("10.00", "CRDT", inside=details(side="Cdtr"), before="<RvslInd>true</RvslInd>"),
    )
    (statement,) = read(document(stmt(*entries, closing="100.00")))
    assert [line.counterparty for line in statement.lines] == [OTHER, OTHER]
    assert [line.amount_minor for line in statement.lines] == [-1000, 1000]
    assert statement.lines[1].is_reversal


def test_a_collective_entry_becomes_a_line_for_each_transaction():
    one = details('<Amt Ccy="EUR">20.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>')
    two = details('<Amt Ccy="EUR">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>')
    (statement,) = read(document(stmt(ntry(inside=one + two))))
    assert [line.amount_minor for line in statement.lines] == [2000, 3000]
    assert statement.lines[1].place.cell == "Stmt[1]/Ntry[1]/TxDtls[2]"
    (whole,) = read(document(stmt(ntry(inside=one + one))))
    assert [line.amount_minor for line in whole.lines] == [5000]
    assert [note.code for note in whole.notes] == ["batch_whole"]


def test_what_is_not_booked_is_left_out_with_a_note():
    (statement,) = read(document(stmt(ntry(), ntry(sts="<Cd>PDNG</Cd>"))))
    assert len(statement.lines) == 1
    assert [note.code for note in statement.notes] == ["not_booked"]


def test_pages_are_joined_and_checked_each():
    pages = (
        stmt(ntry("20.00"), closing="120.00", page="1"),
        stmt(ntry("30.00"), opening="121.00", closing="150.00", page="2"),
    )
    (statement,) = read(document(*pages))
    check = check_balance(statement)
    assert check.difference_minor == 0
    assert [one.difference_minor for one in check.breaks] == [100, -100]
    assert check.breaks[0].ends.page == "2"
    (alone,) = read(document(pages[1]))
    assert [note.code for note in alone.notes] == ["page_missing"]


def test_a_time_without_a_zone_is_the_institutions():
    begin, end = "2026-02-10T00:00:00", "2026-02-10T23:59:59.000+01:00"
    head = f"<FrToDt><FrDtTm>{begin}</FrDtTm><ToDtTm>{end}</ToDtTm></FrToDt>"
    (statement,) = read(document(stmt(ntry(), head=head)))
    assert statement.from_at == datetime(2026, 2, 9, 23, tzinfo=UTC)
    assert (statement.from_on, statement.to_on) == (date(2026, 2, 10), date(2026, 2, 10))


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        (ntry("-50.00"), "Amt"), (ntry("5E1"), "Amt"), (ntry("50,00"), "Amt"), (ntry("nan"), "Amt"),
        (ntry("50.0000"), "Amt"), (ntry("1000000000000000000"), "Amt"), (ntry(""), "Amt"),
        (ntry("5<b/>0"), "Amt"), (ntry(ccy="RSD"), "Amt/@Ccy"), (ntry(side="CR"), "CdtDbtInd"),
        (ntry(day="2026-02-30"), "BookgDt/Dt"), (ntry(day=""), "BookgDt"),
        (ntry(inside=details().replace(UETR, "x")), "Refs/UETR"),
        (ntry(inside=details().replace(OTHER, "RS\u041535")), "RltdPties/DbtrAcct"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_refused_by_its_place(entry, where):
    (wrong,) = refused(document(stmt(ntry(), entry)))
    assert (wrong.line, wrong.column) == (3, f"Stmt[1]/Ntry[2]/{where}")


@pytest.mark.parametrize(
    "statement",
    [
        stmt(account="ME25505000012345678952"), stmt(account=""), stmt(opening="1e3"),
        stmt(account="M\u041525505000012345678951"),
        stmt().replace("<CdtDbtInd>CRDT</CdtDbtInd>", ""), stmt().replace('EUR', 'EUX'),
    ],
)  # fmt: skip
def test_a_wrong_head_is_refused(statement):
    assert refused(document(statement))[0].column.startswith("Stmt[1]")


def test_every_wrong_entry_is_named():
    assert len(refused(document(stmt(ntry("x"), ntry(), ntry("y")), stmt(ntry("z"))))) == 3


def test_a_counterparty_with_wrong_check_digits_is_kept_and_noted():
    entry = ntry(inside=details().replace(OTHER, "RS35105008123123123174"))
    (statement,) = read(document(stmt(entry)))
    assert statement.lines[0].counterparty_scheme == ""
    assert [note.code for note in statement.notes] == ["counterparty_odd"]


@pytest.mark.parametrize(
    "content",
    [
        document(stmt(), before="<!DOCTYPE Document>"),
        document(stmt(), before='<!DOCTYPE d [<!ENTITY a "b">]>'),
        document(stmt(), before='<!DOCTYPE d SYSTEM "file:///etc/passwd">'),
        document(stmt(ntry("&a;"))), document(stmt())[:-20], b"", b"\x00", b"PK\x03\x04",
        document("<a>" * 60 + "</a>" * 60), document(stmt(head="<x>" + "y" * 70_000 + "</x>")),
        document(stmt(head="<x " + " ".join(f'a{n}="1"' for n in range(50)) + "/>")),
        document(stmt(head="<x>\u0107</x>")).replace("\u0107".encode(), b"\xe6"),
        document(stmt()).replace(b"UTF-8", b"rot13"),
        document(stmt()).replace(b"UTF-8", b"shift-jis"),
        document(), document(stmt(), edition="06"),
        document(stmt()).replace(b"camt.053", b"camt.052"),
    ],
)  # fmt: skip
def test_xml_that_could_do_more_than_hold_text_is_refused(content):
    assert refused(content)


def test_comments_and_instructions_split_no_value():
    entry = ntry("5<?x?>0.<!-- -->00", inside=details().replace("Ana", "Ana<!-- -->marija"))
    (line,) = read(document(stmt(entry)))[0].lines
    assert (line.amount_minor, line.counterparty_name) == (5000, "Anamarija Anić")


def test_an_envelope_around_the_document_says_nothing():
    inner = document(stmt(ntry())).split(b"\n", 1)[1]
    assert read(b"<message><AppHdr/>" + inner + b"</message>")[0].moved_minor == 5000


BOOKINGS = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(-(10**17), 10**17), st.text("abčш&<>'\" 1", max_size=9)
    ),
    max_size=10,
)


@given(bookings=BOOKINGS, opening=st.integers(-(10**17), 10**17))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back(bookings, opening):
    def sides(minor):
        whole, part = divmod(abs(minor), 100)
        return f"{whole}.{part:02d}", "CRDT" if minor >= 0 else "DBIT"

    day, entries, wanted = date(2026, 1, 1), [], []
    for days, amount, text in bookings:
        day += timedelta(days)
        said = f"<AddtlNtryInf>{escape(text)}</AddtlNtryInf>"
        entries.append(ntry(*sides(amount), day=day.isoformat(), inside=said))
        wanted.append((day, amount, text.strip()))
    closing = opening + sum(amount for _, amount, _ in bookings)
    head = f"<Acct><Id><IBAN>{ACCOUNT}</IBAN></Id></Acct>"
    ends = [bal(code, sides(sum_)[0], side=sides(sum_)[1])
            for code, sum_ in (("OPBD", opening), ("CLBD", closing))]  # fmt: skip
    if abs(closing) >= 10**18:
        return
    (found,) = read(document(f"<Stmt><Id>1</Id>{head}{''.join(ends + entries)}</Stmt>"))
    assert [(one.booked_on, one.amount_minor, one.text) for one in found.lines] == wanted
    assert check_balance(found).adds_up


@pytest.mark.slow
def test_a_hundred_thousand_entries_are_read_in_seconds():
    content = document(stmt(*[ntry(inside=details())] * 100_000))
    begun = process_time()
    assert len(read(content)[0].lines) == 100_000
    assert process_time() - begun < 60


SHARED = Path(__file__).parents[4] / "shared"
beside = pytest.mark.skipif(
    not (SHARED / "badinput").exists(), reason="the shared samples are not beside the repository"
)


def shared_rows():
    index = SHARED / "badinput" / "index.csv"
    rows = csv.DictReader(index.open(encoding="utf-8")) if index.exists() else []
    return [row for row in rows if row["file"].startswith(("xml/", "iso20022/"))]


@beside
@pytest.mark.parametrize("row", shared_rows(), ids=lambda row: row["file"])
def test_shared_bad_statements_come_out_as_expected(row):
    content = (SHARED / "badinput" / row["file"]).read_bytes()
    try:
        (statement,) = read(content)
    except NotReadable:
        assert row["expect"] != "ACCEPT_EXACT"
        return
    assert row["expect"] != "REJECT"
    if row["expect"] == "REJECT_OR_FLAG":
        assert statement.notes or not check_balance(statement).adds_up
    else:
        assert check_balance(statement).adds_up


@beside
def test_published_samples_are_read():
    samples = SHARED / "standards" / "iso20022" / "samples"
    (swiss,) = read((samples / "ch-camt.053.001.04.xml").read_bytes())
    assert (swiss.account, swiss.currency) == ("CH2909000000250094239", "CHF")
    assert swiss.opening_minor == 21199319
    (overlap,) = overlaps([swiss, swiss])
    assert (len(overlap.repeats), overlap.alone) == (len(swiss.lines), ())
    (other,) = read((samples / "prowide-camt.053.001.07.xml").read_bytes())
    assert (other.account, other.scheme) == ("2345234534", "")
