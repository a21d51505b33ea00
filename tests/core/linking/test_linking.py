"""Reports are linked by what they share, for a reason that is told and can be taken back."""

from __future__ import annotations

from collections import deque
from random import Random
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.core.accounts import SCHEMES, read_account
from recoup.core.linking import (
    KINDS,
    PAIRED,
    Identifier,
    Limit,
    Link,
    Mention,
    ReportsRefused,
    Sums,
    Told,
    Weight,
    because,
    link,
    sums_of,
)
from recoup.core.money import Money
from recoup.data.indicators import load_link_limits

SHIPPED = load_link_limits()
LIMITS = dict.fromkeys(KINDS, Limit(alone=3, with_another=6))
ROLE = {"iban": "payee_account", "wallet": "payee_account", "domain": "site", "device": "device"}


def named(text):
    """``iban:X`` as an identifier."""
    return Identifier(*text.split(":", 1))


def told(name, *identifiers, lost=100, currency="RSD", held=(), double_of=None):
    mentions = tuple(
        Mention(named(x), ROLE.get(x.split(":")[0], "contact")) for x in identifiers
    )  # fmt: skip
    return Told(name, mentions, Money(lost, currency), tuple(held), double_of)


def groups(*reports, **options):
    return list(link(reports, limits=LIMITS, **options).groups.values())


def test_reports_that_name_the_same_account_are_a_group_and_the_others_stay_alone():
    one, two, three = told("R1", "iban:X"), told("R2", "iban:X"), told("R3", "iban:Y")
    assert groups(one, two, three) == [("R1", "R2"), ("R3",)]


def test_a_group_holds_together_over_different_identifiers():
    one, two, three = told("R1", "iban:X"), told("R2", "iban:X", "phone:1"), told("R3", "phone:1")
    assert groups(one, two, three) == [("R1", "R2", "R3")]


def test_the_same_value_of_another_kind_is_something_else():
    assert groups(told("R1", "phone:1"), told("R2", "device:1")) == [("R1",), ("R2",)]


def test_an_account_joins_whoever_names_it_as_payer_or_as_payee():
    payee = Told("R1", (Mention(named("iban:X"), "payee_account"),), Money(1, "RSD"))
    payer = Told("R2", (Mention(named("iban:X"), "payer_account"),), Money(1, "RSD"))
    linked = link([payee, payer], limits=LIMITS)
    (step,) = because(linked, "R1", "R2")
    assert step.roles == ((("payee_account",), ("payer_account",)),)
    assert step.said == "R1 and R2 both name the account X."


def test_an_account_is_the_same_however_it_is_written():
    national, iban = read_account("260-0056010016113-79"), read_account("RS35260005601001611379")
    assert Identifier.of_account(national) == Identifier.of_account(iban)
    assert set(SCHEMES) - {"rs_account"} <= set(KINDS)


def test_an_identifier_of_many_joins_only_those_who_share_another_too():
    many = [told(f"R{n}", "phone:1") for n in range(3)]
    pair = [told("S1", "phone:1", "domain:d"), told("S2", "phone:1", "domain:d")]
    other = [told(f"T{n}", "domain:d") for n in range(3)]
    linked = link([*many, *pair, *other], limits=LIMITS)
    assert linked.weights[named("phone:1")] is Weight.JOINS_WITH_ANOTHER
    assert [x for x in linked.groups.values() if len(x) > 1] == [("S1", "S2")]
    (step,) = because(linked, "S1", "S2")
    assert step.reason == (named("domain:d"), named("phone:1"))
    assert "many name either, few both" in step.said


def test_an_identifier_of_too_many_joins_nobody():
    reports = [told(f"R{n}", "phone:1", "domain:d") for n in range(7)]
    linked = link(reports, limits=LIMITS)
    assert linked.weights[named("phone:1")] is Weight.BARRED
    assert all(len(members) == 1 for members in linked.groups.values())
    assert linked.degrees[named("phone:1")] == 7


def test_an_identifier_that_is_known_to_be_collective_is_barred_by_name():
    reports = told("R1", "iban:BANK"), told("R2", "iban:BANK")
    assert groups(*reports, barred=[named("iban:BANK")]) == [("R1",), ("R2",)]


def test_a_banks_collective_account_does_not_swallow_the_country():
    schemes = [f"iban:M{n}" for n in range(500)]
    reports = [
        told(f"R{n:05}", "iban:COLLECTIVE", schemes[n % 500], f"phone:{n}") for n in range(10_000)
    ]
    linked = link(reports, limits=SHIPPED)
    assert {len(members) for members in linked.groups.values()} == {20}
    without_limits = link(reports, limits=dict.fromkeys(KINDS, Limit(10**9, 10**9)))
    assert len(without_limits.groups) == 1


