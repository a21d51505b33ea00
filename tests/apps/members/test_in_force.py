"""What each request reads of who asks: the mandate that is in force now, and the login."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from recoup.apps.members import queries
from recoup.apps.members.models import Login, Mandate
from support.world import OFFICER, World

HOURS = (None, -2, -1, 0, 1, 2)


@pytest.mark.parametrize("until", HOURS)
@pytest.mark.parametrize("since", [hour for hour in HOURS if hour is not None])
def test_in_force_means_the_same_in_both_ways_of_asking(
    world: World, since: int, until: int | None
) -> None:
    """Within one transaction's statements; 0 is the moment itself, which counts as begun."""
    person = Login.objects.get(username=OFFICER).person_id
    with transaction.atomic():
        world.run(
            "update members_mandate set valid_from = now() + make_interval(hours => %s), "
            "valid_until = now() + make_interval(hours => %s::int) where person_id = %s",
            since, until, person,
        )  # fmt: skip
        known = list(Mandate.objects.filter(queries.valid_now(), person_id=person))
        found = queries.mandate_of(person, chosen=None)
    assert ([] if found is None else [found]) == known[:1]
    assert bool(known) == (since <= 0 and (until is None or until > 0))


def test_the_oldest_is_taken_unless_one_was_chosen(world: World) -> None:
    officer = Login.objects.get(username=OFFICER).person_id
    first = queries.mandate_of(officer, chosen=None)
    assert first is not None
    elsewhere = world.at_bank("walnut").organisation_id
    [(later,)] = world.run(
        "insert into members_mandate (id, person_id, organisation_id, role, valid_from, "
        "is_on_duty) values (gen_random_uuid(), %s, %s, 'clerk', now(), false) returning id",
        officer, elsewhere,
    )  # fmt: skip
    assert queries.mandate_of(officer, chosen=None) == first
    chosen = queries.mandate_of(officer, chosen=str(later))
    assert chosen is not None and chosen.pk == later and chosen.role == "clerk"
    assert queries.mandate_of(officer, chosen="of nobody") == first


def test_what_was_not_read_of_it_is_read_when_asked_for(world: World) -> None:
    login = Login.objects.get(username=OFFICER)
    with CaptureQueriesContext(connection) as seen:
        found = queries.mandate_of(login.person_id, chosen=None)
        assert found is not None
        actor = queries.as_actor(found)
    assert len(seen) == 1 and actor == world.actor(OFFICER)
    whole = Mandate.objects.select_related("person", "organisation").get(pk=found.pk)
    for one in ("role", "valid_from", "valid_until", "is_on_duty", "person", "organisation"):
        assert getattr(found, one) == getattr(whole, one)
    for one in ("code", "name_sr", "country", "kind", "is_invented", "contact_phone"):
        assert getattr(found.organisation, one) == getattr(whole.organisation, one)
    for one in ("full_name", "email", "is_system"):
        assert getattr(found.person, one) == getattr(whole.person, one)


def test_a_login_is_read_whole_but_for_its_password(world: World) -> None:
    known = Login.objects.get(username=OFFICER)
    found = queries.login_of(known.pk)
    assert found is not None and found.get_deferred_fields() == {"password"}
    for one in queries.LOGIN_OF:
        assert getattr(found, one) == getattr(known, one)
    assert queries.login_of(-1) is None
