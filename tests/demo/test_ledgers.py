"""The invented country's books: they agree with one another, and blocks keep to the balance."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from schwifty import IBAN
from schwifty.registry import get_all_banks

from recoup.core.accounts import read_account
from recoup.core.tracing import Account, Ledger, Seed, Transfer, trace
from recoup.demo import cast, ledger, stories
from recoup.demo.country import country, rs_account

NOW = datetime.now(UTC)


def all_bookings(directory: Path) -> dict[str, list[ledger.Booking]]:
    with ExitStack() as stack:
        books = stories._open_all(stack, directory, create=False)
        return {
            kept.iban: ledger.bookings(books[kept.organisation], kept.iban)
            for kept in cast.ACCOUNTS
        }


def test_no_bank_code_of_the_invented_country_is_assigned_to_anybody():
    assigned = {(bank.country_code, bank.bank_code) for bank in get_all_banks()}
    for one in country().organisations:
        assert (one.country, one.bank_code) not in assigned
        assert not one.bic or one.bic[7] == "0"
        assert "(invented)" in one.name_en


@pytest.mark.parametrize("kept", cast.ACCOUNTS, ids=lambda kept: kept.key)
def test_every_account_number_has_correct_control_numbers(kept):
    assert IBAN(kept.iban, validate_bban=True).bank is None
    assert read_account(rs_account(kept.iban)).ident == kept.iban
    assert kept.alias is None or read_account(kept.alias[1]).scheme == kept.alias[0]


def test_every_credit_has_a_debit_with_the_same_uetr_and_amount(country_dir):
    entries = [one for of_account in all_bookings(country_dir).values() for one in of_account]
    debits = {one.uetr: one for one in entries if one.side == "d" and one.uetr}
    for credit in (one for one in entries if one.side == "c"):
        debit = debits[credit.uetr]
        assert (debit.amount_minor, debit.ident) == (credit.amount_minor, credit.account)
        assert debit.account == credit.ident


def test_the_first_story_ends_with_most_of_the_money_at_six_institutions(country_dir):
    transfers, accounts, seed = [], {}, ""
    for kept in cast.ACCOUNTS:
        accounts[kept.iban] = Account(opening=kept.opening * 100)
    for iban, entries in all_bookings(country_dir).items():
        for n, one in enumerate(entries):
            if one.side == "d":
                where = one.ident if one.kind == "account" else one.kind
                transfers.append(
                    Transfer(one.uetr or one.reference, int(_time(one) * 1000), iban, where,
                             one.amount_minor, n)
                )  # fmt: skip
                seed = one.uetr if one.amount_minor == 48_000_000 else seed
    for sink in ("cash", "card", "abroad", "other"):
        accounts[sink] = Account(external=True)
    result = trace(Ledger(accounts, tuple(transfers), (Seed(seed),)))
    where = {kept.iban: kept.key for kept in cast.ACCOUNTS}
    held = {where.get(k, k): v[seed] // 100 for k, v in result.held.items() if seed in v}
    assert held == {
        "mule_1": 55_000, "mule_2": 42_000, "mule_3": 83_500, "mule_4": 165_000,
        "mule_5": 15_000, "trader": 40_000,
        "cash": 15_000, "card": 11_500, "abroad": 15_000, "other": 38_000,
    }  # fmt: skip


def test_the_stories_can_happen_again_after_what_was_disclosed(country_dir):
    before = {iban: len(entries) for iban, entries in all_bookings(country_dir).items()}
    now = datetime.now(UTC)
    later = now + timedelta(minutes=2)
    facts = stories.refresh(country_dir, later)
    for iban, entries in all_bookings(country_dir).items():
        old, new = entries[: before[iban]], entries[before[iban] :]
        assert all(one.booked_at > max(o.booked_at for o in old) for one in new if old)
        assert len({(one.side, one.reference) for one in entries}) == len(entries)
    assert facts == stories.facts(country_dir)
    with pytest.raises(stories.TooEarly):
        stories.refresh(country_dir, now - timedelta(hours=1))


def test_a_refresh_brings_accounts_back_to_their_opening_balance(country_dir):
    stories.refresh(country_dir, datetime.now(UTC) + timedelta(hours=1))
    sheet = stories.clerk_sheet(country_dir, cast.account("mule_3").iban).splitlines()
    assert sheet[1] == "# opening balance\t3500.00"
    assert sheet[3] == "# closing balance\t83500.00"


def test_the_clerks_lines_can_be_pasted(country_dir):
    lines = stories.clerk_lines(country_dir, cast.account("mule_3").iban)
    cells = [line.split("\t") for line in lines]
    assert [(c[0], c[3]) for c in cells] == [
        ("credit", "120000.00"), ("debit", "15000.00"), ("debit", "25000.00"),
    ]  # fmt: skip
    assert cells[2][4:] == ["account", cast.account("mule_5").iban]
    assert cells[1][4:] == ["card", "Shop 88, Novi Sad"]
    with pytest.raises(stories.NoSuchAccount):
        stories.clerk_lines(country_dir, cast.ABROAD)


@pytest.fixture
def books(country_dir):
    with closing(ledger.open_ledger(stories.ledger_path(country_dir, "walnut"))) as db:
        yield db


def hold(db: sqlite3.Connection, asked: int, *, request: str = "r", round_number: int = 1) -> int:
    kept = ledger.find_account(db, "iban", cast.account("mule_2").iban)
    assert kept is not None
    with ledger.transaction(db):
        return ledger.set_hold(
            db, kept, request=request, asked_minor=asked, asked_as=f"iban:{kept.ident}",
            ticket_reference="HT", round_number=round_number, until=None,
            at=ledger.text_of(NOW),
        )  # fmt: skip


def test_a_block_never_exceeds_the_balance_whoever_asks(books):
    assert hold(books, 3_000_000, request="first") == 3_000_000
    assert hold(books, 3_000_000, request="second") == 1_200_000
    assert hold(books, 3_000_000, request="third") == 0
    assert hold(books, 500_000, request="first", round_number=2) == 500_000
    assert hold(books, 3_000_000, request="third", round_number=2) == 2_500_000
    assert ledger.broken(books) == []


def test_an_order_overtaken_by_a_later_round_changes_nothing(books):
    hold(books, 100, round_number=3)
    assert hold(books, 4_200_000, round_number=2) == 100


def test_an_account_has_one_block_from_the_first_hold_to_the_last(books):
    account = cast.account("mule_2").iban
    hold(books, 100, request="a")
    first = ledger.block_reference(books, account)
    hold(books, 100, request="b")
    hold(books, 0, request="a", round_number=2)
    assert ledger.block_reference(books, account) == first
    hold(books, 0, request="b", round_number=2)
    assert ledger.block_reference(books, account) == ""
    hold(books, 5, request="b", round_number=3)
    assert ledger.block_reference(books, account) not in ("", first)


def test_a_ticket_cannot_be_executed_twice_unless_the_key_is_taken_away(country_dir, monkeypatch):
    row = ("t", "HT", "hold", "block", "iban:x", "", "now")
    insert = "insert into executed values (?, ?, ?, ?, ?, ?, ?)"
    path = stories.ledger_path(country_dir, "plum")
    with closing(ledger.open_ledger(path)) as db:
        db.execute(insert, row)
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(insert, row)
    monkeypatch.setenv("RECOUP_FAULT", "bank_unique_ticket")
    with closing(ledger.open_ledger(path)) as db:
        db.execute(insert, row)
        assert ledger.doubled(db) == [("t", 2)]


def _time(one: ledger.Booking) -> float:
    return ledger.moment_of(one.booked_at).timestamp()
