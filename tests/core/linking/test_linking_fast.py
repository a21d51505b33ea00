"""Linking over arrays gives the groups of the plain form, and a kept reason for every union."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.core.linking import (
    KINDS,
    Identifier,
    Limit,
    Link,
    ReportsRefused,
    Told,
    Weight,
    link,
    sums_of,
)
from recoup.core.linking.fast import Coded, coded, is_installed
from recoup.core.money import Money

from .test_linking import LIMITS, all_links, some_reports, told

pytestmark = pytest.mark.skipif(not is_installed(), reason="the extra `fast` is not installed")
if is_installed():
    import numpy as np

    from recoup.core.linking.fast.groups import Groups
    from recoup.core.linking.fast.sums import add_up, counting


def linked_both(reports, **options):
    numbers, names = coded(reports)
    place = {identifier: n for n, identifier in enumerate(names.identifiers)}
    number = {name: n for n, name in enumerate(names.reports)}
    removed = options.pop("removed", ())
    barred = options.pop("barred", ())
    groups = Groups(
        numbers, limits=LIMITS,
        barred=[place[x] for x in barred if x in place],
        removed=[(number[x.report], place[x.identifier]) for x in removed],
    )  # fmt: skip
    plain = link(reports, limits=LIMITS, barred=barred, removed=removed)
    return plain, groups, names


def assert_same(plain, groups, names):
    """The groups, what each identifier does, and unions that are true and span each group."""
    assert [names.reports[x] for x in groups.group] == [plain.group_of[x] for x in names.reports]
    for n, identifier in enumerate(names.identifiers):
        assert groups.weight(n) is plain.weights.get(identifier)
        assert groups.degree[n] == plain.degrees.get(identifier, 1)
    top = {name: name for name in names.reports}
    for union in groups.unions():
        report, other = names.reports[union.report], names.reports[union.other]
        reason = tuple(names.identifiers[x] for x in union.identifiers)
        for end in (report, other):
            assert end in plain.sharing[reason]
            assert plain.is_joining(reason, end)
        assert top[report] != top[other]  # none is there without need
        old = top[report]
        top = {x: top[other] if y == old else y for x, y in top.items()}
    spanned: dict[str, list[str]] = {}
    for name in names.reports:
        spanned.setdefault(top[name], []).append(name)
    assert sorted(map(tuple, spanned.values())) == sorted(plain.groups.values())


@settings(max_examples=200, deadline=None)
@given(some_reports, st.randoms(use_true_random=False))
def test_the_groups_are_those_of_the_plain_form(reports, choose):
    removed = {x for x in all_links(reports) if choose.random() < 0.2}
    barred = [x.identifier for x in all_links(reports) if choose.random() < 0.05]
    assert_same(*linked_both(reports, removed=removed, barred=barred))


@settings(max_examples=100, deadline=None)
@given(some_reports, st.randoms(use_true_random=False))
def test_links_taken_back_and_given_back_leave_what_linking_anew_gives(reports, choose):
    plain, groups, names = linked_both(reports)
    links, removed = all_links(reports), set()
    for _ in range(min(10, 2 * len(links))):
        one = choose.choice(links)
        number = names.reports.index(one.report), names.identifiers.index(one.identifier)
        (groups.restored if one in removed else groups.without)(*number)
        removed ^= {one}
        assert_same(link(reports, limits=LIMITS, removed=removed), groups, names)
        for n, name in enumerate(names.reports):
            fellows = plain.groups[plain.group_of[name]]
            assert {names.reports[x] for x in groups.members(n)} <= set(fellows)


def test_larger_reports_and_many_pairs_are_the_same_too():
    choose = Random(5)
    reports = [
        told(f"R{n:03}", *{f"card:{choose.randrange(40)}" for _ in range(choose.choice([2, 30]))},
             *{f"iban:{choose.randrange(200)}" for _ in range(choose.choice([0, 1, 20]))})
        for n in range(60)
    ]  # fmt: skip
    limits = dict.fromkeys(KINDS, Limit(alone=2, with_another=40))
    limits["card"] = Limit(alone=0, with_another=40)
    numbers, names = coded(reports)
    groups, plain = Groups(numbers, limits=limits), link(reports, limits=limits)
    assert_same(plain, groups, names)
    assert any(len(x.identifiers) == 2 for x in groups.unions())


def test_rows_may_come_in_any_order_and_twice():
    reports = [told(f"R{n}", f"iban:{n // 2}", f"phone:{n % 3}") for n in range(6)]
    numbers, _ = coded(reports)
    right = Groups(numbers, limits=LIMITS).group.tolist()
    shuffled = np.random.default_rng(3).permutation(np.arange(24) % len(numbers.report))
    again = Coded.of(
        numbers.report[shuffled], numbers.identifier[shuffled], numbers.kind, reports=6
    )
    assert Groups(again, limits=LIMITS).group.tolist() == right


def test_of_a_group_each_report_but_one_has_its_reason_and_one_link_back_parts_it():
    reports = [told("R1", "iban:X"), told("R2", "iban:X", "phone:1"), told("R3", "phone:1")]
    _, groups, names = linked_both(reports)
    assert [x[:2] for x in groups.unions()] == [(1, 0), (2, 1)]
    groups.without(2, names.identifiers.index(Identifier("phone", "1")))
    assert groups.group.tolist() == [0, 0, 2]
    assert [x[:2] for x in groups.unions(groups.members(0).tolist())] == [(1, 0)]
    with pytest.raises(ReportsRefused, match="no such link"):
        groups.without(0, names.identifiers.index(Identifier("phone", "1")))


@pytest.mark.parametrize(
    ("report", "identifier", "kind", "match"),
    [
        ([0, 2], [0, 0], [0], "report number 2"),
        ([0, -1], [0, 0], [0], "report number -1"),
        ([0, 1], [0, 1], [0], "identifier number 1"),
        ([0, 1], [0, -1], [0], "identifier number -1"),
        ([0, 1], [0], [0], "one of each"),
        ([0, 1], [0, 0], [len(KINDS)], "has the kind"),
    ],
)
def test_numbers_of_nothing_are_refused(report, identifier, kind, match):
    with pytest.raises(ReportsRefused, match=match):
        Groups(
            Coded.of(np.array(report), np.array(identifier), np.array(kind), reports=2),
            limits=LIMITS,
        )


@settings(max_examples=150, deadline=None)
@given(some_reports, st.randoms(use_true_random=False))
def test_sums_of_groups_are_those_of_the_plain_form(reports, choose):
    currencies = ["EUR", "RSD"]
    reports = [
        Told(
            x.id,
            x.mentions,
            Money(choose.randrange(10**12), choose.choice(currencies)),
            (Money(choose.randrange(99), "EUR"), Money(choose.randrange(99), "RSD")),
            choose.choice([None, None, *(y.id for y in reports), "elsewhere"]),
        )
        for x in reports
    ]
    plain, groups, names = linked_both(reports)
    before = [
        -1 if x.double_of not in names.reports else names.reports.index(x.double_of)
        for x in reports
    ]
    counts, rows = counting(groups.group, before), np.arange(len(reports))
    lost = add_up(
        groups.group, counts, rows, np.array([currencies.index(x.lost.currency) for x in reports]),
        [x.lost.minor_units for x in reports], currencies=2,
    )  # fmt: skip
    held = add_up(
        groups.group, counts, np.repeat(rows, 2), np.tile([0, 1], len(reports)),
        [y.minor_units for x in reports for y in x.held], currencies=2,
    )  # fmt: skip
    for group in plain.groups:
        number, sums = names.reports.index(group), sums_of(plain, group)
        for n, currency in enumerate(currencies):
            both = (sums[currency].lost, sums[currency].held) if currency in sums else (0, 0)
            assert (lost[number, n], held[number, n]) == both


def test_sums_beyond_64_bits_are_refused_and_never_wrap():
    group, counts = np.zeros(3, np.int32), np.ones(3, np.uint8)
    rows, none = np.arange(3), np.zeros(3, np.int64)
    for most in (2**62, 2**63 - 1):
        with pytest.raises(ReportsRefused, match="64 bits"):
            add_up(group, counts, rows, none, [most, most, 1], currencies=1)
    fits = add_up(group, counts, rows, none, [2**61, 2**61, 5], currencies=1)
    assert fits[0, 0] == 2**62 + 5


def test_an_identifier_of_many_is_barred_here_too():
    reports = [told(f"R{n}", "iban:X") for n in range(9)]
    _, groups, _ = linked_both(reports)
    assert groups.weight(0) is Weight.BARRED
    assert groups.group.tolist() == list(range(9))
    assert Link("R1", Identifier("iban", "X")) in all_links(reports)
