"""Who may do what, for every route there is: nothing here is written by hand per route.

The routes come from the URL resolver and the OpenAPI file, the expected answer from the policy
table. Each route is tried by each role on objects that are its own (or addressed to it), foreign,
or missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from recoup.apps.audit import enrolment_operations
from recoup.apps.cases.models import BreakGlass, Case, Task
from recoup.apps.evidence.models import EvidenceFile
from recoup.apps.lawful_requests.models import PackDraft, Request, Ticket
from recoup.apps.members import operations as members
from recoup.apps.members import queries as member_queries
from recoup.apps.members.api import Key
from recoup.apps.members.directory_models import DirectoryChange
from recoup.apps.members.models import Duty, Login, Mandate, Person
from recoup.apps.traces.models import ImportedLedger
from recoup.core.access import Actor
from recoup.data.policy import load_policy
from recoup.web.api import api
from support.answers import Asked, Told, differ, told
from support.cells import CELLS
from support.elsewhere import (
    LOOKED,
    asked_elsewhere,
    change_elsewhere,
    duty_elsewhere,
    glass_elsewhere,
)
from support.evidence import Vault
from support.law import Ministry
from support.least_bodies import least_body
from support.lived_in import CANARY
from support.roles import as_owner
from support.unscoped import without_scoping
from support.world import World, iban

pytestmark = [pytest.mark.breaks_invariants,
              pytest.mark.usefixtures("lived_in", "a_provider_is_named")]  # fmt: skip

# Routes without an act, each for a reason.
WITHOUT_ACT = {
    "healthz": "says that the process answers, and nothing else",
    "set_language": "Django's own: sets a cookie with the language",
    "openapi-json": "the description of the API is public",
    "api-root": "where the description of the API hangs",
}
# Where one address is two acts: by method, or because somebody signed in reports for another.
SECOND_ACTS = {
    ("post", "case-hand-over"): "case:hand_over",
    ("get", "report"): "report:file_for_customer",
    ("post", "report"): "report:file_for_customer",
}
LOGINS = {
    "clerk": "mila.linden", "supervisor": "boris.quince", "officer": "jelena.police",
    "duty_officer": "luka.police", "call_taker": "stevan.police", "prosecutor": "olga.prosecutor",
    "fiu_officer": "filip.fiu", "unit_head": "nada.police", "hub_officer": "vida.hub",
}  # fmt: skip
METHODS = ("get", "post")


# The routes


@dataclass(frozen=True)
class Route:
    """One address of the resolver. parameter: the object in it, such as case_id; or none."""

    pattern: str
    name: str
    view: Any
    parameter: str

    def path(self, value: object = "") -> str:
        return "/" + re.sub(r"<[^>]+>", str(value), self.pattern)


def routes() -> list[Route]:
    return list(walk(get_resolver().url_patterns, ""))


def walk(patterns: list[Any], prefix: str) -> Iterator[Route]:
    for entry in patterns:
        whole = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, whole)
        elif isinstance(entry, URLPattern):
            parameters = re.findall(r"<(?:\w+:)?(\w+)>", whole)
            view = entry.callback
            yield Route(whole, entry.name or "", view, parameters[0] if parameters else "")


def pages() -> list[Route]:
    """Our own pages: everything but the API and sign-in."""
    return [
        route for route in routes()
        if not route.pattern.startswith(("api/", "accounts/")) and route.name not in WITHOUT_ACT
    ]  # fmt: skip


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    acts: tuple[str, ...]


def operations() -> list[Operation]:
    found = []
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                acts = tuple(a.act for a in operation.auth_callbacks if isinstance(a, Key))
                for method in operation.methods:
                    found.append(Operation(method.lower(), f"/api/v1{prefix}{path}", acts))
    return found


def test_every_page_names_its_act() -> None:
    nameless = [route.pattern for route in pages() if not hasattr(route.view, "act")]
    assert nameless == []


def test_every_other_route_is_sign_in_or_an_exception_with_a_reason() -> None:
    for route in routes():
        if route.pattern.startswith("accounts/"):
            assert route.view.__module__.startswith(("allauth.", "django.")), route.pattern
        elif not route.pattern.startswith("api/") and not hasattr(route.view, "act"):
            assert route.name in WITHOUT_ACT, route.pattern


def test_every_operation_of_the_api_has_a_key_with_an_act() -> None:
    assert [o for o in operations() if len(o.acts) != 1] == []


def test_the_openapi_file_and_the_resolver_tell_the_same_operations() -> None:
    listed = {
        (method, path)
        for path, item in api.get_openapi_schema()["paths"].items()
        for method in item
        if method in ("get", "post", "put", "patch", "delete")
    }
    assert listed == {(o.method, re.sub(r"{\w+:", "{", o.path)) for o in operations()}


def test_every_act_of_the_policy_is_some_route_s_act() -> None:
    acts = {route.view.act for route in pages()} | {a for o in operations() for a in o.acts}
    assert set(load_policy().acts) - acts <= {"session:own", "report:follow", "case:hand_over"}


# The objects


@dataclass
class Scene:
    """The used hub, seen by one role. ids: the objects by parameter and by whose they are."""

    actor: Actor
    client: Client
    ids: dict[str, dict[str, UUID]] = field(default_factory=dict)
    canaries: list[str] = field(default_factory=list)


PARAMETERS = {
    "case_id": Case, "ticket_id": Ticket, "task_id": Task, "ledger_id": ImportedLedger,
    "request_id": Request, "draft_id": PackDraft, "duty_id": Duty, "file_id": EvidenceFile,
    "glass_id": BreakGlass, "change_id": DirectoryChange,
}  # fmt: skip
MINISTRY = frozenset({"minister", "ministry_officer"})


@pytest.fixture
def foreign(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """One object of each kind with which none of the roles has anything to do."""
    filed = world.report(payer=iban("walnut", 30071), payee=iban("sparrow", 50071), amount=31_00)
    world.plan()
    case = world.case_of(filed)
    file = Vault(world, case).keep(b"Nobody's but theirs").pk
    heron, firefly = world.organisation("heron").id, world.organisation("firefly").id
    tickets = world.tickets(case_id=case.pk)
    world.run("delete from cases_casemember where case_id = %s", case.pk)
    world.run("update cases_case set owner_id = %s where id = %s", heron, case.pk)
    world.run(
        "update lawful_requests_ticket set issuer_id = %s, addressee_id = %s where case_id = %s",
        heron, firefly, case.pk,
    )  # fmt: skip
    task = uuid4()
    world.run(
        "insert into cases_task (id, owner_id, issuer_id, kind, about, level, values, opened_at, "
        "due_at) values (%s, %s, %s, 'foreign', %s, 0, '{}', now(), now())",
        task, firefly, heron, uuid4(),
    )  # fmt: skip
    asked = asked_elsewhere(world, monkeypatch)
    law = Ministry(world, "farministry").changed(article="9-of-far").pk
    ids = {"case_id": case.pk, "ticket_id": tickets[0].pk, "task_id": task, "ledger_id": uuid4(),
           "draft_id": law}  # fmt: skip
    canaries = [case.reference, iban("walnut", 30071), iban("sparrow", 50071), "9-of-far", LOOKED]
    ids |= {
        "request_id": asked.of_id,
        "duty_id": duty_elsewhere(world),
        "file_id": file,
        "glass_id": glass_elsewhere(world, case),
        "change_id": change_elsewhere(world),
    }
    return {
        "asked": asked,
        "ids": ids,
        "canaries": canaries + [ticket.reference for ticket in [*tickets, asked]],
    }


def enrolled(world: World, role: str) -> Mandate:
    """Somebody with the role; the invented country has no contact point of the 24/7 network."""
    if role in LOGINS:
        person = Login.objects.get(username=LOGINS[role]).person_id
        return Mandate.objects.select_related("organisation", "person").get(
            person_id=person, role=role
        )
    if role in MINISTRY:
        ministry = Ministry(world)
        ministry.draft()
        person = (ministry.minister if role == "minister" else ministry.officer).named_person
        return Mandate.objects.select_related("organisation", "person").get(
            person_id=person, role=role, organisation__code=ministry.code
        )
    with as_owner():
        return enrolment_operations.enrol_person(
            organisation=world.organisation("police"), full_name=f"An invented {role}", role=role,
            email=f"{role}@example.invalid", at=world.now(), username=f"test.{role}",
            password="x",
        )  # fmt: skip


def scene(world: World, foreign: dict[str, Any], role: str) -> Scene:
    client = Client(raise_request_exception=False)
    actor = world.visitor
    if role != "visitor":
        mandate = enrolled(world, role)
        actor = world_actor(mandate)
        client.force_login(Login.objects.get(person=Person.objects.get(pk=mandate.person_id)))
    found = Scene(actor, client, canaries=foreign["canaries"])
    found.ids["asked_id"] = {"foreign": foreign["asked"].id, "missing": uuid4()}
    for parameter, model in PARAMETERS.items():
        found.ids[parameter] = {"foreign": foreign["ids"][parameter], "missing": uuid4()}
        own = own_object(world, actor, model)
        if own is not None:
            found.ids[parameter]["own"] = own
    return told_of_all(found, role)


def told_of_all(one: Scene, role: str) -> Scene:
    """The hub's own desk is told of every look by break-glass, and of the whole directory."""
    if role == "hub_officer":
        for told in ("glass_id", "change_id"):
            one.ids[told].pop("foreign")
        one.canaries = [canary for canary in one.canaries if canary != LOOKED]
    return one


