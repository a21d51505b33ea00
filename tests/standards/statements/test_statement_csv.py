"""Statements as CSV: read under a confirmed profile, proposed from the header, else refused."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.data import currencies
from recoup.standards.statements import (
    NotReadable,
    Profile,
    check_balance,
    csv_proposals,
    from_json,
    read_csv,
)

BELGRADE = ZoneInfo("Europe/Belgrade")
ACCOUNT = "RS35260005601001611379"
OTHER = "RS35105008123123123173"
OURS = Profile(
    ("booked_at", "reference", "credit", "debit", "to", "text", "balance"),
    ("Datum", "Referenca", "Potražuje", "Duguje", "Račun primaoca", "Svrha", "Stanje"),
    account=ACCOUNT, currency="RSD",
)  # fmt: skip
HEAD = ";".join(OURS.headings) + "\n"
ROWS = (
    "31.12.2025.;B-1;1.234,56;;" + OTHER + ";Uplata;2.234,56\n"
    "01.01.2026.;B-2;;234,56;;Provizija;2.000,00\n"
)


def read(text: str | bytes, profile: Profile = OURS, file: str = "izvod.csv"):
    document = text.encode() if isinstance(text, str) else text
    return read_csv(document, profile, file=file, currencies=currencies(), zone=BELGRADE)


def refused(text: str | bytes, profile: Profile = OURS):
    with pytest.raises(NotReadable) as refusal:
        read(text, profile)
    assert refusal.value.file == "izvod.csv"
    return refusal.value.refused


def test_local_amounts_and_days_are_read_as_the_profile_declares():
    (statement,) = read(HEAD + ROWS)
    first, second = statement.lines
    assert (first.amount_minor, second.amount_minor) == (123456, -23456)
    assert (first.booked_on, second.booked_on) == (date(2025, 12, 31), date(2026, 1, 1))
    assert (first.counterparty, first.counterparty_scheme) == (OTHER, "iban")
    assert (first.reference, first.text) == ("B-1", "Uplata")
    assert (first.place.file, first.place.line) == ("izvod.csv", 2)
    assert (statement.account, statement.currency) == (ACCOUNT, "RSD")
    assert (statement.opening_minor, statement.closing_minor) == (100000, 200000)
    assert check_balance(statement).adds_up
    assert [note.code for note in statement.notes] == ["opening_derived"]


def test_a_wrong_balance_is_named_where_the_difference_begins():
    text = HEAD + ROWS + "02.01.2026;B-3;1,00;;;;2.001,50\n03.01.2026;B-4;1,00;;;;2.002,50\n"
    check = check_balance(read(text)[0])
    (wrong,) = check.breaks
    assert (wrong.difference_minor, wrong.begins.line, wrong.ends.line) == (50, 3, 4)
    assert not check.adds_up
    assert "+50" in check.said


def test_times_become_moments_of_the_institutions_clock():
    text = HEAD + "31.12.2025. 08:41;B-1;1,00;;;;1,00\n"
    line = read(text)[0].lines[0]
    assert line.booked_at == datetime(2025, 12, 31, 7, 41, tzinfo=UTC)


def test_labels_around_the_table_tell_account_balances_and_pages():
    profile = Profile(
        ("booked_at", "amount"), ("Датум", "Износ"),
        labels=(("Рачун", "account"), ("Валута", "currency"), ("Почетно стање", "opening"),
                ("Ново стање", "closing"), ("За пренос", "page_closing"), ("Укупно", "left_out")),
    )  # fmt: skip
    text = (
        f"Рачун: {ACCOUNT}\nВалута;RSD\nПочетно стање:;100,00\n\nДатум;Износ\n"
        "01.02.2026;-40,00\nЗа пренос;61,00\nДатум;Износ\n02.02.2026;5,00\n"
        "Укупно;-35,00\nНово стање;65,00\n"
    )
    (statement,) = read(text.encode("cp1251"), replace(profile, encoding="windows-1251"))
    assert (statement.opening_minor, statement.closing_minor) == (10000, 6500)
    assert statement.lines[1].place.page == "2"
    first, second = check_balance(statement).breaks
    assert (first.difference_minor, first.ends.line) == (100, 7)
    assert second.difference_minor == -100


@pytest.mark.parametrize(
    ("written", "minor"),
    [("1.234,56", 123456), ("1234,5", 123450), ("1 234,56", 123456), ("1\u00a0234", 123400),
     ("-5", -500), ("5,00-", -500), ("\u22125,00", -500), ("+5,00", 500), ("1.234,56 RSD", 123456),
     ("RSD 5,00", 500), ("0,00", 0), ("9.999.999.999.999.999,99", 999999999999999999)],
)  # fmt: skip
def test_amounts_as_people_here_write_them(written, minor):
    profile = Profile(("booked_at", "amount"), ("D", "I"), account=ACCOUNT, currency="RSD")
    assert read(f"D;I\n01.02.2026;{written}\n", profile)[0].moved_minor == minor


@pytest.mark.parametrize(
    "written", ["5,00 EUR", "1.23", "1,2,3", "1..000", "--5", "5-5", "(5,00)", "\u0665"]
)
def test_other_amounts_are_refused(written):
    profile = Profile(("booked_at", "amount"), ("D", "I"), account=ACCOUNT, currency="RSD")
    assert refused(f"D;I\n01.02.2026;{written}\n", profile)


def test_a_booking_that_begins_like_a_label_stays_a_booking():
    profile = Profile(
        ("text", "booked_at", "amount"), ("Opis", "Datum", "Iznos"), account=ACCOUNT,
        currency="RSD", labels=(("Ukupno", "left_out"),),
    )  # fmt: skip
    text = "Opis;Datum;Iznos\nUkupno za maj;01.02.2026;5,00\nUkupno;;5,00\n"
    (statement,) = read(text, profile)
    assert [line.text for line in statement.lines] == ["Ukupno za maj"]


def test_several_accounts_and_currencies_are_statements_of_their_own():
    profile = Profile(
        ("account", "currency", "booked_at", "amount"), ("Račun", "Valuta", "Datum", "Iznos")
    )
    text = (
        f"Račun;Valuta;Datum;Iznos\n{ACCOUNT};RSD;01.02.2026;5,00\n"
        f"{ACCOUNT};EUR;01.02.2026;6,00\n{OTHER};RSD;01.01.2026;-7,00\n"
    )
    found = {(one.account, one.currency): one.moved_minor for one in read(text, profile)}
    assert found == {(ACCOUNT, "RSD"): 500, (ACCOUNT, "EUR"): 600, (OTHER, "RSD"): -700}


@pytest.mark.parametrize(
    ("profile", "row", "column"),
    [
        (OURS, "32.12.2025;B-1;1,00;;;;", "Datum"),
        (OURS, "2025-12-31;B-1;1,00;;;;", "Datum"),
        (OURS, "31.12.25;B-1;1,00;;;;", "Datum"),
        (OURS, "31.12.2025;B-1;1.23;;;;", "Potražuje"),
        (OURS, "31.12.2025;B-1;1,234;;;;", "Potražuje"),
        (OURS, "31.12.2025;B-1;1e3;;;;", "Potražuje"),
        (OURS, "31.12.2025;B-1;1234567890123456789;;;;", "Potražuje"),
        (OURS, "31.12.2025;B-1;-1,00;;;;", "Potražuje"),
        (OURS, "31.12.2025;B-1;1,00;2,00;;;", "Potražuje"),
        (OURS, "31.12.2025;B-1;;;;;", "Potražuje"),
        (OURS, "31.12.2025;B-1;;1,00;RS3510500812312312317\u0417;;", "Račun primaoca"),
        (OURS, "31.12.2025;B-1;1,00;;;a\u200bb;", "Svrha"),
        (OURS, "31.12.2025;B-1;1,00;;;;=1+1", "Stanje"),
        (OURS, "31.12.2025;B-1;1,00;;;", ""),
        (OURS, "31.12.2025;B-1;1,00;;;;;x", ""),
        (replace(OURS, account=""), "31.12.2025;B-1;1,00;;;;", "account"),
        (replace(OURS, currency=""), "31.12.2025;B-1;1,00;;;;", "currency"),
        (replace(OURS, currency="XXZ"), "31.12.2025;B-1;1,00;;;;", "currency"),
        (replace(OURS, account="RS35260005601001611378"), "31.12.2025;B;1,00;;;;", "account"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_line_and_column(profile, row, column):
    (wrong,) = refused(HEAD + row + "\n", profile)
    assert (wrong.line, wrong.column) == (2, column)
    assert wrong.problem


def test_another_currency_than_the_declared_one_is_refused():
    profile = Profile(
        ("booked_at", "amount", "currency"), ("D", "I", "V"), account=ACCOUNT, currency="RSD"
    )
    (wrong,) = refused("D;I;V\n01.02.2026;1,00;RSD\n01.02.2026;1,00;EUR\n", profile)
    assert (wrong.line, wrong.column, wrong.value) == (3, "V", "EUR")


def test_rows_out_of_the_declared_order_are_refused_and_newest_first_is_turned_round():
    newest_first = "02.01.2026;B-2;;1,00;;;4,00\n01.01.2026;B-1;5,00;;;;5,00\n"
    (wrong,) = refused(HEAD + newest_first)
    assert (wrong.line, wrong.column) == (3, "Datum")
    (statement,) = read(HEAD + newest_first, replace(OURS, order="newest_first"))
    assert [line.reference for line in statement.lines] == ["B-1", "B-2"]
    assert (statement.opening_minor, statement.closing_minor) == (0, 400)
    assert check_balance(statement).adds_up


def test_all_wrong_rows_are_named_and_nothing_is_half_imported():
    wrong = refused(HEAD + ROWS + "x;;1,00;;;;\n" + "y;;1,00;;;;\n")
    assert [one.line for one in wrong] == [4, 5]


def test_changed_headings_are_refused():
    (wrong,) = refused(HEAD.replace("Svrha", "Opis") + ROWS)
    assert "confirm a new profile" in wrong.problem


def test_a_quotation_mark_that_is_never_closed_is_refused():
    (wrong,) = refused(HEAD + '31.12.2025;"B-1;1,00;;;;\n')
    assert wrong.line == 2


@pytest.mark.parametrize(
    ("document", "declared"),
    [
        ((HEAD + ROWS).encode("cp1250"), "utf-8"),
        ((HEAD + ROWS).encode("utf-8"), "windows-1250"),
        ((HEAD + ROWS).encode("utf-8-sig"), "windows-1250"),
        ((HEAD + ROWS).encode("utf-16"), "utf-8"),
        ((HEAD + ROWS).encode("utf-16-le"), "utf-8"),
        (b"\x98" + (HEAD + ROWS).encode("cp1250"), "windows-1251"),
    ],
)
def test_an_encoding_that_the_bytes_speak_against_is_refused(document, declared):
    assert refused(document, replace(OURS, encoding=declared))


@pytest.mark.parametrize(
    ("codec", "declared"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1250", "windows-1250"),
     ("utf-16", "utf-16-le"), ("utf-16-be", "utf-16-be")],
)  # fmt: skip
def test_each_declared_encoding_reads_the_same(codec, declared):
    statement = read((HEAD + ROWS).encode(codec), replace(OURS, encoding=declared))
    assert statement == read(HEAD + ROWS)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp1250", "utf-16"])
def test_a_profile_is_proposed_from_the_headings(codec):
    found = csv_proposals(
        (HEAD + ROWS).encode(codec), currencies=currencies(), zone=BELGRADE, account=ACCOUNT,
        currency="RSD",
    )  # fmt: skip
    (profile,) = found
    assert (profile.columns, profile.decimal, profile.dates) == (OURS.columns, "comma", "day_first")
    assert read((HEAD + ROWS).encode(codec), profile)[0].lines == read(HEAD + ROWS)[0].lines


def test_where_two_profiles_fit_both_are_proposed():
    found = csv_proposals(
        b"Date;Amount;Reference\n03.04.2026;1.234;A\n", currencies=currencies(), zone=BELGRADE,
        account=ACCOUNT, currency="BHD",
    )  # fmt: skip
    meant = {(profile.decimal, profile.dates) for profile in found}
    assert {("comma", "day_first"), ("point", "month_first")} <= meant


def test_cyrillic_headings_and_labels_are_known():
    text = f"Рачун: {ACCOUNT};\nДатум књижења;Износ;Опис\n31.12.2025.;-1,00;Струја\n"
    found = csv_proposals(
        text.encode("cp1251"), currencies=currencies(), zone=BELGRADE, currency="RSD"
    )
    assert {profile.encoding for profile in found} == {"windows-1251"}
    assert found[0].columns == ("booked_at", "amount", "text")
    assert found[0].labels == (("Рачун", "account"),)


def test_a_profile_comes_back_as_it_was_remembered():
    profile = replace(OURS, labels=(("Račun", "account"),))
    assert from_json(profile.as_json()) == profile
    with pytest.raises(ValueError, match="does not have"):
        from_json({**profile.as_json(), "sql": "1"})


@pytest.mark.parametrize(
    "change",
    [
        {"columns": ("booked_at",)}, {"columns": ("booked_at",) * 7}, {"decimal": "dot"},
        {"columns": ("", "reference", "credit", "debit", "to", "text", "balance")},
        {"columns": ("booked_at", "amount", "credit", "debit", "", "", "")},
        {"columns": ("booked_at", "amount", "side", "", "", "", "")},
        {"encoding": "latin-1"}, {"labels": (("x", "y"),)}, {"order": "random"},
    ],
)  # fmt: skip
def test_a_profile_that_cannot_be_meant_is_refused(change):
    with pytest.raises(ValueError):
        replace(OURS, **change)


TEXTS = st.text("abc čćšђљ;\"'\n,.-", max_size=12).map(str.strip)
BOOKINGS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-(10**15), 10**15), TEXTS, TEXTS), max_size=12
)


def grouped(minor: int) -> str:
    whole, part = divmod(abs(minor), 100)
    return ("-" if minor < 0 else "") + f"{whole:,}".replace(",", ".") + f",{part:02d}"


@given(bookings=BOOKINGS, opening=st.integers(-(10**9), 10**9))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back(bookings, opening):
    profile = Profile(
        ("booked_at", "amount", "reference", "text", "balance"), ("D", "I", "R", "T", "S"),
        account=ACCOUNT, currency="RSD", labels=(("Početno stanje", "opening"),),
    )  # fmt: skip
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["Početno stanje", grouped(opening)])
    writer.writerow(profile.headings)
    day, balance, wanted = date(2026, 1, 1), opening, []
    for days, amount, reference, text in bookings:
        day, balance = day + timedelta(days), balance + amount
        writer.writerow([f"{day:%d.%m.%Y.}", grouped(amount), reference, text, grouped(balance)])
        wanted.append((day, amount, reference, text, balance))
    (statement,) = read(out.getvalue(), profile)
    told = [
        (one.booked_on, one.amount_minor, one.reference, one.text, one.balance_minor)
        for one in statement.lines
    ]
    assert told == wanted
    assert statement.opening_minor == opening
    assert not check_balance(statement).breaks


@pytest.mark.slow
def test_a_hundred_thousand_lines_are_read_in_seconds():
    begun = process_time()
    row = "31.12.2025.;B-{n};1.234,56;;{to};Uplata po računu {n};\n"
    text = HEAD + "".join(row.format(n=n, to=OTHER) for n in range(100_000))
    (statement,) = read(text)
    assert len(statement.lines) == 100_000
    assert process_time() - begun < 20


SHARED = Path(__file__).parents[4] / "shared" / "badinput"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared samples are not beside the repository")
@pytest.mark.parametrize(
    "name", ["open_quote", "short_row", "two_loss_columns", "nul_inside", "cp1251"]
)
def test_shared_bad_tables_are_refused(name):
    profile = Profile(
        ("booked_at", "to_name", "account", "amount", "currency"),
        ("reported_at", "victim", "account", "loss", "currency"),
        separator="comma", decimal="point", dates="year_first",
    )  # fmt: skip
    assert refused((SHARED / "csv" / f"{name}.csv").read_bytes(), profile)
    good = read((SHARED / "csv" / "good_quoted.csv").read_bytes(), profile)
    assert (good[0].lines[0].counterparty_name, good[0].moved_minor) == ('Vuković, "Sanja"', 5000)
