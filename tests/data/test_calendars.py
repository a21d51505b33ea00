"""Calendars of the jurisdictions: against published lists, and against the library they come from.

The lists of days off were read in the sources named beside them, independently of the library.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from recoup import data
from recoup.core.law import Ends, Limit, PackRefused, Unit, due
from recoup.data import calendars as ours
from recoup.data.calendars import differences, load_calendar, source_of

JURISDICTIONS = ("AL", "BA", "ME", "MK", "RS", "TR", "XK")
YEARS = range(2025, 2029)

# Days off from Monday to Friday, as published for the year.
PUBLISHED = {
    # https://www.kurir.rs/vesti/drustvo/9886891 and pancevac-online.rs/438118
    ("RS", 2026): "01-01 01-02 01-07 02-16 02-17 04-10 04-13 05-01 11-11",
    # https://m.sitel.com.mk/sedum-do-deset-prodolzheni-vikendi-vo-2026-ova-se-site-nerabotni-denovi
    ("MK", 2026): "01-01 01-07 03-20 04-13 05-01 05-25 08-03 09-08 10-12 10-23 12-08",
    # https://noa.al/lajmi/2026/01/2552771.html
    ("AL", 2026): "01-01 01-02 03-16 03-20 03-23 04-06 04-13 05-01 05-27 09-07 11-23 11-30 12-01 "
    "12-08 12-25",
    # https://scribd.com/document/738256211/Kalendari-festave-zyrtare-2024
    ("XK", 2024): "01-01 01-02 01-08 02-19 04-01 04-09 04-10 05-01 05-06 05-09 06-17 12-25",
    # scribd.com/document/559869290: two feasts in a row move on twice
    ("XK", 2022): "01-03 01-04 01-07 02-17 04-11 04-18 04-25 05-02 05-03 05-09 07-11 12-26",
    # https://mina.news/vijesti-iz-crne-gore/neradni-dani-nedjelja-ponedjeljak-i-utorak/ (July)
    ("ME", 2025): "01-01 01-02 05-01 05-02 05-21 05-22 07-14 07-15 11-13 11-14",
    # https://www.vansiyaseti.com/...-96279.html (June); law no. 2429
    ("TR", 2025): "01-01 03-31 04-01 04-23 05-01 05-19 06-06 06-09 07-15 10-29",
}

# What our file changes in the library, in full: whoever updates either has to look again.
DIFFER = {
    "BA-BIH": {"2026-03-02 added"},
    "BA-SRP": {"2026-01-09 added", "2026-02-16 added"},
    "ME": {
        "2025-11-13 renamed", "2025-11-14 added", "2026-11-13 renamed", "2026-11-14 added",
        "2027-11-13 renamed", "2027-11-14 added", "2027-11-15 added", "2028-11-13 renamed",
        "2028-11-14 added",
    },
    "MK": {"2026-03-20 renamed"},
    "XK": {
        "2025-02-17 renamed", "2025-04-09 renamed", "2026-02-17 renamed", "2026-04-09 renamed",
        "2027-02-17 renamed", "2027-04-09 renamed", "2028-02-17 renamed", "2028-04-09 renamed",
        "2028-04-10 renamed",
    },
}  # fmt: skip


@pytest.mark.parametrize(("code", "year"), PUBLISHED)
def test_days_off_are_those_published(code, year):
    calendar = load_calendar(code)
    ours = {day for day in calendar.holidays if day.year == year and day.weekday() < 5}
    theirs = {date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[code, year].split()}
    assert sorted(ours ^ theirs) == []


@pytest.mark.parametrize("code", sorted(ours.calendars()))
def test_what_we_change_in_the_library_is_known_by_name(code):
    found = {f"{one.day} {one.what}" for one in differences(code, YEARS)}
    wanted = DIFFER.get(code, set())
    assert found == wanted, (
        f"{code}: now {sorted(found - wanted)}, no more {sorted(wanted - found)}"
    )


def test_every_jurisdiction_has_a_calendar_with_its_sources():
    assert set(JURISDICTIONS) <= set(ours.calendars())
    for code, calendar in ours.calendars().items():
        told = source_of(code)
        assert told.source.startswith("https://") and told.law and told.to_check
        assert told.procedure and told.procedure_source and told.procedure_to_check
        assert not told.is_confirmed and not calendar.is_confirmed, "say who confirmed it, and test"
        assert calendar.weekend == {5, 6} and calendar.procedure is Ends.DAY_END
        assert calendar.is_worked(date(2040, 12, 28)) or calendar.holidays[date(2040, 12, 28)]


def test_the_note_stands_where_the_name_does():
    kosovo = load_calendar("XK")
    assert kosovo.name.endswith("*") and kosovo.note.startswith("* This designation")
    assert "1244" in kosovo.note
    assert not any("Kosov" in name or "Republic" in name for name in kosovo.holidays.values())
    for code in set(ours.calendars()) - {"XK"}:
        assert not load_calendar(code).note


def test_moveable_feasts_that_nobody_announced_are_marked_as_estimated():
    macedonia = load_calendar("MK")
    assert date(2026, 3, 20) not in macedonia.estimated  # announced in the ministry's programme
    assert date(2028, 2, 26) in macedonia.estimated
    assert not load_calendar("RS").estimated
    assert not [day for day in load_calendar("TR").estimated if day.year in YEARS]


def test_half_days_are_known_in_tuerkiye_only_and_are_worked():
    turkey = load_calendar("TR")
    halves = {day.isoformat(): shuts for day, shuts in turkey.half_days.items() if day.year == 2026}
    assert halves == dict.fromkeys(("2026-03-19", "2026-05-26", "2026-10-28"), time(13))
    assert all(turkey.is_worked(day) or day.weekday() > 4 for day in turkey.half_days)
    assert not any(load_calendar(code).half_days for code in set(JURISDICTIONS) - {"TR"})
    # Leave of public servants by decision is no holiday: 8 July 2016 would be one, 2026 has none.
    assert turkey.is_worked(date(2026, 5, 25))


@pytest.mark.parametrize(
    ("code", "start", "span", "at", "says"),
    [
        ("RS", "2026-11-06T15:20Z", 3, "2026-11-12T15:20Z", "11 Nov holiday"),
        ("RS", "2026-04-09T10:00Z", 1, "2026-04-14T10:00Z", "10 Apr, 13 Apr holidays"),
        ("AL", "2026-11-27T10:00Z", 1, "2026-12-02T10:00Z", "30 Nov, 1 Dec holidays"),
        ("BA", "2026-05-26T10:00Z", 1, "2026-05-28T10:00Z", "27 May (estimated) holiday"),
        ("ME", "2027-11-12T10:00Z", 1, "2027-11-16T10:00Z", "15 Nov holiday"),
        ("MK", "2026-10-09T10:00Z", 1, "2026-10-13T10:00Z", "12 Oct holiday"),
        ("TR", "2026-05-26T10:00Z", 1, "2026-06-01T10:00Z", "27 May, 28 May, 29 May holidays"),
        ("TR", "2026-10-27T10:00Z", 1, "2026-10-28T10:00Z", "28 Oct is a half-day to 13:00"),
        ("XK", "2026-02-16T10:00Z", 1, "2026-02-18T10:00Z", "17 Feb holiday"),
    ],
)
def test_working_days_of_each_country(code, start, span, at, says):
    found = due(Limit(span, Unit.WORKING_DAYS), datetime.fromisoformat(start), load_calendar(code))
    assert found.at == datetime.fromisoformat(at).astimezone(UTC)
    assert says in found.said
    assert found.said.endswith(f"time zone {load_calendar(code).zone.key}")


def test_a_code_without_calendar_is_refused_with_those_known():
    with pytest.raises(PackRefused, match="no calendar 'DE'.*RS"):
        load_calendar("DE")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"added": [{"day": "2026-03-03", "name": "X"}]}, "needs a name and a source"),
        ({"added": [{"day": "2026-03-03", "source": "https://x"}]}, "needs a name and a source"),
        (
            {"removed": [{"day": "2026-03-03", "name": "X", "source": "https://x"}]},
            "is removed, but is no holiday",
        ),
        ({"to_check": None}, "There is no to_check"),
    ],
)
def test_a_file_without_its_facts_is_refused_with_the_place(monkeypatch, row, says):
    table = {**ours._tables()["RS"], **row}
    table = {key: value for key, value in table.items() if value is not None}
    monkeypatch.setattr(ours, "_tables", lambda: {"RS": table})
    with pytest.raises(PackRefused, match=says) as refused:
        ours._calendar("RS")
    assert refused.value.where.startswith("holidays.toml: RS")


def test_a_removed_day_is_worked(monkeypatch):
    row = {"day": "2026-11-11", "name": "Armistice Day", "source": "https://example.org"}
    table = {**ours._tables()["RS"], "removed": [row]}
    monkeypatch.setattr(ours, "_tables", lambda: {"RS": table})
    assert ours._calendar("RS").is_worked(date(2026, 11, 11))


def test_every_row_of_the_file_is_needed():
    """A day that the library has learnt meanwhile, under the same name, is to be dropped here."""
    document = data.read_toml("holidays.toml")
    for code in ours.calendars():
        known = ours._from_library(code, "public")
        for row in document[code].get("added", ()):
            assert known.get(date.fromisoformat(row["day"])) != row["name"], (code, row["day"])