def world_actor(mandate: Mandate) -> Actor:
    from recoup.apps.members.queries import as_actor

    return as_actor(mandate)


def own_object(world: World, actor: Actor, model: Any) -> UUID | None:
    """An object that row-level security shows the actor, an open one first."""
    with world.acting(actor):
        rows = model.objects.all()
        if model is Ticket:
            rows = rows.order_by("answered_at")
        if model is Task:  # one that it asked others for is seen, and not its own to finish
            rows = rows.filter(owner_id=actor.organisation_id)
        row = rows.first()
        return row.pk if row else None


def written() -> tuple[int, ...]:
    """How many rows each table of a station has, as the owner sees it.

    The log has its line for each refusal: tests/web/test_noting.py.
    """
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace "
            "and relkind = 'r' "
            "and relname ~ '^(cases|guidelines|holds|lawful|ledgers|reports|traces)_' "
            "and relname ~ '^(audit|cases|evidence|guidelines|holds|lawful|ledgers|reports|"
            "traces)_' "
            "order by relname"
        )
        names = [row[0] for row in cursor.fetchall()]
        cursor.execute("select " + ", ".join(f"(select count(*) from {n})" for n in names))
        return tuple(cursor.fetchone())


ROLES = sorted({"visitor", "unit_head", *(r for rs in load_policy().acts.values() for r in rs)}
               - {"anyone", "machine"})  # fmt: skip


