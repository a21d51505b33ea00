"""Which power a need gets, who decides, and the one reason that is told where there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from recoup import data
from recoup.core.law import (
    Emergency,
    LegalBasis,
    Limit,
    Missing,
    Need,
    NoPower,
    NoPowerCode,
    Power,
    Standing,
    Unit,
    choices,
    choose,
    offered,
)
from recoup.core.said import SaidList

ON = date(2026, 11, 6)
POWER = Power(
    power="a",
    measure="records",
    data=("subscriber", "traffic"),
    legal_basis=LegalBasis("a", "Act", "1", "May ask.", True, False, False, "https://a"),
    requested_by=("prosecutor",),
    authorised_by=("judge",),
    addressees=("bank", "isp"),
    acknowledge_within=Limit(1, Unit.HOURS),
    answer_within=Limit(3, Unit.WORKING_DAYS),
    emergency=Emergency(("life",), ("prosecutor",), ("judge",), Limit(48, Unit.HOURS)),
    law_from=date(2020, 1, 1),
    law_until=date(2026, 12, 31),
)
NEED = Need("records", ("subscriber",), "prosecutor", "bank", ON)


def refusal(need, *powers, **told):
    with pytest.raises(NoPower) as found:
        choose(powers or (POWER,), need, **told)
    return found.value


def test_the_power_says_who_decides_and_that_it_takes_two_persons():
    choice = choose((POWER,), NEED)
    assert choice.power is POWER
    assert choice.authorised_by == ("judge",)
    assert (choice.confirmed_by, choice.confirm_within) == ((), None)
    assert choice.persons == 2


def test_an_emergency_lets_another_decide_first_and_names_who_confirms_by_when():
    choice = choose((POWER,), replace(NEED, danger="life"))
    assert choice.authorised_by == ("prosecutor",)
    assert choice.confirmed_by == ("judge",)
    assert choice.confirm_within == Limit(48, Unit.HOURS)
    assert choice.persons == 2


def test_of_several_powers_the_order_of_the_pack_decides_and_all_can_be_seen():
    other = replace(POWER, power="b", emergency=None)
    assert choose((POWER, other), NEED).power is POWER
    assert choose((other, POWER), NEED).power is other
    assert [found.power.power for found in choices((other, POWER), NEED)] == ["b", "a"]
    assert choose((other, POWER), replace(NEED, danger="life")).power is POWER


def test_the_first_and_the_last_day_of_a_law_belong_to_it():
    for day in (POWER.law_from, POWER.law_until):
        assert choose((POWER,), replace(NEED, on=day)).power is POWER
    for_ever = replace(POWER, law_from=None, law_until=None)
    assert choose((for_ever,), replace(NEED, on=date(1900, 1, 1))).power is for_ever


def test_a_power_that_names_no_category_covers_all():
    assert choose((replace(POWER, data=()),), replace(NEED, data=("content",))).persons == 2


REFUSED = [
    ({"on": date(2019, 12, 31)}, "law_not_yet", "The power begins on 2020-01-01 only."),
    ({"on": date(2027, 1, 1)}, "law_ended", "The power ended on 2026-12-31."),
    (
        {"requester_kind": "police"},
        "wrong_requester",
        "police may not ask for this; prosecutor may.",
    ),
    (
        {"addressee_kind": "vasp"},
        "wrong_addressee",
        "This cannot be asked of vasp, but of bank, isp.",
    ),
    (
        {"data": ("subscriber", "content")},
        "category_not_covered",
        "No power covers subscriber, content together; there is one for subscriber, traffic.",
    ),
    (
        {"danger": "flight_of_money"},
        "emergency_not_foreseen",
        "No shorter way is foreseen for the danger flight_of_money; ask in the ordinary way.",
    ),
    (
        {"measure": "hold"},
        "no_power_known",
        "This country's rules know no power for hold.",
    ),
]


@pytest.mark.parametrize(("change", "code", "says"), REFUSED)
def test_the_reason_is_told_in_one_sentence(change, code, says):
    found = refusal(replace(NEED, **change))
    assert found.code == NoPowerCode(code)
    assert str(found) == found.said == says
    assert found.missing is None


def test_the_reason_nearest_to_a_power_is_told():
    """Who may not ask at all is not told of the category; a law that is over is told first."""
    far = replace(NEED, requester_kind="police", addressee_kind="vasp", data=("content",))
    assert refusal(far).code == "wrong_requester"
    assert refusal(replace(far, on=date(2027, 1, 1))).code == "law_ended"
    assert refusal(replace(NEED, addressee_kind="vasp", data=("x",))).code == "wrong_addressee"
    assert refusal(replace(NEED, data=("x",), danger="life")).code == "category_not_covered"


def test_of_several_days_the_nearest_is_told():
    early = replace(POWER, law_from=date(2019, 1, 1), law_until=date(2019, 6, 30))
    assert str(refusal(replace(NEED, on=date(2018, 1, 1)), POWER, early)).endswith(
        "begins on 2019-01-01 only."
    )
    late = replace(NEED, on=date(2028, 1, 1))
    assert str(refusal(late, early, POWER)) == "The power ended on 2026-12-31."
    between = replace(NEED, on=date(2019, 9, 1))
    assert refusal(between, early, POWER).code == "law_ended"
    open_end = replace(early, law_from=None)
    assert refusal(between, open_end, POWER).code == "law_ended"


def test_whom_to_ask_is_named_once_in_the_order_of_the_pack():
    other = replace(POWER, addressees=("isp", "telecom"))
    found = refusal(replace(NEED, addressee_kind="vasp"), POWER, other)
    assert found.said.values["others"] == "bank, isp, telecom"
    assert isinstance(found.said.values["others"], SaidList)


def test_what_a_pack_says_of_a_missing_power_is_told_to_the_officer():
    row = Missing(("hold", "recall"), "Nobody has looked.", "https://b", "The act.")
    found = refusal(replace(NEED, measure="recall"), missing=(row,))
    assert found.code == "no_power_known" and found.missing is row
    assert str(found) == "This country's rules know no power for recall: Nobody has looked."
    assert refusal(replace(NEED, measure="x"), missing=(row,)).missing is None


def test_a_measure_that_does_not_exist_is_said_to_be_unknown():
    found = refusal(replace(NEED, measure="tap"), catalogue=data.load_measures())
    assert found.code == "unknown_measure"
    assert str(found) == "There is no measure called tap."


def test_with_the_catalogue_a_reason_names_things_as_people_do():
    """The words of the API stay what is compared and stored; pages show the names."""
    pack, measures = data.load_pack("RS"), data.load_measures()
    need = Need("transaction_records", ("transactions",), "police", "bank", ON)
    told = {"missing": pack.missing, "catalogue": measures}

    def values(**change):
        with pytest.raises(NoPower) as found:
            choose(pack.powers, replace(need, **change), **told)
        return found.value.said.values

    asked = values()
    assert (asked["requester"], asked["requester"].words) == ("police", "Police")
    assert [part.words for part in asked["others"].parts] == ["Prosecutor's office"]
    asked = values(requester_kind="prosecutor", addressee_kind="isp")
    assert asked["addressee"].words == "Internet access provider"
    asked = values(requester_kind="prosecutor", data=("content", "odd"))
    assert [part.words for part in asked["wanted"].parts[:1]] == ["Content"]
    assert asked["wanted"].parts[1] == "odd"
    assert asked["covered"].parts[0].words == "Bookings of a past period"
    asked = values(requester_kind="prosecutor", danger="life")
    assert asked["danger"].words == "Danger to life or safety"
    asked = values(measure="preservation_domestic")
    assert asked["measure"].words == "Expedited preservation (domestic)"
    assert asked["why"].template == pack.missing_for("preservation_domestic").why


def test_only_what_a_named_lawyer_confirmed_is_certain():
    assert not Standing("https://a", read_on=ON).is_confirmed
    assert Standing("https://a", confirmed_by="A. B.", confirmed_on=ON).is_confirmed


def test_limits_are_equal_if_they_are_as_long_wherever_they_come_from():
    assert Limit(72, Unit.HOURS, source="https://a") == Limit(72, Unit.HOURS, planned=True)
    assert Limit(72, Unit.HOURS) != Limit(3, Unit.DAYS)


def test_what_may_be_asked_of_an_addressee_is_offered_by_measure():
    other = replace(POWER, power="b", measure="hold", addressees=("vasp",))
    late = replace(POWER, power="c", measure="late", law_from=date(2026, 11, 7), law_until=None)
    found = offered(
        (POWER, other, late), ("late", "hold", "records", "nothing"),
        requester_kind="prosecutor", addressee_kind="bank", on=ON,
    )  # fmt: skip
    assert {measure: choice.power for measure, choice in found.items()} == {"records": POWER}
    none = offered((POWER,), ("records",), requester_kind="police", addressee_kind="bank", on=ON)
    assert none == {}


def test_a_law_is_in_force_from_its_first_to_its_last_day():
    for day, is_so in (
        (date(2019, 12, 31), False), (date(2020, 1, 1), True),
        (date(2026, 12, 31), True), (date(2027, 1, 1), False),
    ):  # fmt: skip
        assert POWER.is_in_force(day) is is_so
    assert replace(POWER, law_from=None, law_until=None).is_in_force(date(1900, 1, 1))
