"""A ministry changes its law: two persons, one day, once; and what was begun keeps its version."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from recoup.apps.holds import plan_operations
from recoup.apps.lawful_requests import (
    law_clock_operations,
    law_operations,
    law_queries,
    pack_models,
    pack_operations,
    request_law,
    request_operations,
)
from recoup.apps.lawful_requests.models import PackDraft, PackVersion
from recoup.apps.lawful_requests.refusals import RequestRefused
from recoup.apps.members.models import Mandate
from recoup.apps.members.queries import as_actor
from recoup.core.law import Limit, UnderWay, Unit
from recoup.data import load_pack
from support.law import POWER, Ministry
from support.requests import Desk
from support.roles import as_owner, as_planner
from support.world import World

BELGRADE = ZoneInfo("Europe/Belgrade")

FIRST = load_pack("RS").version  # the number under which a fresh hub stores it


@pytest.fixture
def ministry(world: World) -> Ministry:
    return Ministry(world)


def codes(refused: pytest.ExceptionInfo[RequestRefused]) -> tuple[str, str]:
    return refused.value.code, refused.value.field


# Drafting


def test_a_draft_is_the_law_in_force_with_the_next_number(ministry: Ministry) -> None:
    found = ministry.draft()
    document = json.loads(bytes(found.body))
    assert document == {**load_pack("RS").document, "version": 3}
    assert found.state == "drafted"
    assert (
        bytes(found.digest).hex()
        == law_operations.read_text(bytes(found.body), country="RS").sha256
    )


def test_the_same_id_is_the_same_draft(ministry: Ministry) -> None:
    which = uuid4()
    assert ministry.draft(draft=which).id == ministry.draft(draft=which).id == which


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"answer_within": {"hours": 36}}, "answer_within", "names its source"),
        ({"answer_within": {"hours": 0, "planned": True}}, "answer_within", "not above zero"),
        ({"authorised_by": ["king"]}, "authorised_by", "'king' is not a role"),
        ({"requested_by": ["guild"]}, "requested_by", "'guild' is not a kind of organisation"),
        ({"law_from": "2027-02-01", "law_until": "2027-01-01"}, "law_until", "is before"),
        ({"source": "a colleague"}, "source", "begins with https://"),
        ({"to_check": ""}, "to_check", "has to be read"),
        ({"confirmed_by": "A. Lawyer"}, "confirmed_by", "by whom and on which day"),
        ({"confirmed_by": "A. Lawyer", "confirmed_on": "2026-11-02"}, "read_on", "was read"),
        ({"acknowledge_within": {"days": 30, "planned": True}}, "answer_within", "not due before"),
        ({"king": "x"}, "king", "not known here"),
    ],
)  # fmt: skip
def test_what_nobody_could_rely_on_is_refused_at_its_place(
    ministry: Ministry, values: dict[str, Any], field: str, says: str
) -> None:
    found = ministry.draft()
    row = {**ministry.row(found), **values}
    with pytest.raises(law_operations.LawRefused) as refused:
        ministry.change(found, row)
    assert codes(refused) == ("not_a_law", field)
    assert says in str(refused.value)
    assert f"version 3.power[6].{field}" in refused.value.where
    assert ministry.again(found).version == 1


def test_an_unknown_measure_and_a_second_power_of_a_name_are_refused(ministry: Ministry) -> None:
    found = ministry.draft()
    row = ministry.row(found)
    for changed, code in (
        ({"id": "rs_new", "measure": "horoscope"}, "not_a_law"), ({}, "power_there"),
    ):  # fmt: skip
        with pytest.raises(RequestRefused) as refused:
            ministry.change(found, {**row, **changed}, is_new=True)
        assert refused.value.code == code


def test_a_power_that_is_added_is_missing_no_more(ministry: Ministry) -> None:
    found = ministry.draft()
    row = {**ministry.row(found), "id": "rs_new", "measure": "preservation_domestic"}
    pack = law_operations.read_text(
        bytes(ministry.change(found, row, is_new=True).body), country="RS"
    )
    assert pack.powers[-1].power == "rs_new"
    assert pack.missing_for("preservation_domestic") is None


def test_the_last_power_leaves_with_a_reason_that_the_officer_will_read(
    ministry: Ministry,
) -> None:
    found = ministry.draft()
    give = {"draft_id": found.id, "power": "rs_ets185_29", "version": found.version}
    with pytest.raises(RequestRefused, match="last power"):
        ministry.do(law_operations.remove_power, ministry.officer, **give)
    found = ministry.do(
        law_operations.remove_power, ministry.officer, **give, why="Repealed.",
        to_check="What follows it.",
    )  # fmt: skip
    pack = law_operations.read_text(bytes(found.body), country="RS")
    missing = pack.missing_for("preservation_foreign")
    assert missing is not None and missing.why == "Repealed."


@pytest.mark.parametrize("power", ["rs_agreement_hold", "rs_agreement_recall"])
def test_what_the_chain_of_holds_rests_on_is_not_changed(ministry: Ministry, power: str) -> None:
    found = ministry.draft()
    with pytest.raises(RequestRefused) as refused:
        ministry.change(found, {**ministry.row(found, power), "article": "3"})
    assert refused.value.code == "of_the_chain"
    with pytest.raises(RequestRefused) as refused:
        ministry.do(law_operations.remove_power, ministry.officer, draft_id=found.id, power=power,
                    version=1)  # fmt: skip
    assert refused.value.code == "of_the_chain"


def test_who_read_an_older_draft_changes_nothing(ministry: Ministry) -> None:
    found = ministry.draft()
    row = ministry.row(found)
    ministry.change(found, {**row, "article": "286(4)"})
    with pytest.raises(RequestRefused) as refused:
        ministry.change(found, {**row, "article": "286(5)"}, version=1)
    assert refused.value.code == "changed_meanwhile"


# Submitting, and who may


def test_a_change_says_why_and_from_which_day(ministry: Ministry) -> None:
    found = ministry.changed()
    for ground, days, code in (
        (" ", 3, "ground_missing"),
        ("Gazette 1/26", -1, "day_over"),
        ("x", 0, "day_over"),
    ):
        with pytest.raises(RequestRefused) as refused:
            ministry.submit(found, ground=ground, days=days)
        assert refused.value.code == code
    assert ministry.submit(found, days=1).state == "submitted"


def test_what_changes_nothing_is_not_submitted(ministry: Ministry) -> None:
    with pytest.raises(RequestRefused) as refused:
        ministry.submit(ministry.draft())
    assert refused.value.code == "no_change"


def test_what_was_submitted_is_not_changed(ministry: Ministry) -> None:
    found = ministry.submitted()
    with pytest.raises(RequestRefused) as refused:
        ministry.change(found, ministry.row(found))
    assert refused.value.code == "not_now"


def test_the_author_does_not_approve_not_even_with_the_role_for_it(ministry: Ministry) -> None:
    author = ministry.officer
    found = ministry.submitted()
    with as_owner():
        person = Mandate.objects.get(person_id=author.named_person)
        mandate = Mandate.objects.create(
            person_id=person.person_id, organisation_id=person.organisation_id, role="minister",
            valid_from=ministry.world.now(),
        )  # fmt: skip
        both = as_actor(Mandate.objects.select_related("person", "organisation").get(pk=mandate.pk))
    with pytest.raises(RequestRefused) as refused:
        ministry.approve(found, by=both)
    assert refused.value.code == "same_person"
    assert ministry.again(found).state == "submitted"


@pytest.mark.parametrize("login", ["jelena.police", "olga.prosecutor", "rade.heron"])
def test_nobody_else_writes_the_law(ministry: Ministry, login: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        ministry.do(law_operations.draft, ministry.world.actor(login))
    assert refused.value.code == "not_the_ministry"


def test_an_officer_of_the_ministry_does_not_approve(ministry: Ministry) -> None:
    found = ministry.submitted()
    other = ministry.somebody("ministry_officer", "other")
    with pytest.raises(RequestRefused) as refused:
        ministry.approve(found, by=other)
    assert refused.value.code == "not_the_ministry"


def test_another_ministry_sees_no_draft(ministry: Ministry) -> None:
    found = ministry.submitted()
    other = Ministry(ministry.world, "ministry_two")
    with pytest.raises(RequestRefused) as refused:
        other.approve(found)
    assert refused.value.code == "not_found"
    with ministry.world.acting(other.minister):
        assert not law_queries.drafts_of(other.minister).exists()
        assert not PackDraft.objects.filter(pk=found.pk).exists()


def test_a_refusal_has_a_reason_and_its_text_may_be_taken_up_again(ministry: Ministry) -> None:
    found = ministry.submitted()
    give = {"draft_id": found.id, "version": found.version}
    with pytest.raises(RequestRefused, match="why it is refused"):
        ministry.do(law_operations.refuse, ministry.minister, answer=" ", **give)
    ministry.do(law_operations.refuse, ministry.minister, answer="Wrong article.", **give)
    again = ministry.draft(copy_of=found.id)
    assert bytes(again.body) == bytes(found.body)
    with pytest.raises(RequestRefused, match="does not wait"):
        ministry.approve(ministry.again(found))


def test_every_act_is_a_line_of_the_trail_and_every_refusal(ministry: Ministry) -> None:
    found = ministry.submitted()
    with pytest.raises(RequestRefused):
        ministry.approve(found, by=ministry.officer)
    ministry.approve(found)
    ministry.begin(found)
    rows = ministry.world.run(
        "select body from audit_auditleaf where stream = %s order by stream_seq",
        f"law:{found.id}",
    )
    assert [json.loads(bytes(row[0]))["what"] for row in rows] == [
        "law:drafted", "law:power_changed", "law:submitted", "law:approve:refused",
        "law:approved", "law:in_force",
    ]  # fmt: skip


# Coming into force


def test_it_comes_into_force_on_its_day_there_and_once(ministry: Ministry) -> None:
    found = ministry.approved()
    day = found.comes_into_force_on
    assert day is not None
    midnight = datetime(day.year, day.month, day.day, tzinfo=BELGRADE)
    assert ministry.clock(midnight - timedelta(seconds=1)) == 0
    assert request_law.version_now().number == FIRST
    assert ministry.clock(midnight.astimezone(UTC)) == 1
    assert ministry.clock(midnight + timedelta(days=2)) == 0
    version = request_law.version_now()
    assert (version.number, version.in_force_from) == (3, day)
    assert bytes(version.digest) == bytes(found.digest)
    assert bytes(version.body) == bytes(found.body)
    assert ministry.again(found).state == "in_force"
    assert PackVersion.objects.filter(country="RS").count() == 2
    [power] = [p for p in request_law.read_law().powers if p.power == POWER]
    assert power.answer_within == Limit(36, Unit.HOURS)


def test_a_hub_that_was_down_on_the_day_says_since_when_it_is_in_force(
    ministry: Ministry,
) -> None:
    found = ministry.approved()
    day = found.comes_into_force_on
    assert day is not None
    late = datetime(day.year, day.month, day.day, 9, tzinfo=BELGRADE) + timedelta(days=2)
    assert ministry.clock(late) == 1
    assert request_law.version_now().in_force_from == late.date()


def test_the_sweep_brings_in_what_is_due_today(
    ministry: Ministry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Approved the day before: no law comes into force on the day of its approval."""
    today = law_clock_operations.local_day
    tomorrow = lambda pack, at: today(pack, at + timedelta(days=1))  # noqa: E731
    ministry.approved(days=1)
    ministry.world.sweep()
    assert request_law.version_now().number == FIRST
    monkeypatch.setattr(law_clock_operations, "local_day", tomorrow)
    ministry.world.sweep()
    assert request_law.version_now().number == FIRST + 1
    ministry.world.sweep()
    assert PackVersion.objects.filter(country="RS").count() == 2


