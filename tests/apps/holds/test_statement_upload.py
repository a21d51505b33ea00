"""A statement file attached to an answer: preview, the bookings in the form, and the chain."""

from __future__ import annotations

import io
import random
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.apps.holds.statement_models import StatementProfile
from recoup.apps.holds.statement_window import assemble
from recoup.apps.lawful_requests.models import Ticket
from recoup.standards.statements import Line, Place, Statement
from support import statements
from support.statement_pages import client_of, onward, said, send, upload
from support.statements import Account, Booked
from support.world import World, iban

ACCOUNT, NEXT, SHOP = iban("linden", 77), iban("sparrow", 5), iban("quince", 20001)


@pytest.fixture
def mila(world: World) -> Client:
    return client_of(world, "mila.linden")


@pytest.fixture
def ticket(world: World) -> Ticket:
    world.report(
        payer=iban("plum", 1), payee=ACCOUNT, amount=480_000_00, by=world.at_bank("plum"),
        reference="RF1",
    )  # fmt: skip
    world.plan()
    return world.tickets(addressee__code="linden")[0]


@pytest.fixture
def fraud(world: World) -> Account:
    return statements.fraud(ACCOUNT, NEXT, now=world.now())


def test_a_camt053_becomes_the_known_window_and_the_next_bank_is_asked(
    world: World, ticket: Ticket, mila: Client, fraud: Account
):
    page = upload(mila, ticket, ("feb.xml", statements.camt053(fraud)))
    assert page.status_code == 200, page.context["faults"]
    assert page.context["check"].is_complete
    filled = onward(mila, ticket, page, step="take")
    window = filled.context["window"]
    assert (window.opening, window.closing) == ("12000.00", "191000.00")
    assert [row.reference for row in window.all_rows] == ["C-100", "B-770", "B-771"]
    assert window.marks[0].value == "C-100" and not window.marks[0].is_proposed
    assert send(mila, ticket, filled).status_code == 302
    world.plan()
    assert [one.asked_minor for one in world.tickets(addressee__code="sparrow")] == [289_000_00]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_table_of_local_habits_is_read_after_its_profile_was_confirmed(
    world: World, ticket: Ticket, mila: Client, fraud: Account, format: str
):
    content = {"csv": statements.csv, "xlsx": statements.xlsx}[format](fraud)
    page = upload(mila, ticket, (f"izvod.{format}", content))
    assert page.context["undeclared"] and page.context["found"] is None
    assert not StatementProfile.objects.exists()
    assert page.context["proposals"][0]["lines"][0][0].amount_minor == 480_000_00
    page = onward(mila, ticket, page, step="declare", proposal="0")
    assert page.status_code == 200, page.context["faults"]
    with world.acting(world.actor("mila.linden")):
        assert [one.version for one in StatementProfile.objects.all()] == [1]
    filled = onward(mila, ticket, page, step="take")
    assert send(mila, ticket, filled).status_code == 302
    world.plan()
    assert [one.asked_minor for one in world.tickets(addressee__code="sparrow")] == [289_000_00]


def test_a_profile_is_known_to_all_clerks_of_the_institution_and_to_no_other(
    world: World, ticket: Ticket, mila: Client, fraud: Account
):
    content = statements.csv(fraud)
    page = upload(mila, ticket, ("izvod.csv", content))
    onward(mila, ticket, page, step="declare", proposal="0")
    goran = client_of(world, "goran.linden")
    page = upload(goran, ticket, ("izvod.csv", content))
    assert page.context["files"][0]["remembered"].confirmed_by.full_name.startswith("Mila")
    with world.acting(world.at_bank("walnut")):
        assert not StatementProfile.objects.exists()
    page = onward(goran, ticket, page, step="read")
    assert page.context["check"].is_complete


def test_the_same_headings_confirmed_otherwise_are_the_next_version(
    open_world: World, world: World, ticket: Ticket, mila: Client, fraud: Account
):
    from recoup.apps.holds.statement_profile_operations import confirm_statement_profile
    from recoup.standards.statements import from_json

    page = upload(mila, ticket, ("izvod.csv", statements.csv(fraud)))
    onward(mila, ticket, page, step="declare", proposal="0")
    with world.acting(world.actor("mila.linden")) as at:
        by = world.actor("mila.linden")
        profile = from_json(StatementProfile.objects.get().profile)
        again = confirm_statement_profile(profile=profile, format="csv", by=by, at=at)
        other = confirm_statement_profile(
            profile=replace(profile, order="any"), format="csv", by=by, at=at
        )
        assert (again.version, other.version) == (1, 2)