def is_refusal(status: int) -> bool:
    return status in (302, 401, 403, 405)


@pytest.mark.parametrize("role", ROLES)
def test_pages(world: World, foreign: dict[str, Any], role: str) -> None:
    """Every page, both methods, on every object; what is wrong is told for all of them at once."""
    tried(scene(world, foreign, role))


@pytest.mark.parametrize("role", ROLES)
def test_pages_with_row_level_security_alone(
    world: World, foreign: dict[str, Any], role: str
) -> None:
    """The same with the scoping of the code switched off: what is foreign is still not there."""
    one = scene(world, foreign, role)
    with without_scoping() as dropped:
        tried(one)
    assert role == "visitor" or sum(dropped.times.values()) > 20, dropped.times


@CELLS.timed()
def tried(one: Scene) -> None:
    wrong: list[str] = []
    cells = 0
    for route in pages():
        objects = one.ids[route.parameter] if route.parameter else {"": ""}
        for method in METHODS:
            may = load_policy().may(one.actor, act_of(route, method, one.actor))
            before = written() if not may else ()
            bodies: dict[str, Told] = {}
            for kind, value in objects.items():
                with Asked() as asked:
                    response = getattr(one.client, method)(route.path(value))
                cells += 1
                CELLS.tried += 1
                where = f"{method} {route.pattern} {kind}: {response.status_code}"
                bodies[kind] = told(response, value, asked)
                # A second act is asked only where the object was found.
                if not may and response.status_code == 404 and second_act(route, one.actor):
                    continue
                wrong += judged(response, may=may, kind=kind, where=where)
                if kind != "own":
                    wrong += [f"{where} shows {c}" for c in one.canaries if shows(response, c)]
            wrong += differ(f"{method} {route.pattern}", bodies)
            if not may and written() != before:
                wrong.append(f"{method} {route.pattern}: a refusal has written something")
    assert not wrong, "\n".join(wrong)
    assert cells > 60


def second_act(route: Route, actor: Actor) -> bool:
    """Whether the role may do the first act of a route that is two."""
    return any(name == route.name for _, name in SECOND_ACTS) and load_policy().may(
        actor, route.view.act
    )


def act_of(route: Route, method: str, actor: Actor) -> str:
    second = SECOND_ACTS.get((method, route.name))
    if second is None or (route.name == "report" and actor.is_public):
        return str(route.view.act)
    return second


def judged(response: Any, *, may: bool, kind: str, where: str) -> list[str]:
    status = response.status_code
    if status >= 500:
        return [f"{where}: failed"]
    if not may:
        return [] if is_refusal(status) else [f"{where}: should be refused"]
    if kind in ("foreign", "missing"):
        return [] if status in (404, 405) else [f"{where}: should not be found"]
    return [f"{where}: should be allowed"] if status in (401, 403, 404) else []


def shows(response: Any, canary: str) -> bool:
    text = b"" if response.streaming else response.content
    return canary.encode() in text or canary in str(response.headers)


