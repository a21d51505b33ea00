"""Statement files for the tests of the desk: one account, told in each format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from support.workbooks import number, rows_xml, sheet_xml, text, workbook

BELGRADE = ZoneInfo("Europe/Belgrade")


@dataclass(frozen=True)
class Booked:
    """One booking. minor: credits above zero. to: the other account."""

    at: datetime
    minor: int
    reference: str
    to: str = ""
    note: str = ""


@dataclass(frozen=True)
class Account:
    """What a bank knows of one account."""

    ident: str
    opening: int
    bookings: Sequence[Booked]
    currency: str = "RSD"

    @property
    def closing(self) -> int:
        return self.opening + sum(one.minor for one in self.bookings)


def plain(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02}"


def serbian(minor: int) -> str:
    """1.234,56 as tables in Serbia have it."""
    whole = f"{abs(minor) // 100:,}".replace(",", ".")
    return f"{'-' if minor < 0 else ''}{whole},{abs(minor) % 100:02}"


def day(at: datetime) -> str:
    return f"{at.astimezone(BELGRADE):%d.%m.%Y.}"


def camt053(account: Account, *, until: datetime | None = None, extra: str = "") -> bytes:
    """A camt.053.001.08 with the time of each booking."""

    def balance(code: str, minor: int) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
            f"<Amt Ccy='{account.currency}'>{plain(abs(minor))}</Amt>"
            f"<CdtDbtInd>{'DBIT' if minor < 0 else 'CRDT'}</CdtDbtInd>"
            f"<Dt><Dt>{account.bookings[0].at.astimezone(BELGRADE):%Y-%m-%d}</Dt></Dt></Bal>"
        )

    def entry(one: Booked) -> str:
        side, party = ("CRDT", "Dbtr") if one.minor > 0 else ("DBIT", "Cdtr")
        other = (
            f"<RltdPties><{party}><Pty><Nm>Somebody Else</Nm></Pty></{party}><{party}Acct><Id>"
            f"<IBAN>{one.to}</IBAN></Id></{party}Acct></RltdPties>"
            if one.to
            else ""
        )
        note = f"<RmtInf><Ustrd>{one.note}</Ustrd></RmtInf>" if one.note else ""
        return (
            f"<Ntry><Amt Ccy='{account.currency}'>{plain(abs(one.minor))}</Amt>"
            f"<CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
            f"<BookgDt><DtTm>{one.at.isoformat()}</DtTm></BookgDt>"
            f"<AcctSvcrRef>{one.reference}</AcctSvcrRef><NtryDtls><TxDtls>"
            f"<Refs><AcctSvcrRef>{one.reference}</AcctSvcrRef></Refs>{other}{note}"
            f"</TxDtls></NtryDtls></Ntry>\n"
        )

    period = ""
    if until:
        period = (
            f"<FrToDt><FrDtTm>{account.bookings[0].at.isoformat()}</FrDtTm>"
            f"<ToDtTm>{until.isoformat()}</ToDtTm></FrToDt>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>M</MsgId></GrpHdr>\n<Stmt><Id>S-1</Id>{period}<Acct><Id>"
        f"<IBAN>{account.ident}</IBAN></Id></Acct>{balance('OPBD', account.opening)}"
        f"{balance('CLBD', account.closing)}{extra}{''.join(map(entry, account.bookings))}</Stmt>"
        "</BkToCstmrStmt></Document>"
    ).encode()


HEADINGS = ("Датум књижења", "Референца", "Дугује", "Потражује", "Рачун примаоца", "Опис")


def cyrillic_rows(account: Account) -> list[list[str]]:
    """A table with the habits of Serbia: 1.234,56; 31.12.2025.; Cyrillic headings."""
    rows = [
        ["Почетно стање", serbian(account.opening), "", "", "", ""],
        list(HEADINGS),
        *(
            [
                day(one.at), one.reference, serbian(-one.minor) if one.minor < 0 else "",
                serbian(one.minor) if one.minor > 0 else "", one.to, one.note,
            ]
            for one in account.bookings
        ),
        ["Крајње стање", serbian(account.closing), "", "", "", ""],
    ]  # fmt: skip
    return rows


def xlsx(account: Account) -> bytes:
    rows = rows_xml(
        [[text(cell) if cell else "" for cell in row] for row in cyrillic_rows(account)]
    )
    return workbook({"Извод": sheet_xml(rows)})


def csv(account: Account, *, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(";".join(row) for row in cyrillic_rows(account)).encode(encoding)


def unknown(account: Account) -> bytes:
    """A table whose headings nobody knows, with a total under it; times are those of Belgrade."""
    rows, balance = [], account.opening
    for one in account.bookings:
        balance += one.minor
        sum_ = f"{'-' if one.minor < 0 else ''}{serbian(abs(one.minor))}"
        at = f"{one.at.astimezone(ZoneInfo('Europe/Belgrade')):%d.%m.%Y. %H:%M:%S}"
        rows.append([at, sum_, one.note, one.to, serbian(balance), one.reference])
    heads = ["Kad", "Koliko", "Šta", "Kome", "Ostalo", "Znak"]
    table = [["Izvod br. 4"], heads, *rows, ["Svega", str(len(rows))]]
    return "\r\n".join(";".join(row) for row in table).encode()


def fraud(account: str, onward: str, *, now: datetime, before: int = 0) -> Account:
    """480,000 came, 300,000 went on after a card payment of 1,000; 12,000 were there.

    before: so many bookings of earlier days, which an answer does not need.
    """
    came = now - timedelta(minutes=20)
    earlier = [
        Booked(came - timedelta(days=3, minutes=before - n), -500_00, f"A-{n}", onward, "rent")
        for n in range(before)
    ]
    return Account(
        account, 12_000_00 + 500_00 * before,
        [
            *earlier,
            Booked(came, 480_000_00, "C-100"),
            Booked(came + timedelta(minutes=5), -1_000_00, "B-770", "", "card"),
            Booked(came + timedelta(minutes=9), -300_000_00, "B-771", onward),
        ],
    )  # fmt: skip


__all__ = [
    "Account", "Booked", "camt053", "csv", "cyrillic_rows", "fraud", "number", "plain", "serbian",
    "unknown", "xlsx",
]  # fmt: skip
