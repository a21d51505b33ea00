"""Plays the cases of the law: each ``*.toml`` beside this file, read by lawyers (README.md)."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from recoup import data
from recoup.core.law import Choice, Need, NoPower, choices, choose

HERE = Path(__file__).parent
LIMITS = (
    "acknowledge_within", "answer_within", "effect", "extension", "written_within", "notify_after",
)  # fmt: skip
KEYS = {
    "it", "who", "wants", "of", "on", "data", "danger", "power", "also", "authorised_by",
    "confirmed_by", "limits", "secret", "refused", "says",
}  # fmt: skip


def cases():
    for path in sorted(HERE.glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            yield path.stem, case


def need_of(case) -> Need:
    measure = data.load_measures().get(case["wants"])
    wanted = case.get("data") or (measure.data if measure else ())
    return Need(
        case["wants"], tuple(wanted), case["who"], case["of"], case["on"], case.get("danger", "")
    )


def written(limit) -> str:
    return "none" if limit is None else f"{limit.count} {limit.unit.value.replace('_', ' ')}"


def limits_of(choice: Choice) -> dict[str, str]:
    found = {name: written(getattr(choice.power, name)) for name in LIMITS}
    return found | {
        "confirm_within": written(choice.confirm_within),
        "submit_within": written(choice.submit_within),
    }


@pytest.mark.parametrize(
    ("country", "case"), [pytest.param(c, case, id=f"{c}: {case['it']}") for c, case in cases()]
)
def test_the_law_says(country: str, case) -> None:
    assert set(case) <= KEYS, f"unknown words: {sorted(set(case) - KEYS)}"
    assert isinstance(case["on"], date)
    assert ("power" in case) != ("refused" in case), "say either a power or a refusal"
    pack, need = data.load_pack(country), need_of(case)
    told = {"missing": pack.missing, "catalogue": data.load_measures()}
    if "refused" in case:
        with pytest.raises(NoPower) as refusal:
            choose(pack.powers, need, **told)
        assert refusal.value.code == case["refused"]
        assert case.get("says", "") in refusal.value.said
        return
    found = choices(pack.powers, need, **told)
    choice = found[0]
    assert choice.power.power == case["power"]
    assert list(choice.authorised_by) == case["authorised_by"]
    assert list(choice.confirmed_by) == case.get("confirmed_by", [])
    limits = limits_of(choice)
    assert {name: limits[name] for name in case.get("limits", {})} == case.get("limits", {})
    assert choice.power.is_secret == case.get("secret", choice.power.is_secret)
    assert choice.persons >= 2
    if "also" in case:
        assert [other.power.power for other in found[1:]] == case["also"]


def test_each_jurisdiction_has_its_cases_and_some_are_refusals() -> None:
    for country in data.pack_countries():
        of_it = [case for name, case in cases() if name == country]
        assert len(of_it) >= 6, country
        assert sum("refused" in case for case in of_it) >= 2, country
        assert len({case["it"] for case in of_it}) == len(of_it), country
