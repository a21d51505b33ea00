"""The authorisation matrix for whoever is nobody, or somebody elsewhere (SECURITY 4.6, 6.6).

The same role in another organisation, a mandate that has ended, a sign-in that was suspended: tried
on every page, on the objects of the used hub. Then what shows whose data it is without naming it:
searches, counts, exports, live pages. And the matrix itself must be able to fail.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from test_policy_matrix import (
    METHODS,
    PARAMETERS,
    ROLES,
    Scene,
    enrolled,
    is_refusal,
    operations,
    pages,
    scene,
    shows,
    told_of_all,
    tried,
)
from test_policy_matrix import foreign as foreign

from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.members.models import Login, Organisation
from recoup.core.reference import ReferenceKind, make_reference
from recoup.data.policy import load_policy
from support.answers import Asked, Told, differ, told
from support.lived_in import CANARY
from support.requests import Desk
from support.roles import as_owner
from support.unscoped import guarded_tables, without_scoping
from support.world import World

pytestmark = [
    pytest.mark.breaks_invariants,
    pytest.mark.usefixtures("lived_in", "a_provider_is_named"),
]

STAFF = [role for role in ROLES if role != "visitor"]


def test_the_matrix_tries_every_route_in_five_thousand_cells() -> None:
    """Foreign and missing of every address with an object; own ones come on top."""
    cells = sum(2 if route.parameter else 1 for route in pages()) * len(METHODS) * len(ROLES)
    cells += sum(2 if "{" in one.path else 1 for one in operations()) * (len(ROLES) + 2)
    assert cells >= 5000, cells


# Somebody elsewhere


def objects_of_the_hub(world: World) -> tuple[dict[str, Any], list[str]]:
    """One object of each kind that was used, and what of them may be read nowhere else."""
    with as_owner():
        ids = {name: model.objects.values_list("pk", flat=True).first()
               for name, model in PARAMETERS.items()}  # fmt: skip
        ids["asked_id"] = Ticket.objects.order_by("-of_id").values_list("pk", flat=True).first()
        texts = [str(t) for t in Ticket.objects.values_list("reference", flat=True)]
    return {k: v or uuid4() for k, v in ids.items()}, [CANARY, *texts]


def elsewhere(world: World, role: str) -> Scene:
    """The same role in an organisation of the same kind that has nothing to do with any of it."""
    kind = Organisation.objects.get(pk=enrolled(world, role).organisation_id).kind
    actor = Desk(world).enrol("farplace", role, kind=kind)
    client = Client(raise_request_exception=False)
    client.force_login(Login.objects.get(person_id=actor.person_id))
    ids, canaries = objects_of_the_hub(world)
    tried_on = {name: {"foreign": pk, "missing": uuid4()} for name, pk in ids.items()}
    return told_of_all(Scene(actor, client, tried_on, canaries), role)


@pytest.mark.parametrize("role", STAFF)
def test_the_same_role_elsewhere_finds_nothing_of_it(
    world: World, foreign: dict[str, Any], role: str
) -> None:
    """By row-level security alone; lists, counts, searches and exports of every page are in it."""
    one = elsewhere(world, role)
    with without_scoping():
        tried(one)


SEARCHES = ("cases", "requests", "tasks", "asked", "directory", "desk", "asked/done", "desk/done")
WORDS = ("q", "search", "reference", "text", "account")


@pytest.mark.parametrize("role", STAFF)
def test_a_search_for_what_is_another_s_finds_as_much_as_for_what_is_not_there(
    world: World, role: str
) -> None:
    one = elsewhere(world, role)
    there = one.canaries[1]
    nowhere = str(make_reference(ReferenceKind.TICKET, b"nobod"))
    assert there.startswith(ReferenceKind.TICKET.value)
    wrong: list[str] = []
    with without_scoping():
        for page in SEARCHES:
            for word in WORDS:
                bodies = {kind: searched(one, page, word, text)
                          for kind, text in (("foreign", there), ("missing", nowhere))}  # fmt: skip
                wrong += differ(f"{page}?{word}=", bodies)
    assert not wrong, "\n".join(wrong)


def searched(one: Scene, page: str, word: str, text: str) -> Told:
    with Asked() as asked:
        if word == "q":
            answer = one.client.post(f"/{page}", {word: text}, follow=True)
        else:
            answer = one.client.get(f"/{page}", {word: text})
    return told(answer, text, asked)


# Nobody any more


ENDED = {
    "its mandate has ended": "update members_mandate set valid_until = now() where person_id = %s",
    "it has not begun": "update members_mandate set valid_from = now() + interval '1 day', "
    "valid_until = null where person_id = %s",
    "suspended": "update members_login set is_active = false where person_id = %s",
}


@pytest.mark.parametrize("why", ENDED)
@pytest.mark.parametrize("role", STAFF)
def test_who_is_no_more_is_a_stranger(world: World, role: str, why: str) -> None:
    mandate = enrolled(world, role)
    client = Client(raise_request_exception=False)
    client.force_login(Login.objects.get(person_id=mandate.person_id))
    assert client.get("/desk", follow=True).status_code == 200
    world.run(ENDED[why], mandate.person_id)
    wrong = []
    for route in pages():
        got = client.get(route.path(uuid4()))
        is_open = "anyone" in load_policy().roles_for(route.view.act)
        if shows(got, CANARY) or not (is_open or is_refusal(got.status_code)):
            wrong.append(f"{route.pattern}: {got.status_code}")
    assert not wrong, "\n".join(wrong)


# The matrix is able to fail


def switch_off(table: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(f"alter table {table} disable row level security")


def test_without_row_level_security_the_matrix_without_scoping_finds_the_leak(
    world: World, foreign: dict[str, Any]
) -> None:
    one = scene(world, foreign, "officer")
    with without_scoping() as dropped:
        switch_off("cases_case")
        with pytest.raises(AssertionError, match="should not be found"):
            tried(one)
    assert dropped.times["cases_case.visible_to"]


def test_with_row_level_security_off_the_scoping_alone_still_holds(
    world: World, foreign: dict[str, Any]
) -> None:
    """Both layers protect by themselves: a case is not shown by either."""
    one = scene(world, foreign, "officer")
    case = one.ids["case_id"]["foreign"]
    switch_off("cases_case")
    assert one.client.get(f"/cases/{case}").status_code == 404


@pytest.mark.parametrize("role", ["clerk", "officer", "prosecutor", "fiu_officer", "judge"])
def test_the_scoping_alone(world: World, foreign: dict[str, Any], role: str) -> None:
    one = scene(world, foreign, role)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        for table in guarded_tables():
            cursor.execute(f"alter table {table} disable row level security")
    tried(one)