def test_what_lies_before_the_disputed_credit_is_left_out_and_in_the_opening_balance(
    world: World, ticket: Ticket, mila: Client
):
    account = statements.fraud(ACCOUNT, NEXT, now=world.now(), before=6)
    page = upload(mila, ticket, ("feb.xml", statements.camt053(account)))
    found = page.context["found"]
    assert (found.before, len(found.told), found.opening_minor) == (6, 3, 12_000_00)
    assert b"A-0" not in onward(mila, ticket, page, step="take").content
    whole = onward(mila, ticket, page, step="read", begins="1")
    assert len(whole.context["found"].told) == 9
    assert whole.context["found"].opening_minor == 15_000_00


def test_to_whom_a_debit_without_disputed_money_went_is_said_to_be_dropped_and_is(
    open_world: World, world: World, ticket: Ticket, mila: Client
):
    came = world.now() - timedelta(minutes=30)
    account = Account(
        ACCOUNT, 12_000_00,
        [
            Booked(came, 480_000_00, "C-100", note="card 4111 1111 1111 1111"),
            Booked(came + timedelta(minutes=1), -5_000_00, "B-1", SHOP, "rent"),
            Booked(came + timedelta(minutes=2), -300_000_00, "B-2", NEXT),
        ],
    )  # fmt: skip
    page = upload(mila, ticket, ("feb.xml", statements.camt053(account)))
    assert page.context["gone"] == 1
    filled = onward(mila, ticket, page, step="take")
    assert send(mila, ticket, filled, held="187000.00").status_code == 302
    stored = str(open_world.run("select convert_from(body, 'utf-8') from lawful_requests_answer"))
    assert "B-1" in stored and NEXT in stored
    assert SHOP not in stored and "4111" not in stored and "Somebody" not in stored


def test_a_reference_that_holds_a_cards_number_is_masked(
    world: World, ticket: Ticket, mila: Client, fraud: Account
):
    card = replace(fraud.bookings[1], reference="POS 4111111111111111")
    account = replace(fraud, bookings=[fraud.bookings[0], card, fraud.bookings[2]])
    page = upload(mila, ticket, ("feb.xml", statements.camt053(account)))
    filled = onward(mila, ticket, page, step="take")
    assert b"4111111111111111" not in page.content + filled.content
    assert filled.context["window"].all_rows[1].reference == "POS 411111••••••1111"


def test_what_two_statements_tell_twice_is_told_once(
    world: World, ticket: Ticket, mila: Client, fraud: Account
):
    first = replace(fraud, bookings=fraud.bookings[:2])
    second = replace(fraud, opening=12_000_00, bookings=fraud.bookings)
    page = upload(
        mila, ticket, ("1.xml", statements.camt053(first)), ("2.xml", statements.camt053(second))
    )
    assert page.status_code == 200, said(page)
    found = page.context["found"]
    assert (found.repeated, len(found.told)) == (2, 3)
    assert page.context["check"].is_complete


def test_a_statement_of_another_account_is_refused_with_both(
    ticket: Ticket, mila: Client, fraud: Account
):
    page = upload(mila, ticket, ("feb.xml", statements.camt053(replace(fraud, ident=SHOP))))
    assert page.status_code == 422
    assert SHOP in said(page)[0] and ACCOUNT in said(page)[0]
    assert onward(mila, ticket, page, step="take").status_code == 422


def test_a_statement_that_does_not_add_up_is_not_taken(
    ticket: Ticket, mila: Client, fraud: Account
):
    wrong = statements.camt053(fraud).replace(b">191000.00<", b">191000.01<")
    page = upload(mila, ticket, ("feb.xml", wrong))
    assert page.status_code == 422
    assert "do not agree" in said(page)[0]