# The API


@pytest.mark.parametrize("role", [*ROLES, "machine", "nobody's key"])
def test_the_api(world: World, foreign: dict[str, Any], role: str) -> None:
    tried_by_api(world, foreign, role)


@pytest.mark.parametrize("role", [*ROLES, "machine"])
def test_the_api_with_row_level_security_alone(
    world: World, foreign: dict[str, Any], role: str
) -> None:
    with without_scoping():
        tried_by_api(world, foreign, role)


@CELLS.timed()
def tried_by_api(world: World, foreign: dict[str, Any], role: str) -> None:
    """Who holds a key is remembered for seconds: not looked up between two that are compared."""
    with patch.object(member_queries, "KEY_CACHE_SECONDS", 3600):
        told_alike(world, foreign, role)


def told_alike(world: World, foreign: dict[str, Any], role: str) -> None:
    headers, actor = credentials(world, role)
    of_the_chain = {"foreign": foreign["ids"]["ticket_id"], "missing": uuid4()}
    asked = {"foreign": foreign["asked"].id, "missing": uuid4()}
    requests = {"foreign": foreign["asked"].of_id, "missing": uuid4()}
    client, wrong = Client(raise_request_exception=False), []
    if (own := own_object(world, actor, Ticket)) is not None and role in ("machine", "supervisor"):
        of_the_chain["own"] = own
    for operation in operations():
        tickets = of_the_chain
        if "request_id" in operation.path:
            tickets = requests
        elif "request-tickets" in operation.path:
            tickets = asked
        may = actor.role != "visitor" and load_policy().may(actor, operation.acts[0])
        objects = tickets if "{" in operation.path else {"": ""}
        before, bodies = written(), {}
        for kind, value in objects.items():
            path = re.sub(r"{[^}]+}", str(value), operation.path)
            with Asked() as statements:
                response = client.generic(
                    operation.method.upper(), path, least_body(operation.path), "application/json",
                    headers=headers | {"Idempotency-Key": str(uuid4())},
                )  # fmt: skip
            CELLS.tried += 1
            where = f"{operation.method} {operation.path} {kind}: {response.status_code}"
            expected = 401 if actor.role == "visitor" else 403
            bodies[kind] = told(response, value, statements)
            if response.status_code >= 500:
                wrong.append(f"{where}: failed")
            elif not may and response.status_code != expected:
                wrong.append(f"{where}: should be {expected}")
            elif may and kind in ("foreign", "missing") and response.status_code != 404:
                wrong.append(f"{where}: should not be found")
            elif may and kind in ("own", "") and response.status_code in (401, 403, 404):
                wrong.append(f"{where}: should be allowed")
            wrong += [f"{where} shows {c}" for c in foreign["canaries"] if shows(response, c)]
        wrong += differ(f"{operation.method} {operation.path}", bodies)
        if not may and written() != before:
            wrong.append(f"{operation.path}: a refusal has written something")
    assert not wrong, "\n".join(wrong)


def credentials(world: World, role: str) -> tuple[dict[str, str], Actor]:
    if role == "machine":
        return {"Authorization": f"Bearer {world.key('quince')}"}, world.at_bank("quince")
    if role == "visitor":
        return {}, world.visitor
    if role == "nobody's key":
        return {"Authorization": "Bearer rk_quince_wrong"}, world.visitor
    mandate = enrolled(world, role)
    with as_owner():
        key = members.issue_key(mandate=mandate, at=world.now())
    return {"Authorization": f"Bearer {key}"}, world_actor(mandate)


def test_a_mandate_that_has_ended_lets_nobody_in(world: World) -> None:
    mandate = enrolled(world, "officer")
    client = Client()
    client.force_login(Login.objects.get(username=LOGINS["officer"]))
    assert client.get("/desk").status_code == 200
    world.run("update members_mandate set valid_until = now() where id = %s", mandate.pk)
    assert client.get("/desk").status_code == 302
    assert client.get("/cases").status_code == 302
    # Its sessions ended with it; who signs in anew acts under none either.
    again = Client()
    again.force_login(Login.objects.get(username=LOGINS["officer"]))
    assert again.get("/desk").status_code == 302
    assert again.get("/cases").status_code == 302


def test_nothing_of_a_report_is_told_to_who_has_no_part_in_it(world: World) -> None:
    """The reference that the victim typed is on no page of a desk that has no ticket of it."""
    for login in ("iskra.firefly", "rade.heron", "vera.walnut"):
        client = Client()
        client.force_login(Login.objects.get(username=login))
        for route in pages():
            if not route.parameter:
                assert not shows(client.get(route.path()), CANARY), (login, route.pattern)
