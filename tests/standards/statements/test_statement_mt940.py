"""Statements in MT940: bookings, pages, envelopes; what belongs to no field is refused."""

from __future__ import annotations

from datetime import date, timedelta
from time import process_time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.data import currencies
from recoup.standards.statements import NotReadable, check_balance, read_mt940

ACCOUNT = "RS35260005601001611379"
OTHER = "RS35105008123123123173"
UETR = "7a562c67-ca16-48ba-b074-65581be6f066"
BOOKING = ":61:2512311231C1234,56NTRFE-1//B-1\n"


def message(*fields: str, opening="C251231RSD1000,00", closing="C251231RSD2234,56", number="7/1",
            kinds=("60F", "62F")):  # fmt: skip
    return (
        f":20:STARTUMS\n:25:{ACCOUNT}\n:28C:{number}\n:{kinds[0]}:{opening}\n{''.join(fields)}"
        f":{kinds[1]}:{closing}\n"
    )


def read(text: str, encoding: str = "utf-8"):
    content = text.encode({"windows-1250": "cp1250"}.get(encoding, encoding))
    return read_mt940(content, file="dec.sta", currencies=currencies(), encoding=encoding)


def refused(text: str):
    with pytest.raises(NotReadable) as refusal:
        read(text)
    assert refusal.value.file == "dec.sta"
    return refusal.value.refused


def test_a_booking_with_free_text_is_read():
    text = f":86:/IBAN/{OTHER}/NAME/ANA ANIC/REMI/FAKTURA 1\nDRUGI RED UETR:{UETR}\n"
    (statement,) = read(message(BOOKING, text))
    (line,) = statement.lines
    assert (line.amount_minor, line.booked_on) == (123456, date(2025, 12, 31))
    assert (line.reference, line.end_to_end) == ("B-1", "E-1")
    assert (line.counterparty, line.counterparty_name) == (OTHER, "ANA ANIC")
    assert line.uetr == UUID(UETR)
    assert line.text.endswith(f"FAKTURA 1\nDRUGI RED UETR:{UETR}")
    assert (line.place.line, line.place.page, line.place.cell) == (5, "1", ":61:")
    assert (statement.account, statement.currency, statement.number) == (ACCOUNT, "RSD", "7")
    assert check_balance(statement).adds_up


def test_a_structured_text_is_put_together_from_its_parts():
    text = f":86:166?00GUTSCHRIFT?20EREF+E-?2177SVWZ+Rechnung 1?31{OTHER}?32Ana\n?33 Anić\n"
    (line,) = read(message(BOOKING, text))[0].lines
    assert (line.counterparty, line.counterparty_name) == (OTHER, "Ana Anić")
    assert line.text == "EREF+E-77SVWZ+Rechnung 1"
    assert line.end_to_end == "E-77"


@pytest.mark.parametrize(
    ("side", "amount", "is_reversal"),
    [("C", 100, False), ("D", -100, False), ("RC", -100, True), ("RD", 100, True)],
)
def test_sides_and_reversals(side, amount, is_reversal):
    (line,) = read(message(f":61:251231{side}1,NMSCNONREF\n"))[0].lines
    assert (line.amount_minor, line.is_reversal, line.reference) == (amount, is_reversal, "")
    assert line.end_to_end == ""


def test_the_day_of_booking_is_the_one_nearest_to_the_value_date():
    rows = ":61:2512310102C1,NMSCA\n:61:2601021231C1,NMSCB\n:61:2402280229C1,NMSCC\n"
    days = [line.booked_on for line in read(message(rows))[0].lines]
    assert days == [date(2026, 1, 2), date(2025, 12, 31), date(2024, 2, 29)]


def test_pages_are_joined_and_checked_each():
    one = message(BOOKING, closing="C251231RSD2234,56", number="7/1", kinds=("60F", "62M"))
    two = message(
        BOOKING, opening="C251231RSD2234,57", closing="C251231RSD3469,12", number="7/2",
        kinds=("60M", "62F"),
    )  # fmt: skip
    (statement,) = read(one + "-\n" + two)
    assert (len(statement.lines), statement.closing_minor) == (2, 346912)
    assert [one.difference_minor for one in check_balance(statement).breaks] == [1, -1]
    assert read(two)[0].notes[0].code == "page_missing"


