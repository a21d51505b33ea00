"""What is told besides the answer: refusals word for word, files read back, sums of a loss."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from recoup.core.tracing import (
    Account,
    Ledger,
    LedgerRefused,
    Reckoning,
    Seed,
    Shares,
    Transfer,
    reckon,
    share_out,
    trace,
)
from recoup.core.tracing.cases import Case, read, traced, write
from recoup.core.tracing.facts import CaseRefused
from recoup.core.tracing.pool import clean_last

PAID = Transfer("s1", 1, "V", "A", 40)
ON = Transfer("t2", 2, "A", "B", 30)
GOOD = Ledger({"V": Account(external=True)}, (PAID, ON), (Seed("s1"),))

CASE = {
    "id": "one",
    "title": "Title – наслов",
    "why": "Why",
    "rule": "tiho",
    "accounts": {"A": {"opening": 3}, "B": {}, "V": {"external": True}},
    "transfers": [
        {"id": "s", "t": 1, "from": "V", "to": "A", "amount": 5, "credit": 0},
        {"id": "t", "t": 2, "seq": 4, "from": "A", "to": "B", "amount": 2, "batch": "x"},
        {"id": "u", "t": 9, "from": "A", "to": "B", "amount": 0},
    ],
    "seeds": [{"transfer": "s", "amount": 2}, {"transfer": "u"}],
    "policy": {"shortfall": "overdraft"},
    "as_of": 7,
    "expect": {"held": {"A": {"s": 1}}},
}


def file_of(*cases, **top):
    return json.dumps({"format": "tracing-cases/1", "cases": cases} | top).encode()


def refusal_of(document):
    with pytest.raises(CaseRefused) as refused:
        for case in read(document):
            traced(case)
    return refused.value


def test_a_case_is_read_with_everything_that_it_says():
    assert read(file_of(CASE)) == (
        Case(
            id="one",
            rule="tiho",
            ledger=Ledger(
                {"A": Account(3), "B": Account(0), "V": Account(0, external=True)},
                (
                    Transfer("s", 1, "V", "A", 5, credit=0),
                    Transfer("t", 2, "A", "B", 2, seq=4, batch="x"),
                    Transfer("u", 9, "A", "B", 0),
                ),
                (Seed("s", 2), Seed("u")),
            ),
            shortfall="overdraft",
            as_of=7,
            expect={"held": {"A": {"s": 1}}},
            title="Title – наслов",
            why="Why",
        ),
    )


def test_what_a_case_leaves_out_is_taken_as_the_format_says():
    bare = {name: CASE[name] for name in ("id", "rule", "accounts", "transfers", "seeds")}
    (case,) = read(file_of(bare))
    assert (case.title, case.why, case.expect, case.as_of) == ("", "", {}, None)
    assert case.shortfall == "unseen"


def test_a_case_is_written_for_people_to_read_and_with_nothing_that_it_does_not_say():
    written = write(read(file_of(CASE)))
    (again,) = json.loads(written)["cases"]
    defaults = {"t": 4, "s": 0, "u": 0}
    assert again == CASE | {
        "accounts": {"A": {"opening": 3}, "B": {"opening": 0}, "V": {"external": True}},
        "transfers": [x | {"seq": defaults[x["id"]]} for x in CASE["transfers"]],
    }
    assert "Title – наслов" in written.decode()
    lines = written.decode().splitlines()
    assert lines[1] == ' "cases": [' and lines[-2] == ' "format": "tracing-cases/1"'
    without = write((replace(read(file_of(CASE))[0], as_of=None),))
    assert "as_of" not in json.loads(without)["cases"][0]


def test_a_case_is_traced_as_of_its_date():
    later = CASE | {"transfers": [PAID_LATE], "seeds": [{"transfer": "s"}], "policy": None}
    (case,) = read(file_of(later))
    assert traced(case).transfers == {}
    assert traced(replace(case, as_of=9)).transfers == {"s": {"s": 5}}


PAID_LATE = {"id": "s", "t": 9, "from": "V", "to": "A", "amount": 5}


@pytest.mark.parametrize(("batch", "kept"), [(7, "7"), ("x", "x"), ("", None), (None, None)])
def test_a_batch_may_be_named_by_a_number(batch, kept):
    (case,) = read(file_of(CASE | {"transfers": [PAID_LATE | {"batch": batch}], "seeds": []}))
    assert case.ledger.transfers[0].batch == kept


LONG = "x" * 58  # sixty characters with its quotes: the longest that is told whole


@pytest.mark.parametrize(
    ("changes", "key", "value", "problem"),
    [
        ({"transfers": [3]}, "transfers[0]", "", "This is 3. It must be an object."),
        ({"asof": 3}, "asof", "asof",
         "The format does not know this key. Use one of: id, title, why, rule, accounts, "
         "transfers, seeds, policy, as_of, expect."),
        ({"title": 7}, "title", "title", "This is 7. It must be a text."),
        ({"as_of": 1.5}, "as_of", "as_of", "This is 1.5. It must be a whole number."),
        ({"as_of": LONG}, "as_of", "as_of", f"This is '{LONG}'. It must be a whole number."),
        ({"as_of": LONG + "x"}, "as_of", "as_of",
         f"This is '{'x' * 56}.... It must be a whole number."),
        ({"accounts": {"A": {"opening": -1}}}, "accounts.A.opening", "opening",
         "This is -1. It must be a whole number of minor units, zero or more."),
        ({"accounts": {"A": {"external": 1}}}, "accounts.A.external", "external",
         "This is 1. It must be true or false."),
        ({"accounts": 3}, "accounts", "accounts", "This is 3. It must be an object."),
        ({"seeds": {}}, "seeds", "seeds", "This is {}. It must be a list."),
        ({"seeds": None}, "seeds", "seeds", "It is missing. Add it."),
        ({"rule": "guess"}, "rule", "guess",
         "There is no tracing rule 'guess'. Use one of: fifo, lifo, prorata, prorata_exact, "
         "poison, libr, tiho."),
        ({"policy": {"shortfall": "no"}}, "policy.shortfall", "no",
         "There is no shortfall policy 'no'. Use one of: unseen, overdraft."),
        ({"seeds": [{"transfer": "z"}]}, "seeds", "z",
         "The victim's payment 'z' is not among the transfers. Correct the id or add the "
         "transfer."),
        ({"seeds": [{"transfer": "s"}, {"transfer": "s"}]}, "seeds", "s",
         "The transfer 's' is named as a victim's payment 2 times. Name it once, with the whole "
         "amount that is the victim's."),
    ],
)  # fmt: skip
def test_a_refusal_of_a_case_says_where_what_and_what_to_do(changes, key, value, problem):
    refused = refusal_of(file_of(CASE | changes))
    assert (refused.case, refused.key, refused.value) == ("one", key, value)
    assert refused.problem == problem
    assert str(refused) == f"case one, key {key}: {problem}"


def test_a_key_that_stands_twice_is_named():
    refused = refusal_of(file_of(CASE).replace(b'"id": "one"', b'"id": "one", "why": ""', 1))
    assert (refused.key, refused.value) == ("why", "why")
    assert refused.problem == "This key stands twice in one object. Keep one."


def test_a_file_that_is_wrong_as_a_whole_is_refused_without_a_case():
    refused = refusal_of(b"{")
    assert str(refused).startswith("The file of cases is not good JSON: Expecting ")
    refused = refusal_of(file_of(format="other"))
    assert (refused.case, refused.key) == ("", "format")
    assert refused.problem == (
        'The file does not name its format. Begin it with "format": "tracing-cases/1".'
    )
    refused = refusal_of(b'{"format": "tracing-cases/1", "cases": 3}')
    assert (refused.case, refused.key) == ("", "cases")
    assert str(CaseRefused("A problem.")) == "A problem."
    assert str(CaseRefused("A problem.", key="k")) == "key k: A problem."
    refused = refusal_of(file_of(CASE, CASE))
    assert (refused.case, refused.key, refused.value) == ("one", "id", "one")
    assert refused.problem == "2 cases bear this id. Give each its own."


def test_the_refusal_of_a_payment_out_of_traced_money_names_every_label_and_the_way_out():
    also = Transfer("s0", 1, "V", "A", 5)
    ledger = Ledger(GOOD.accounts, (also, PAID, ON), (Seed("s0"), Seed("s1"), Seed("t2")))
    with pytest.raises(LedgerRefused) as refused:
        trace(ledger)
    assert (refused.value.value, refused.value.key) == ("t2", "seeds")
    assert refused.value.problem == (
        "The victim's payment 't2' leaves 'A', which then holds 45 units traced from s0, s1. "
        "Trace the two losses apart, or leave this payment out of the victims' payments."
    )


@pytest.mark.parametrize(
    ("wrong", "value", "key"),
    [({"rule": "guess"}, "guess", "rule"), ({"shortfall": "no"}, "no", "policy.shortfall")],
)
def test_a_rule_or_policy_that_there_is_not_is_named_with_its_key(wrong, value, key):
    with pytest.raises(LedgerRefused) as refused:
        trace(GOOD, **wrong)
    assert (refused.value.value, refused.value.key) == (value, key)


def test_equal_labels_are_one_part_and_clean_money_comes_last():
    parts = [("t", 1), (None, 4), ("s", 2), ("t", 3), (None, 1), ("u", 0)]
    assert clean_last(parts) == [("s", 2), ("t", 4), (None, 5)]


# A loss of two payments: one exchanged on its way, one that repays an overdraft.

LEDGER = Ledger(
    {
        "V": Account(external=True),
        "W": Account(external=True),
        "T": Account(external=True),
        "D": Account(),
    },
    (
        Transfer("d0", 0, "D", "W", 7),
        Transfer("s1", 1, "V", "A", 40),
        Transfer("s2", 2, "V", "D", 10),
        Transfer("t3", 3, "A", "T", 12),
        Transfer("t4", 4, "A", "V", 5),
        Transfer("t5", 5, "A", "B", 10, credit=30),
        Transfer("s6", 9, "V", "A", 8),
    ),
    (Seed("s2"), Seed("s1", 36), Seed("s6")),
)


def told(**how):
    return trace(LEDGER, shortfall="overdraft", **how)


def test_each_payment_is_added_up_by_its_name_in_order():
    assert reckon(LEDGER, told(as_of=8)) == (
        Reckoning("s1", lost=36, exchanged=20, held=56, dissipated=0),
        Reckoning("s2", lost=10, exchanged=0, held=3, dissipated=7),
    )


def test_a_payment_made_at_the_date_is_among_them_and_a_later_one_is_not():
    assert [x.seed for x in reckon(LEDGER, told(as_of=9))] == ["s1", "s2", "s6"]
    assert [x.seed for x in reckon(LEDGER, told(as_of=8))] == ["s1", "s2"]
    assert [x.seed for x in reckon(LEDGER, told())] == ["s1", "s2", "s6"]


def test_a_unit_that_is_missing_or_too_many_shows():
    result = told(as_of=8)
    result.held["T"]["s1"] -= 1
    result.held["D"]["s2"] += 2
    assert [x.unaccounted for x in reckon(LEDGER, result)] == [1, -2]
    shares = share_out(LEDGER, result, terminals=["T"])
    assert (shares.unaccounted, shares.payments, shares.payments_accounted) == (3, 2, 0)


def test_a_loss_is_shared_out_over_terminals_sources_and_the_rest():
    assert share_out(LEDGER, told(as_of=8), terminals=["T"]) == Shares(
        lost=46,
        at_terminals=12,
        at_sources=5,
        elsewhere=42,
        dissipated=7,
        exchanged=20,
        unseen=0,
        unaccounted=0,
        payments=2,
        payments_accounted=2,
    )


def test_an_address_that_is_terminal_and_source_counts_as_terminal():
    shares = share_out(LEDGER, told(as_of=8), terminals={"T", "V", "B"})
    assert (shares.at_terminals, shares.at_sources, shares.elsewhere) == (47, 0, 12)


def test_unseen_money_is_told_and_is_no_part_of_the_loss():
    shares = share_out(LEDGER, trace(LEDGER, as_of=8), terminals=["T"])
    assert (shares.lost, shares.unseen, shares.dissipated) == (46, 7, 0)


def test_a_share_is_an_exact_fraction_and_of_nothing_it_is_nothing():
    shares = share_out(LEDGER, told(as_of=8), terminals=["T"])
    assert shares.share_of(shares.at_terminals) == Fraction(6, 23)
    assert replace(shares, lost=0).share_of(5) == 0
    assert replace(shares, lost=1).share_of(1) == 1
