"""What an institution answers to each measure, from its own ledger alone."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from stub_hub import balances, line, problems_of, ticket

from recoup.demo import answering, cast, ledger, stories


def later():
    """Five minutes after now: the stories of a test are told as of its own beginning."""
    return ledger.text_of(datetime.now(UTC) + timedelta(minutes=5))


@pytest.fixture
def ask(country_dir):
    """Ask an institution and return its answer."""

    def do(code, **parts):
        with closing(ledger.open_ledger(stories.ledger_path(country_dir, code))) as db:
            asked = ticket(**parts)
            at = later()
            done = answering.execute(db, asked, at=at, due_at=at)
            assert ledger.broken(db) == []
            assert problems_of(done.body, asked) == ()
        return done.body

    return do


@pytest.fixture
def told(country_dir):
    """The facts a victim knows, by number of the story."""
    return {one["story"]: one for one in stories.facts(country_dir)}


def reported(facts, *, payee_scheme="iban", payee=None, **parts):
    """The line of a report: what the victim typed."""
    return line(
        amount=int(facts["amount"].replace(".", "")),
        at=facts["paid_at"],
        reference=facts["reference"],
        payer=facts["payer_iban"],
        payee=payee or facts["payee_iban"],
        payee_scheme=payee_scheme,
        **parts,
    )


def iban(key):
    return cast.account(key).iban


def test_the_payers_bank_confirms_the_debit_with_its_uetr(ask, told):
    answer = ask("plum", account=iban("victim"), amount=48_000_000, measure="confirm_debit",
                 lines=[reported(told[1])])  # fmt: skip
    assert answer["code"] == "debit_confirmed"
    assert answer["payment"]["amount_minor"] == 48_000_000
    assert answer["payment"]["uetr"] and answer["payment"]["reference"].startswith("PLUM")


@pytest.mark.parametrize(("number", "scheme"), [(5, "phone"), (6, "card")])
def test_a_payment_to_a_telephone_or_card_is_confirmed_by_what_the_victim_wrote(
    ask, told, number, scheme
):
    facts = told[number]
    bank = {5: "walnut", 6: "quince"}[number]
    reported_line = reported(facts, payee=facts["payee_account"], payee_scheme=scheme)
    amount = reported_line["amount_minor"]
    answer = ask(bank, account=facts["payer_iban"], amount=amount, measure="confirm_debit",
                 lines=[reported_line])  # fmt: skip
    assert answer["code"] == "debit_confirmed"
    held = ask("sparrow", account=facts["payee_account"], scheme=scheme, amount=amount,
               kind="block", lines=[reported_line])  # fmt: skip
    assert held["held_minor"] == {5: 1_700_000, 6: 1_850_000}[number]


def test_a_payment_that_was_never_made_is_no_such_debit(ask, told):
    answer = ask("plum", account=iban("reporter_4"), amount=25_000_000, measure="confirm_debit",
                 lines=[reported(told[4])])  # fmt: skip
    assert (answer["code"], answer["payment"]) == ("no_such_debit", None)


@pytest.mark.parametrize(
    "wrong", [{"payee": iban("shop")}, {"at": "2020-01-01T00:00:00Z"}, {"amount": 48_000_001}]
)
def test_another_payee_day_or_larger_amount_is_not_the_disputed_debit(ask, told, wrong):
    facts = told[1]
    parts = {"amount": 48_000_000, "at": facts["paid_at"], "payee": facts["payee_iban"]} | wrong
    answer = ask("plum", account=iban("victim"), amount=1, measure="confirm_debit",
                 lines=[line(**parts)])  # fmt: skip
    assert answer["code"] == "no_such_debit"


def test_a_pending_payment_is_stopped_once_and_is_then_no_debit(ask, told):
    parts = {"account": iban("victim_3"), "amount": 6_500_000, "lines": [reported(told[3])]}
    first = ask("quince", measure="stop_before_execution", **parts)
    assert (first["code"], first["held_minor"]) == ("stopped_before_execution", 6_500_000)
    assert ask("quince", measure="stop_before_execution", **parts)["code"] == "nothing_left"
    assert ask("quince", measure="confirm_debit", **parts)["code"] == "no_such_debit"


def test_a_recall_is_possible_only_where_the_scheme_has_one(ask, told):
    answer = ask("plum", account=iban("victim"), amount=48_000_000, measure="recall",
                 lines=[reported(told[1])])  # fmt: skip
    assert (answer["code"], answer["ground"]) == ("cannot_lawfully", "no recall scheme")
    facts = told[6]
    answer = ask("quince", account=facts["payer_iban"], amount=1_850_000, measure="recall",
                 lines=[reported(facts)])  # fmt: skip
    assert (answer["code"], answer["held_minor"]) == ("recalled", 1_850_000)


def test_a_block_discloses_nothing(ask, told):
    answer = ask("quince", account=iban("mule_1"), amount=48_000_000, kind="block",
                 lines=[reported(told[1])])  # fmt: skip
    assert (answer["code"], answer["held_minor"]) == ("part_held", 20_500_000)
    assert answer["window"] is None and answer["block_reference"].startswith("QUIN-BLK-")


def test_after_the_block_the_first_disclosure_moves_on_and_balances(ask, told):
    asked = {"account": iban("mule_1"), "amount": 48_000_000, "request": "one"}
    ask("quince", kind="block", **asked)
    answer = ask("quince", kind="first", round_number=2, lines=[reported(told[1])], **asked)
    window = answer["window"]
    assert (answer["code"], answer["held_minor"]) == ("moved_on", 20_500_000)
    assert balances(window)
    assert (window["opening_minor"], window["closing_minor"]) == (3_500_000, 20_500_000)
    assert [one["amount_minor"] for one in window["credits"]] == [48_000_000, 15_000_000]
    assert [one["line"] is not None for one in window["credits"]] == [True, False]
    assert [one["to"]["kind"] for one in window["debits"]] == ["cash", "account", "account"]
    after = ask("quince", kind="set", round_number=3, **(asked | {"amount": 5_500_000}))
    assert (after["code"], after["held_minor"]) == ("held", 5_500_000)


def test_who_was_paid_with_other_money_is_not_told(ask, country_dir, told):
    with closing(ledger.open_ledger(stories.ledger_path(country_dir, "plum"))) as db:
        entries = ledger.bookings(db, iban("mule_4"))
    credit = next(one for one in entries if one.side == "c")
    arrived = line(amount=16_000_000, payment_amount=18_000_000, uetr=credit.uetr,
                   at=credit.booked_at)  # fmt: skip
    answer = ask("plum", account=iban("mule_4"), amount=16_000_000, kind="first", lines=[arrived])
    assert answer["window"]["debits"][0]["to"]["ident"] == cast.ABROAD
    clean = ask("plum", account=iban("victim"), amount=1, kind="destination",
                destinations_of=(_payment_of(country_dir, "plum", "victim"),))  # fmt: skip
    assert clean["window"]["debits"][0]["to"]["ident"] == iban("mule_1")
    small = ask("quince", account=iban("mule_1"), amount=15_000_000, kind="first",
                lines=[reported(told[2])])  # fmt: skip
    assert (small["code"], small["window"]["debits"]) == ("held", [])


def test_a_line_in_the_middle_leaves_later_clean_debits_without_destination(ask, country_dir, told):
    # 40,000 of the 480,000: the opening 35,000 and the first 5,000 went as cash, then to mule_2.
    answer = ask("quince", account=iban("mule_1"), amount=4_000_000, kind="first",
                 lines=[reported(told[1]) | {"amount_minor": 4_000_000}])  # fmt: skip
    assert [one["to"] is None for one in answer["window"]["debits"]] == [False, False, True]


def test_a_forward_window_begins_after_what_was_told(ask, told, country_dir):
    with closing(ledger.open_ledger(stories.ledger_path(country_dir, "quince"))) as db:
        entries = ledger.bookings(db, iban("mule_1"))
    last_but_one = entries[-2].booked_at
    answer = ask("quince", account=iban("mule_1"), amount=15_000_000, kind="forward",
                 since=last_but_one, lines=[reported(told[2])])  # fmt: skip
    window = answer["window"]
    assert (window["from"], window["opening_minor"]) == (last_but_one, 5_500_000)
    assert balances(window) and len(window["credits"]) == 1 and not window["debits"]


def test_a_destination_ticket_is_told_where_the_named_debit_went(ask, country_dir):
    with closing(ledger.open_ledger(stories.ledger_path(country_dir, "quince"))) as db:
        cash, to_mule_2, _ = (b for b in ledger.bookings(db, iban("mule_1")) if b.side == "d")
    named = line(amount=5, at=to_mule_2.booked_at, uetr=to_mule_2.uetr)
    answer = ask("quince", account=iban("mule_1"), amount=5, kind="destination", lines=[named])
    window = answer["window"]
    assert (answer["code"], answer["held_minor"]) == ("moved_on", 5)
    assert [debit["to"] is None for debit in window["debits"]] == [False, True]
    assert window["debits"][0]["to"]["ident"] == iban("mule_2")
    answer = ask("quince", account=iban("mule_1"), amount=5, kind="destination",
                 destinations_of=(cash.reference,))  # fmt: skip
    assert answer["code"] == "cashed_out"


def test_asked_again_from_the_same_moment_the_window_begins_with_the_same_credit(ask, told):
    asked = {"account": iban("mule_1"), "amount": 48_000_000, "kind": "first"}
    first = ask("quince", lines=[reported(told[1])], **asked)["window"]
    again = ask("quince", lines=[reported(told[1])], since=first["from"], **asked)["window"]
    assert (again["from"], again["opening_minor"]) == (first["from"], first["opening_minor"])
    assert [b["reference"] for b in again["debits"]] == [b["reference"] for b in first["debits"]]


def test_a_second_request_gets_what_others_have_left_or_hears_that_they_hold_all(ask):
    whole = {"account": iban("mule_2"), "kind": "block"}
    assert ask("walnut", amount=4_000_000, **whole)["code"] == "held"
    assert ask("walnut", amount=4_000_000, **whole)["held_minor"] == 200_000
    answer = ask("walnut", amount=4_000_000, **whole)
    assert (answer["code"], answer["held_minor"]) == ("others_hold", 0)


def test_an_unknown_account_currency_or_credit_is_said(ask):
    assert ask("plum", account=iban("mule_1"), amount=1, kind="block")["code"] == "not_ours"
    stranger = line(amount=999, at=later(), payer=iban("shop"))
    answer = ask("quince", account=iban("mule_1"), amount=999, kind="first", lines=[stranger])
    assert (answer["code"], answer["window"], answer["held_minor"]) == ("unclear", None, 999)


def test_a_hold_ends_by_itself_at_its_printed_end(ask, country_dir):
    soon = datetime.now(UTC) + timedelta(minutes=60)
    ask("walnut", account=iban("mule_2"), amount=100, kind="block", hold_until=soon.isoformat())
    with closing(ledger.open_ledger(stories.ledger_path(country_dir, "walnut"))) as db:
        assert ledger.let_lapse(db, later()) == []
        freed = ledger.let_lapse(db, ledger.text_of(soon))
        assert [sum_ for _, _, sum_ in freed] == [100]
        assert ledger.held(db, iban("mule_2")) == 0


def _payment_of(directory, code, key):
    with closing(ledger.open_ledger(stories.ledger_path(directory, code))) as db:
        return ledger.bookings(db, iban(key))[0].reference


def test_ten_thousand_outgoing_lines_are_disclosed_within_seconds(ask, country_dir):
    account, at = iban("mule_6"), later()
    with closing(ledger.open_ledger(stories.ledger_path(country_dir, "walnut"))) as db:
        with ledger.transaction(db):
            arrived = ledger.Booking(0, "in", None, account, "c", 10_000_00, at, words="all of it")
            ledger.book(db, arrived)
            for n in range(10_000):
                to_shop = {"kind": "account", "scheme": "iban", "ident": iban("shop")}
                spent = ledger.Booking(0, f"out-{n}", None, account, "d", 100, at, **to_shop)
                ledger.book(db, spent)
    began = time.monotonic()
    answer = ask("walnut", account=account, amount=10_000_00, kind="first",
                 lines=[line(amount=10_000_00, at=at, reference="all of it")])  # fmt: skip
    assert time.monotonic() - began < 10
    debits = answer["window"]["debits"]
    # The opening 1,000.00 went first: that many lines are nobody's business.
    assert sum(debit["to"] is None for debit in debits) == 1_000
    assert len(debits) == 10_000