def test_what_is_withdrawn_before_its_day_never_comes(ministry: Ministry) -> None:
    found = ministry.approved()
    with pytest.raises(RequestRefused, match="why it is withdrawn"):
        ministry.do(law_operations.withdraw, ministry.minister, draft_id=found.id, ground="")
    ministry.do(law_operations.withdraw, ministry.minister, draft_id=found.id, ground="Repealed.")
    assert ministry.clock(ministry.world.now() + timedelta(days=30)) == 0
    assert ministry.again(found).state == "withdrawn"


def test_what_is_approved_too_late_needs_another_day(
    ministry: Ministry, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ministry.submitted(days=1)
    today = law_operations.local_day
    tomorrow = lambda pack, at: today(pack, at + timedelta(days=1))  # noqa: E731
    monkeypatch.setattr(law_operations, "local_day", tomorrow)
    with pytest.raises(RequestRefused) as refused:
        ministry.approve(found)
    assert refused.value.code == "day_over"


def second_mandate(minister: Any, role: str) -> Any:
    """The same natural person under another mandate of the ministry."""
    with as_owner():
        one = Mandate.objects.get(pk=minister.mandate_id)
        one.pk, one.role = uuid4(), role
        one._state.adding = True
        one.save(force_insert=True)
        return as_actor(Mandate.objects.select_related("person", "organisation").get(pk=one.pk))


@pytest.mark.parametrize("act", ["change", "remove", "submit"])
def test_who_wrote_in_it_under_another_mandate_does_not_approve_it(
    ministry: Ministry, act: str
) -> None:
    same, found = second_mandate(ministry.minister, "ministry_officer"), ministry.changed()
    if act == "change":
        row = {**ministry.row(found), "article": "286(4)"}
        found = ministry.change(found, row, by=same)
    elif act == "remove":
        found = ministry.do(
            law_operations.remove_power, same, draft_id=found.id, power=POWER,
            version=found.version, why="Repealed.", to_check="The gazette.",
        )  # fmt: skip
    found = ministry.do(
        law_operations.submit, same if act == "submit" else ministry.officer, draft_id=found.id,
        ground="Gazette 1/26", comes_into_force_on=ministry.today + timedelta(days=3),
        version=found.version,
    )  # fmt: skip
    with pytest.raises(RequestRefused) as refused:
        ministry.approve(found)
    assert refused.value.code == "same_person"
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        with ministry.world.acting(ministry.minister) as at:
            PackDraft.objects.filter(pk=found.id).update(
                state="approved", approver_id=ministry.minister.person_id, decided_at=at
            )
    other = ministry.somebody("minister", "petar.ministry", "Petar Ilić")
    assert ministry.approve(ministry.again(found), by=other).state == "approved"


def test_a_draft_from_an_older_law_cannot_undo_a_newer_one(ministry: Ministry) -> None:
    old = ministry.submitted(article="286(4)")
    ministry.begin(ministry.approved())
    with pytest.raises(RequestRefused) as refused:
        ministry.approve(old)
    assert refused.value.code == "law_changed"


def test_one_approved_change_at_a_time_waits(ministry: Ministry) -> None:
    other = ministry.submitted(article="286(4)")
    ministry.approved()
    with pytest.raises(RequestRefused) as refused:
        ministry.approve(other)
    assert refused.value.code == "another_waits"


def test_a_change_that_another_version_overtook_is_taken_back(ministry: Ministry) -> None:
    found = ministry.approved()
    newer = {**load_pack("RS").document, "notice": "Another text."}
    with as_owner():
        pack = law_operations.read_text(json.dumps(newer).encode(), country="RS")
        pack_operations.store_pack(pack, at=ministry.world.now())
    assert ministry.clock(ministry.world.now() + timedelta(days=30)) == 0
    assert ministry.again(found).state == "withdrawn"


def test_our_files_replace_nothing_that_a_ministry_made(ministry: Ministry) -> None:
    became = ministry.begin(ministry.approved())
    newer = {**load_pack("RS").document, "notice": "Another text."}
    with as_owner():
        pack = law_operations.read_text(json.dumps(newer).encode(), country="RS")
        assert pack_operations.store_pack(pack, at=ministry.world.now()).id == became.id


def test_a_fresh_hub_stores_the_law_under_the_number_that_its_text_says(
    ministry: Ministry,
) -> None:
    with as_owner():
        (stored,) = PackVersion.objects.filter(country="RS")
    assert stored.number == json.loads(bytes(stored.body))["version"] == FIRST
    newer = {**load_pack("RS").document, "notice": "Another text."}
    with as_owner():
        pack = law_operations.read_text(json.dumps(newer).encode(), country="RS")
        assert pack_operations.store_pack(pack, at=ministry.world.now()).number == FIRST + 1


def test_requests_keep_the_version_they_were_drafted_under(ministry: Ministry) -> None:
    desk = Desk(ministry.world, request_law.read_law())
    give = {"measure": "subscriber_domestic", "content": desk.content()}
    before = desk.do(request_operations.draft, desk.officer, **give)
    became = ministry.begin(ministry.approved())
    after = desk.do(request_operations.draft, desk.officer, **give)
    assert desk.again(before).pack.number == FIRST
    assert desk.again(after).pack_id == became.id


def test_the_chain_of_holds_goes_on_under_the_version_its_unit_signed(
    ministry: Ministry,
) -> None:
    ministry.begin(ministry.approved())
    with as_planner():
        under = plan_operations.opening()
    assert under.version.number == FIRST
    assert set(under.instructions) == set(request_law.OF_THE_CHAIN)


def test_the_ministry_is_told_how_many_are_open_and_nobody_else(ministry: Ministry) -> None:
    desk = Desk(ministry.world, request_law.read_law())
    desk.do(
        request_operations.draft, desk.officer, measure="subscriber_domestic",
        content=desk.content(),
    )  # fmt: skip
    with ministry.world.acting(ministry.officer):
        assert law_queries.open_by_measure() == {
            "subscriber_domestic": UnderWay(drafts=1, clocks=1)
        }
    with ministry.world.acting(desk.officer):
        assert law_queries.open_by_measure() == {}


def test_everybody_reads_the_law_and_which_change_is_coming(ministry: Ministry) -> None:
    drafted = ministry.changed()
    assert drafted.state == "drafted"
    with ministry.world.acting(ministry.world.actor("rade.heron")):
        assert law_queries.coming() is None
        assert [one.number for one in law_queries.versions()] == [FIRST]
    approved = ministry.approve(ministry.submit(drafted))
    with ministry.world.acting(ministry.world.actor("rade.heron")):
        coming = law_queries.coming()
        assert coming is not None and coming.id == approved.id


def test_the_states_of_the_table_are_all_there_are() -> None:
    assert set(pack_models.DRAFT_STATES) == {
        "drafted", "submitted", "approved", "refused", "withdrawn", "in_force",
    }  # fmt: skip