def test_an_amount_beyond_what_the_hub_takes_is_named_with_its_place(
    world: World, ticket: Ticket, mila: Client
):
    came = world.now() - timedelta(minutes=30)
    account = Account(ACCOUNT, 0, [Booked(came, 10**13, "C-1")])
    page = upload(mila, ticket, ("feb.xml", statements.camt053(account)))
    assert page.status_code == 422
    fault = page.context["faults"][0]
    assert "longer than 13 digits" in fault["said"]
    assert fault["file"] == "feb.xml" and fault["line"] == 3


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"%PDF-1.7 ...", "This is a PDF"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old workbook"),
        ("a.csv", b"", "empty"),
        ("a.csv", b"hello\nworld\n", "No row was recognised as headings"),
    ],
)
def test_what_is_no_statement_is_refused_with_what_to_do(
    ticket: Ticket, mila: Client, name: str, content: bytes, words: str
):
    page = upload(mila, ticket, (name, content))
    assert page.status_code == 422
    shown = said(page)[0] if page.context.get("faults") else page.content.decode()
    assert words in shown


def test_too_many_bytes_are_refused_with_the_limit(ticket: Ticket, mila: Client):
    mila.post(f"/tickets/{ticket.id}/take")
    page = upload(mila, ticket, ("big.csv", b"a" * 4_000_001), note="typed before")
    assert page.status_code == 422
    assert b"4,000,001" in page.content and b"4,000,000" in page.content
    assert page.context["entry"]["note"] == "typed before"


def test_what_was_typed_of_the_answer_goes_along_and_comes_back(
    ticket: Ticket, mila: Client, fraud: Account
):
    page = upload(
        mila, ticket, ("feb.xml", statements.camt053(fraud)), note="by telephone", held="1.00",
        code="moved_on",
    )  # fmt: skip
    entry = page.context["entry"]
    for step in ("take", ""):
        back = onward(mila, ticket, page, **entry | {"step": step})
        assert back.context["entry"]["note"] == "by telephone"
        assert back.context["entry"]["held"] == "1.00"
        assert back.context["entry"]["code"] == "moved_on"


def test_a_page_of_another_person_or_ticket_carries_nothing(
    world: World, ticket: Ticket, mila: Client, fraud: Account
):
    page = upload(mila, ticket, ("feb.xml", statements.camt053(fraud)))
    goran = client_of(world, "goran.linden")
    assert onward(goran, ticket, page, step="take").status_code == 422
    changed = {"token": page.context["token"][:-3] + "abc", "step": "take"}
    assert mila.post(f"/tickets/{ticket.id}/statement/take", changed).status_code == 422


def test_another_institution_sees_no_such_ticket(world: World, ticket: Ticket, fraud: Account):
    other = client_of(world, "jelena.police")
    assert upload(other, ticket, ("a.xml", statements.camt053(fraud))).status_code in (403, 404)


def test_nothing_is_stored_before_the_answer_is_sent(
    open_world: World, ticket: Ticket, mila: Client, fraud: Account
):
    page = upload(mila, ticket, ("feb.xml", statements.camt053(fraud)))
    onward(mila, ticket, page, step="take")
    assert open_world.run("select count(*) from lawful_requests_answer") == [(0,)]
    assert open_world.run("select count(*) from holds_statementprofile") == [(0,)]


def test_more_bookings_than_the_table_shows_go_along_as_text(
    world: World, ticket: Ticket, mila: Client
):
    came = world.now() - timedelta(minutes=30)
    small = [Booked(came + timedelta(seconds=n), -1_00, f"B-{n}", SHOP) for n in range(1, 301)]
    account = Account(ACCOUNT, 12_000_00, [Booked(came, 480_000_00, "C-100"), *small])
    page = upload(mila, ticket, ("feb.xml", statements.camt053(account)))
    filled = onward(mila, ticket, page, step="take")
    assert filled.context["window"].pasted_count == 301
    assert filled.context["window"].check.is_complete
    done = send(mila, ticket, filled, code="held", held="480000.00")
    assert done.status_code == 302


def test_what_was_confirmed_can_be_said_anew_and_becomes_the_next_version(
    world: World, ticket: Ticket, mila: Client, fraud: Account
):
    page = upload(mila, ticket, ("izvod.csv", statements.csv(fraud)))
    page = onward(mila, ticket, page, step="declare", proposal="0")
    assert page.context["can_be_read_anew"]
    again = onward(mila, ticket, page, step="anew")
    assert again.context["undeclared"] and b'name="anew"' in again.content
    other = {
        f"column-{n}": "" if means == "to" else means
        for n, (_head, means) in again.context["columns"]
    }
    page = onward(mila, ticket, again, step="declare", proposal="0", anew="1", **other)
    assert page.context["files"][0]["remembered"].version == 2
    assert not any(row["entry"].line.counterparty for row in page.context["entries"])