def test_cards_and_references_never_join_alone():
    assert SHIPPED["card"].alone == SHIPPED["reference"].alone == 0
    alone = [told("R1", "card:411111-1111"), told("R2", "card:411111-1111")]
    assert len(link(alone, limits=SHIPPED).groups) == 2
    both = [told(x, "card:411111-1111", "reference:loan") for x in ("R1", "R2")]
    assert len(link(both, limits=SHIPPED).groups) == 1


def test_of_many_identifiers_that_need_another_the_rarest_are_paired():
    crowd = [f"phone:{n:02}" for n in range(PAIRED + 5)]
    common = [told(f"C{n}", *crowd) for n in range(2)]  # nobody else shares two of the rare ones
    rare = ["phone:98", "phone:99"]
    linked = link(
        [told("R1", *crowd, *rare), told("R2", *rare), *common],
        limits=dict.fromkeys(KINDS, Limit(0, 6)),
    )
    assert linked.group_of["R1"] == linked.group_of["R2"]
    assert all(len(linked.reasons[x]) <= PAIRED * (PAIRED - 1) // 2 for x in linked.reports)


def test_taking_a_link_back_parts_the_group_and_giving_it_back_joins_it_again():
    reports = told("R1", "iban:X"), told("R2", "iban:X", "phone:1"), told("R3", "phone:1")
    whole = link(reports, limits=LIMITS)
    parted = whole.without(Link("R2", named("phone:1")))
    assert list(parted.groups.values()) == [("R1", "R2"), ("R3",)]
    assert because(parted, "R1", "R3") is None
    assert parted.restored(Link("R2", named("phone:1"))) == whole
    assert whole.groups == {"R1": ("R1", "R2", "R3")}  # what was there before is not changed


def test_taking_a_link_back_never_joins_others():
    reports = [told(f"R{n}", "phone:1") for n in range(4)]  # one too many to join alone
    linked = link(reports, limits=LIMITS)
    assert len(linked.groups) == 4
    assert linked.without(Link("R0", named("phone:1"))).groups == linked.groups


def test_a_link_that_is_not_there_cannot_be_taken_back():
    linked = link([told("R1", "iban:X")], limits=LIMITS)
    for missing in (Link("R1", named("iban:Y")), Link("R2", named("iban:X"))):
        with pytest.raises(ReportsRefused, match="no such link"):
            linked.without(missing)


def test_the_way_of_reasons_is_the_shortest():
    reports = [
        told("R1", "iban:A", "phone:9"), told("R2", "iban:A", "iban:B"), told("R3", "iban:B"),
        told("R4", "phone:9", "device:7"), told("R5", "device:7", "iban:C"),
        told("R6", "iban:C", "iban:B"),
    ]  # fmt: skip
    steps = because(link(reports, limits=LIMITS), "R1", "R3")
    assert [(x.report, x.other, x.reason) for x in steps] == [
        ("R1", "R2", (named("iban:A"),)),
        ("R2", "R3", (named("iban:B"),)),
    ]
    assert because(link(reports, limits=LIMITS), "R1", "R1") == ()
    with pytest.raises(ReportsRefused, match="no report 'R9'"):
        because(link(reports, limits=LIMITS), "R1", "R9")


def test_sums_are_told_by_group_and_currency_and_never_added_across():
    reports = [
        told("R1", "iban:X", lost=500, held=[Money(200, "RSD"), Money(3, "EUR")]),
        told("R2", "iban:X", lost=70, currency="EUR"),
        told("R3", "iban:Y", lost=9),
    ]
    linked = link(reports, limits=LIMITS)
    assert sums_of(linked, "R1") == {"EUR": Sums(70, 3), "RSD": Sums(500, 200)}
    assert sums_of(linked, "R3") == {"RSD": Sums(9, 0)}


def test_the_same_loss_told_twice_counts_once():
    reports = [
        told("R1", "iban:X", lost=500),
        told("R2", "iban:X", lost=500, held=[Money(100, "RSD")], double_of="R1"),
        told("R3", "iban:X", lost=500, double_of="R2"),
        told("R4", "iban:Y", lost=500, double_of="R1"),  # the first is in another group
    ]
    linked = link(reports, limits=LIMITS)
    assert sums_of(linked, "R1") == {"RSD": Sums(500, 0)}
    assert sums_of(linked, "R4") == {"RSD": Sums(500, 0)}


def test_of_reports_that_point_to_each_other_one_counts():
    reports = [
        told("R1", "iban:X", lost=1, double_of="R3"),
        told("R2", "iban:X", lost=20, double_of="R3"),
        told("R3", "iban:X", lost=300, double_of="R2"),
    ]
    assert sums_of(link(reports, limits=LIMITS), "R1") == {"RSD": Sums(20, 0)}


@pytest.mark.parametrize(
    ("report", "value"),
    [
        (Told("R1", (Mention(Identifier("bic", "X"), "contact"),), Money(1, "RSD")), "bic"),
        (Told("R1", (Mention(Identifier("iban", "X"), "friend"),), Money(1, "RSD")), "friend"),
        (Told("R1", (Mention(Identifier("iban", ""), "contact"),), Money(1, "RSD")), "R1"),
    ],
)
def test_what_cannot_be_compared_is_refused(report, value):
    with pytest.raises(ReportsRefused) as refused:
        link([report], limits=LIMITS)
    assert refused.value.value == value


def test_two_reports_of_one_id_are_refused():
    with pytest.raises(ReportsRefused, match="there twice"):
        link([told("R1"), told("R1")], limits=LIMITS)


# Properties.

IDENTIFIERS = [f"{kind}:{n}" for kind in ("iban", "phone", "card") for n in range(4)]
some_reports = st.lists(
    st.lists(st.sampled_from(IDENTIFIERS), max_size=4), min_size=1, max_size=14
).map(lambda rows: [told(f"R{n:02}", *row) for n, row in enumerate(rows)])


def all_links(reports):
    return sorted({Link(x.id, y.identifier) for x in reports for y in x.mentions})


@settings(max_examples=200, deadline=None)
@given(some_reports, st.randoms(use_true_random=False))
def test_the_order_of_reports_and_of_what_they_name_changes_nothing(reports, choose):
    shuffled = [
        Told(x.id, tuple(choose.sample(x.mentions, len(x.mentions))), x.lost) for x in reports
    ]
    choose.shuffle(shuffled)
    one, other = link(reports, limits=LIMITS), link(shuffled, limits=LIMITS)
    assert list(one.groups.items()) == list(other.groups.items())
    assert dict(one.reasons) == dict(other.reasons)
    ends = choose.choice(reports).id, choose.choice(reports).id
    assert because(one, *ends) == because(other, *ends)


@settings(max_examples=300, deadline=None)
@given(some_reports, st.randoms(use_true_random=False))
def test_links_taken_back_and_given_back_leave_what_linking_anew_gives(reports, choose):
    links = all_links(reports)
    linked, removed = link(reports, limits=LIMITS), set()
    for _ in range(min(10, 2 * len(links))):
        one = choose.choice(links)
        parts = len(linked.groups)
        if one in removed:
            removed.discard(one)
            linked = linked.restored(one)
            assert len(linked.groups) <= parts
        else:
            removed.add(one)
            linked = linked.without(one)
            assert len(linked.groups) >= parts
        assert linked == link(reports, limits=LIMITS, removed=removed)


def neighbours(linked, name):
    """By definition: who shares a reason that neither has taken back."""
    return {
        other
        for reason in linked.reasons[name]
        for other in linked.sharing[reason]
        if all(Link(x, y) not in linked.removed for x in (name, other) for y in reason)
    } - {name}


def distances(linked, name):
    far, queue = {name: 0}, deque([name])
    while queue:
        at = queue.popleft()
        for other in neighbours(linked, at) - set(far):
            far[other] = far[at] + 1
            queue.append(other)
    return far


@settings(max_examples=200, deadline=None)
@given(some_reports, st.randoms(use_true_random=False))
def test_every_two_of_a_group_have_a_shortest_way_of_true_reasons_and_no_others(reports, choose):
    removed = {x for x in all_links(reports) if choose.random() < 0.2}
    linked = link(reports, limits=LIMITS, removed=removed)
    for one in linked.reports:
        far = distances(linked, one)
        assert set(far) == set(linked.groups[linked.group_of[one]])
        for other in linked.reports:
            steps = because(linked, one, other)
            if other not in far:
                assert steps is None
                continue
            assert len(steps) == far[other]
            assert [one, *(x.other for x in steps)] == [*(x.report for x in steps), other]
            for step in steps:
                assert step.other in neighbours(linked, step.report)
                assert all(all(pair) for pair in step.roles)


@pytest.mark.slow
def test_a_hundred_thousand_reports_are_linked_in_seconds():
    choose = Random(3)
    reports = [
        told(f"R{n:06}", f"iban:{choose.randrange(60_000)}", f"phone:{choose.randrange(60_000)}",
             f"domain:{int(choose.paretovariate(0.4)) % 50_000}")
        for n in range(100_000)
    ]  # fmt: skip
    begun = perf_counter()
    linked = link(reports, limits=SHIPPED)
    a_link = Link("R000000", reports[0].mentions[0].identifier)
    assert linked.without(a_link).restored(a_link) == linked
    because(linked, "R000000", "R099999")
    assert perf_counter() - begun < 60