def test_several_statements_and_the_envelope_of_swift():
    envelope = "{1:F01AAAARSBGAXXX0000000000}{2:I940AAAARSBGXXXXN}{4:\n" + message(BOOKING) + "-}\n"
    assert len(read(envelope * 2)) == 2
    trailer = envelope.replace("-}\n", "-}{5:{CHK:0123456789AB}}\n")
    assert read(trailer * 2) == read(envelope * 2)
    assert len(read("\x01" + envelope + "\x03\n\x1a")) == 1


def test_a_line_of_text_that_looks_like_no_field_of_ours_stays_text():
    (line,) = read(message(BOOKING, ":86:UPLATA\n:99: PET\n"))[0].lines
    assert line.text == "UPLATA\n:99: PET"


def test_braces_in_a_text_are_no_envelope():
    (line,) = read(message(BOOKING, ":86:UPLATA\n{A}\n-}B\n"))[0].lines
    assert line.text == "UPLATA\n{A}\n-}B"


@pytest.mark.parametrize(
    ("text", "number", "column"),
    [
        (message("nonsense\n"), 5, ""),
        (message(":99X:1\n"), 5, ":99X:"),
        (message(":61:251231X1,NMSCA\n"), 5, ":61:"),
        (message(":61:251331C1,NMSCA\n"), 5, ":61:"),
        (message(":61:2512310230C1,NMSCA\n"), 5, ":61:"),
        (message(":61:251231C-1,NMSCA\n"), 5, ":61:"),
        (message(":61:251231C1.00NMSCA\n"), 5, ":61:"),
        (message(":61:251231C1,001NMSCA\n"), 5, ":61:"),
        (message(":61:251231C1234567890123456789,NMSCA\n"), 5, ":61:"),
        (message(BOOKING, ":86:a\u200bb\n"), 6, ":86:"),
        (message(BOOKING, ":86:a\x07b\n"), 6, ":86:"),
        (message(closing="C251231EUR1,00"), 5, ":62F:"),
        (message(opening="C251231XXZ1,00"), 4, ":60F:"),
        (message(opening="251231RSD1,00"), 4, ":60F:"),
        (message(number="x"), 3, ":28C:"),
        (message().replace(ACCOUNT, "RS35260005601001611378"), 2, ":25:"),
        (message().replace(f":25:{ACCOUNT}\n", ""), 1, ":20:"),
        (message().split(":62F:")[0], 1, ":20:"),
        ("", 0, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_line_and_field(text, number, column):
    wrong = refused(text)[0]
    assert (wrong.line, wrong.column) == (number, column)


def test_every_wrong_booking_is_named():
    assert [one.line for one in refused(message(":61:x\n", BOOKING, ":61:y\n"))] == [5, 7]


def test_the_declared_encoding_is_needed():
    text = message(BOOKING, ":86:Uplata čačanske šljive\n")
    assert read(text, "windows-1250") == read(text)
    with pytest.raises(NotReadable):
        read_mt940(text.encode("cp1250"), file="x", currencies=currencies())


BOOKINGS = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(-(10**13), 10**13), st.text("abč 1,.", max_size=9),
        st.sampled_from(["", "B-1", "2026/77"]),
    ),
    max_size=10,
)  # fmt: skip


def sides(minor: int) -> tuple[str, str]:
    return ("C" if minor >= 0 else "D"), f"{abs(minor) // 100},{abs(minor) % 100:02d}"


@given(bookings=BOOKINGS, opening=st.integers(-(10**13), 10**13))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back(bookings, opening):
    day, fields, wanted = date(2025, 12, 20), [], []
    for days, amount, text, reference in bookings:
        day += timedelta(days)
        side, told = sides(amount)
        behind = f"//{reference}" if reference else ""
        fields.append(f":61:{day:%y%m%d%m%d}{side}{told}NTRFNONREF{behind}\n:86:{text}\n")
        wanted.append((day, amount, text.strip(), reference))
    closing = opening + sum(one[1] for one in bookings)
    ends = [f"{side}251231RSD{told}" for side, told in map(sides, (opening, closing))]
    (found,) = read(message(*fields, opening=ends[0], closing=ends[1]))
    told = [(one.booked_on, one.amount_minor, one.text, one.reference) for one in found.lines]
    assert told == wanted
    assert check_balance(found).adds_up


@pytest.mark.slow
def test_a_hundred_thousand_bookings_are_read_in_seconds():
    text = message(*[BOOKING + f":86:/IBAN/{OTHER}/NAME/ANA/REMI/1\n"] * 100_000)
    begun = process_time()
    assert len(read(text)[0].lines) == 100_000
    assert process_time() - begun < 30