def test_a_workbook_that_becomes_too_large_for_a_page_is_refused(ticket: Ticket, mila: Client):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.xml", random.Random(1).randbytes(400_000) + b"0" * 50_000_000)
    page = upload(mila, ticket, ("izvod.xlsx", out.getvalue()))
    assert "50,400,000 bytes" in said(page)[0]


# Where a window begins, and what its times are


def asked(*, since: str | None = None, amount: int = 480_000_00) -> dict[str, Any]:
    payment = {"amount_minor": amount, "currency": "RSD", "reference": "RF1", "uetr": None}
    return {
        "account": {"ident": ACCOUNT}, "currency": "RSD", "disclose": {"from": since},
        "lines": [{"payment": payment}],
    }  # fmt: skip


def told_of(*lines: tuple[str, int], **ends: int) -> Statement:
    """A statement of days, or moments where a time is written, and amounts."""
    made = []
    for n, (when, minor) in enumerate(lines, start=1):
        at = datetime.fromisoformat(f"{when}+00:00") if " " in when else None
        day = date.fromisoformat(when[:10])
        made.append(Line(Place("f", line=n), minor, day, at, reference=f"R{n}"))
    opening = ends.get("opening", 0)
    closing = opening + sum(minor for _, minor in lines)
    return Statement(ACCOUNT, "iban", "RSD", opening, closing, tuple(made), Place("f"), "csv")


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_window_that_goes_on_begins_where_the_ticket_says():
    statement = told_of(
        ("2026-11-20 10:00", 480_000_00), ("2026-11-21 10:00", -5_00), ("2026-11-21 12:00", -7_00)
    )
    found = assemble([statement], asked(since="2026-11-21T11:00:00+00:00"), at=NOON)
    assert [one.reference for one in found.told] == ["R3"]
    assert found.opening_minor == 480_000_00 - 5_00
    assert found.from_at == datetime(2026, 11, 21, 11, tzinfo=UTC)
    assert found.closing_minor == 480_000_00 - 12_00


def test_days_without_a_time_keep_the_files_order_and_lie_in_the_window():
    statement = told_of(("2026-11-20", 480_000_00), ("2026-11-21", -5_00), ("2026-11-21", -7_00))
    found = assemble([statement], asked(since="2026-11-21T11:00:00+00:00"), at=NOON)
    assert [one.reference for one in found.told] == ["R2", "R3"]
    assert all(one.at == datetime(2026, 11, 21, 11, tzinfo=UTC) for one in found.told)
    whole = assemble([statement], asked(), at=NOON)
    assert [one.at for one in whole.told] == sorted(one.at for one in whole.told)
    assert whole.from_at == whole.told[0].at


def test_of_two_credits_that_fit_neither_is_taken_for_the_payment():
    statement = told_of(("2026-11-20", 480_000_00), ("2026-11-21", 480_000_00))
    found = assemble([statement], asked(), at=NOON)
    assert [one.payment for one in found.told] == [None, None]
    assert any("fits" in one.said for one in found.doubts)


def test_zero_is_no_booking_and_names_are_given_once_a_side():
    day = "2026-11-20"
    line = told_of((day, 480_000_00), (day, 0), (day, -1), (day, -2))
    same = replace(line, lines=tuple(replace(one, reference="X") for one in line.lines))
    found = assemble([same], asked(), at=NOON)
    assert [one.reference for one in found.told] == ["X", "X/2", "X/3"]
    bare = replace(line, lines=tuple(replace(one, reference="") for one in line.lines))
    names = [one.reference for one in assemble([bare], asked(), at=NOON).told]
    assert names == ["20261120-1", "20261120-3", "20261120-4"]


def test_a_statement_without_a_balance_is_not_taken():
    statement = replace(told_of(("2026-11-20", 480_000_00)), closing_minor=None)
    found = assemble([statement], asked(), at=NOON)
    assert not found.can_be_taken
    assert "not told" in found.faults[0].said
