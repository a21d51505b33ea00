"""`./recoup law`: the rules of a country for a measure, and the document made from the packs."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from recoup import data
from recoup.cli import law, law_document, law_text
from recoup.cli.docs_check import problem_of_link
from recoup.core.law import Limit, Standing, Unit

NOTE = "This designation is without prejudice to positions on status"


def printed(capsys, *argv, code=0):
    assert law.main(argv) == code
    return capsys.readouterr()


def test_the_document_is_what_the_packs_say(capsys):
    assert law_document.problems() == []
    assert "says what the packs say" in printed(capsys, "--check").out


def test_a_document_that_is_out_of_date_is_found_and_written_again(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(law_document, "DOCUMENT", tmp_path / "law.md")
    assert "run `./recoup law --write`" in printed(capsys, "--check", code=1).out
    printed(capsys, "--write")
    assert law_document.problems() == []
    (tmp_path / "law.md").write_text("the law of yesterday")
    assert law_document.problems() == [
        "docs/law.md is not what the packs say; run `./recoup law --write`"
    ]


def test_every_rule_and_everything_missing_stands_in_the_document():
    text = law_document.text()
    for country in data.pack_countries():
        pack = data.load_pack(country)
        assert f"\n## {pack.name}\n" in text
        for power in pack.powers:
            assert f"`{power.power}`" in text
            assert power.standing.assumed or power.standing.to_check in text
        for row in pack.missing:
            assert row.why in text and row.to_check in text
    for name in data.treaty_names():
        assert f"### {data.load_treaty(name).treaty}" in text


def test_nothing_in_the_document_is_certain_while_nobody_confirmed_it():
    text = law_document.text()
    for country in data.pack_countries():
        pack = data.load_pack(country)
        confirmed, open_, assumed, lacking = law_text.counted(pack)
        assert confirmed == 0 and open_ + assumed == len(pack.powers)
        assert f"Confirmed: 0. Not confirmed: {open_}. Assumed: {assumed}." in text
        assert lacking == len(data.load_measures()) - len({p.measure for p in pack.powers})


def test_the_links_of_the_document_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", law_document.text()):
        assert problem_of_link(law_document.DOCUMENT, target) is None, target


def test_the_note_stands_wherever_the_name_of_kosovo_does(capsys):
    for section in re.split(r"^## ", law_document.text(), flags=re.MULTILINE):
        bare = section.replace("Kosovo Declaration", "")
        assert not re.search(r"Kosovo(?!\*)", bare)
        assert NOTE in section or "Kosovo" not in bare
    assert NOTE in printed(capsys).out
    assert NOTE in printed(capsys, "XK", "--measure", "mla").out
    assert NOTE not in printed(capsys, "RS").out


def test_a_measure_is_printed_with_who_decides_its_limits_and_its_standing(capsys):
    told = printed(capsys, "rs", "--measure", "suspension_court", "--on", "2026-11-06").out
    said = " ".join(told.split())
    assert "Serbia, pack version 2, on 2026-11-06" in said
    assert "Criminal Procedure Code of Serbia, 146 [rs_cpc_146]" in said
    assert "asks: Prosecutor's office; decides: Judge, never the author" in said
    assert "asked of: Bank, Payment institution" in said
    assert "lasts at most 72 hours; extended by 48 hours, if the 72 hours include holidays" in said
    assert "answer within 24 hours (planned, no law)" in said
    assert "the addressee keeps it secret" in said
    assert "NOT CONFIRMED, read at the source on 2026-11-22: https://cjad" in said
    assert "to check: The text in the Official Gazette" in said
    assert "rs_cpc_144" not in said


def test_what_is_voluntary_assumed_or_for_emergencies_is_said(capsys):
    said = " ".join(printed(capsys, "RS", "--measure", "hold").out.split())
    assert "ASSUMED: invented, no law" in said and "voluntary: nobody has to obey" in said
    said = " ".join(printed(capsys, "AL", "--measure", "subscriber_domestic").out.split())
    assert (
        "in an emergency: Evidence is about to be lost: Public prosecutor decides first, Judge "
        "confirms within 48 hours" in said
    )


def test_a_law_of_another_day_is_named_and_not_told(capsys):
    said = printed(capsys, "TR", "--measure", "freezing", "--on", "2025-12-24").out
    assert "Not in force on 2025-12-24: Criminal Procedure Law 5271 (added by Law 7571)" in said
    assert "from 2025-12-25" in said and "tr_cmk_128_seizure" not in said
    assert "[tr_cmk_128]" in said
    said = printed(capsys, "ZZ", "--measure", "traffic_production", "--on", "2025-06-30").out
    assert "[zz_traffic_old]" in said and "[zz_traffic]" not in said
    both = printed(capsys, "ZZ", "--measure", "traffic_production").out
    assert "[zz_traffic_old]" in both and "[zz_traffic]" in both


def test_where_no_power_is_known_the_reason_is_printed(capsys):
    said = " ".join(printed(capsys, "RS", "--measure", "preservation_domestic").out.split())
    assert "No power is known." in said and "analysis of 2023" in said and "To check:" in said


def test_all_packs_are_listed_with_their_counts(capsys):
    told = printed(capsys).out
    assert re.search(r"RS +Serbia +0 +25 +4 +9\n", told)
    assert all(country in told for country in data.pack_countries())


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("QQ",), "there is no pack for 'QQ'; there are AL, BA"),
        (("RS", "--measure", "tap"), "there is no measure 'tap'; there are hold"),
    ],
)
def test_a_country_or_measure_that_there_is_not_is_refused(capsys, argv, says):
    assert says in printed(capsys, *argv, code=2).err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("--measure", "hold"), "need a country"),
        (("--on", "2026-11-06"), "need a country"),
        (("--on", "6.11.2026", "RS"), "invalid"),
        (("--write", "RS"), "are for all countries"),
    ],
)
def test_options_that_do_not_belong_together_are_refused(capsys, argv, says):
    with pytest.raises(SystemExit) as ended:
        law.main(argv)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_limits_and_standing_in_words():
    assert law_text.limit(Limit(1, Unit.WORKING_DAYS)) == "1 working day"
    assert law_text.limit(Limit(5, Unit.WORKING_DAYS)) == "5 working days"
    assert law_text.limit(Limit(3, Unit.DAYS, planned=True)) == "3 days (planned, no law)"
    power = data.load_pack("RS").powers[-1]
    assert law_text.standing(power) == "NOT CONFIRMED, not read at the source"
    sure = Standing("https://a", "A. B.", date(2026, 11, 22), date(2026, 11, 20))
    sure_power = replace(power, standing=sure)
    assert law_text.standing(sure_power) == "confirmed by A. B. on 2026-11-22"
