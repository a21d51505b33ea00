"""Whatever happens to a file on its way, it is read or refused: nothing else ever comes out."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recoup.data import currencies
from recoup.standards.statements import (
    NotReadable,
    Profile,
    csv_proposals,
    read_camt053,
    read_csv,
    read_mt940,
    read_xlsx,
    xlsx_proposals,
)
from support.workbooks import number, rows_xml, sheet_xml, text, workbook

ZONE = ZoneInfo("Europe/Belgrade")
KNOWN = {"currencies": currencies(), "zone": ZONE}
PROFILE = Profile(
    ("booked_at", "amount", "reference"), ("Datum", "Iznos", "Referenca"), currency="RSD",
    account="RS35260005601001611379", labels=(("Stanje", "closing"),),
)  # fmt: skip
CSV = "Datum;Iznos;Referenca\n31.12.2025.;-1.234,56;šljive\nStanje;5,00\n".encode("cp1250")
MT940 = (
    b":20:A\n:25:RS35260005601001611379\n:28C:7/1\n:60F:C251231RSD1,00\n"
    b":61:2512311231C1234,56NTRFE-1//B-1\n:86:166?20EREF+E-1?31RS35105008123123123173?32Ana\n"
    b":62F:C251231RSD1235,56\n"
)
CAMT = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>1'
    b"</Id><Acct><Id><IBAN>ME25505000012345678951</IBAN></Id><Ccy>EUR</Ccy></Acct><Ntry>"
    b'<Amt Ccy="EUR">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>'
    b"2026-02-10T10:00:00.5Z</DtTm></BookgDt></Ntry></Stmt></BkToCstmrStmt></Document>"
)
SHEET = rows_xml([[text("Datum"), text("Iznos"), text("Referenca")],
                  [number(46022, 1), number("-12.5"), text("B-1")]])  # fmt: skip
XLSX = workbook({"P": sheet_xml(SHEET, ["A9:B9"])})

READERS = {
    "csv": (CSV, lambda d: read_csv(d, PROFILE, file="f", **KNOWN)),
    "csv_proposals": (CSV, lambda d: csv_proposals(d, **KNOWN)),
    "mt940": (MT940, lambda d: read_mt940(d, file="f", currencies=currencies())),
    "camt053": (CAMT, lambda d: read_camt053(d, file="f", **KNOWN)),
    "xlsx": (XLSX, lambda d: read_xlsx(d, PROFILE, file="f", **KNOWN)),
    "xlsx_proposals": (XLSX, lambda d: xlsx_proposals(d, **KNOWN)),
    "sheet": (
        sheet_xml(SHEET, ["A9:B9"]).encode(),
        lambda d: read_xlsx(
            workbook({"P": ""}, more={"xl/worksheets/s1.xml": d}), PROFILE, file="f", **KNOWN
        ),
    ),
}
CUTS = st.tuples(
    st.integers(0, 10**6), st.integers(0, 20),
    st.one_of(st.binary(max_size=6), st.sampled_from([b"9", b"-", b":", b"<", b'"', b"\n", b";"])),
)  # fmt: skip


@pytest.mark.parametrize("name", READERS)
@given(cuts=st.lists(CUTS, min_size=1, max_size=4))
@example(cuts=[(0, 40, b"")])
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_read_or_refused(name, cuts):
    document, read = READERS[name]
    for at, gone, put in cuts:
        begin = at % (len(document) + 1)
        document = document[:begin] + put + document[begin + gone :]
    try:
        read(document)
    except NotReadable as refusal:
        assert refusal.refused
        assert all(one.problem for one in refusal.refused)
