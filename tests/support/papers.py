"""Papers to print, sign and check: one of each kind, with names that are hard to set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from recoup.core.document import (
    About,
    Addressee,
    AnswerCode,
    AnswerDocument,
    Ask,
    Authorisation,
    Clock,
    Document,
    FileSaid,
    Head,
    Identifier,
    OrderDocument,
    PackSaid,
    Payment,
    Period,
    PowerSaid,
    ReceiptDocument,
    RefusalDocument,
    RequestDocument,
    Sender,
    Sum,
    Told,
)
from recoup.core.said import Said
from recoup.core.verification import code_of

AT = datetime(2026, 11, 22, 9, 45, tzinfo=UTC)
TICKET = UUID("6e2f51f0-3a94-4c83-9a0e-a3ffbd9c2b11")
CODE = str(code_of(TICKET))
TEXT = (
    "Voluntary request. A bank that takes part may hold the disputed units under its own contract "
    "with the account holder. The agreement is invented for the demonstration and is no law."
)
POWER = PowerSaid("demo_agreement", "Agreement on urgent holds", "2", TEXT, False, False, True)
LAW = PowerSaid(
    "cpc_143", "Criminal Procedure Code", "143", "The prosecutor may order data.", True, True,
    False, "A. Lawyer", date(2026, 10, 1),
)  # fmt: skip


def head(*, language: str = "en", power: PowerSaid = POWER, measure: str = "hold") -> Head:
    return Head(
        reference="HT-7Q4M-2K9C", measure=measure, title="Hold", issued_at=AT, language=language,
        time_zone="Europe/Belgrade",
        sender=Sender("Police, High-Tech Crime", "police", "police", "RS", "Luka Petrović",
                      "duty officer", "Duty desk", "desk@police.invalid", "+381 11 000 000"),
        to=Addressee("Linden Bank", "linden", "bank", "RS"),
        power=power, pack=PackSaid("RS", 1, "ab" * 32),
        verification_code=CODE, verification_address=f"https://hub.invalid/verify/{CODE}",
    )  # fmt: skip


def units(minor: int) -> Sum:
    return Sum(minor, "RSD", 2)


ASK = Ask(
    wanted=(Said("Stop the disputed units on this account for a short time."),),
    identifiers=(Identifier("iban", "RS35993000000000007719", "RS35 9930 0000 0000 0077 19"),),
    clocks=(
        Clock("sent", AT),
        Clock("answer", AT + timedelta(minutes=30),
              (Said("Counted from sending: %(n)s minutes.", n=30),)),
        Clock("hold_end", AT + timedelta(days=1)),
    ),
    amount=units(480_000_00),
    payments=(
        Payment("PLUM-2026-0007", AT, units(480_000_00), units(500_000_00),
                "RS35991000000000000122", "RS35993000000000007719"),
    ),
    necessity="The money leaves within the hour.\nNothing less holds it.",
    until=AT + timedelta(days=1),
    is_secret=True,
    answers=(AnswerCode("held", "Held"), AnswerCode("cannot_lawfully", "Cannot lawfully")),
)  # fmt: skip
SUBSCRIBER = Ask(
    wanted=(Said("Say who had this address at this moment."),),
    identifiers=(
        Identifier("ip", "203.0.113.7", "203.0.113.7", 51512,
                   datetime(2026, 11, 2, 20, 14, 9, tzinfo=UTC), "Europe/Belgrade"),
    ),
    clocks=(Clock("answer", AT + timedelta(days=3)),),
    data=("subscriber",),
    period=Period(AT - timedelta(days=20), AT - timedelta(days=19)),
    costs="None are claimed.",
)  # fmt: skip
DECIDED = Authorisation(
    "standing_instruction", "SI-1", ("officer, Jelena Marković", "duty officer, Luka Petrović"), AT
)
ABOUT = About("HT-7Q4M-2K9C", "cd" * 32, AT)
HELD = AnswerCode("held", "Held")


def request(*, language: str = "en", ask: Ask = ASK) -> RequestDocument:
    return RequestDocument(head(language=language), ask, DECIDED)


def order() -> OrderDocument:
    decided = Authorisation(
        "oral", "KT-12/26", ("prosecutor, Olga Ilić",), AT,
        (Said("The period was shortened by %(n)s days.", n=3),), AT + timedelta(hours=24),
    )  # fmt: skip
    return OrderDocument(head(power=LAW, measure="subscriber"), SUBSCRIBER, decided, "LR-1")


def answer() -> AnswerDocument:
    files = (FileSaid("bookings.csv", 4711, "ef" * 32),)
    return AnswerDocument(
        _from_bank(), ABOUT, HELD, AT, (Told("Held", "480,000.00 RSD"),), files, "See the file."
    )


def refusal() -> RefusalDocument:
    code = AnswerCode("cannot_lawfully", "Cannot lawfully")
    return RefusalDocument(_from_bank(), ABOUT, code, AT, "No order of a court.", "The FIU.")


def receipt() -> ReceiptDocument:
    return ReceiptDocument(head(), ABOUT, HELD, AT, "12" * 32, True)


def _from_bank() -> Head:
    told = head()
    bank = Sender("Linden Bank", "linden", "bank", "RS", "Mila Linden", "clerk")
    return replace(told, sender=bank, to=Addressee("Police", "police", "police", "RS"))


def each() -> list[Document]:
    return [request(), order(), answer(), refusal(), receipt()]
