"""Fixtures of all tests: database and roles, the invented country, the running hub, the browser.

The test database is made by recoup_owner; tests run as recoup_app, exactly like the pages, so that
no isolation test can pass for nothing. After every test that used the database the invariants of
the money (DATAMODEL B4) are asked, and must return no row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import settings

from support import browser, live, roles
from support.cells import CELLS
from support.world import World

# Playwright's synchronous interface keeps a loop running in this thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# How long one example takes says more of the machine's load than of the code.
settings.register_profile("recoup", deadline=None)
settings.load_profile("recoup")
REQUIRE_ALL = os.environ.get("RECOUP_REQUIRE_ALL") == "1"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "breaks_invariants: breaks the money on purpose; it is not asked afterwards"
    )
    config.addinivalue_line("markers", "damages_the_vault: damages stored evidence on purpose")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where two run at once: the longest file first, the next in the middle, apart from each other.

    At the end they would leave one of the two idle; beside each other they would share a machine.
    """
    if not hasattr(config, "workerinput"):
        return
    longest, long, others = ([item for item in items if place_of(item) == place]
                             for place in range(3))  # fmt: skip
    half = len(others) // 2
    items[:] = [*longest, *others[:half], *long, *others[half:]]


def place_of(item: pytest.Item) -> int:
    names = ["test_others.py", "test_crash.py"]
    return names.index(item.path.name) if item.path.name in names else len(names)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many cells of the matrices of rights were tried, if any were."""
    if CELLS.tried:
        terminalreporter.write_line(str(CELLS))


# The database


@pytest.fixture(scope="session")
def country_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this run's keys and passwords of the invented country lie."""
    return tmp_path_factory.mktemp("country")


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, country_folder: Path
) -> Iterator[None]:
    """Load the invented country as the owner, once; from there on everything runs as recoup_app."""
    with django_db_blocker.unblock():
        roles.grant_as_the_hub_does()
        roles.load_country(country_folder)
        roles.become_app()
    yield
    with django_db_blocker.unblock():
        roles.become_owner()


@pytest.fixture(autouse=True, scope="session")
def flush_keeps_the_country() -> Iterator[None]:
    """Transactional tests empty the tables as the owner, and leave the country in them."""
    with roles.flushing_as_owner():
        yield


@pytest.fixture
def world(db: None, country_folder: Path) -> World:
    """The invented country, seen from a test: its actors, its reports, its banks."""
    return World(country_folder)


@pytest.fixture
def open_world(transactional_db: None, country_folder: Path) -> World:
    """The same where every act commits: for threads, other processes, and time that passes."""
    return World(country_folder)


@pytest.fixture(scope="module")
def lived_in(django_db_setup: None, django_db_blocker: Any, country_folder: Path) -> Iterator[Any]:
    """A hub that has been used, for all tests of a module; gives the report that it began with."""
    from support.lived_in import live_in

    with django_db_blocker.unblock():
        yield live_in(World(country_folder))
        roles.reset()


DATABASE_FIXTURES = {"db", "transactional_db", "django_db_serialized_rollback"}


@pytest.fixture(autouse=True)
def in_english() -> None:
    """A page asked for in Serbian leaves its language in the thread: no test inherits one."""
    translation.activate("en")


@pytest.fixture(autouse=True)
def the_money_is_all_there(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test of the database: each invariant returns no row."""
    wants = DATABASE_FIXTURES & set(request.fixturenames)
    if not wants and request.node.get_closest_marker("django_db") is None:
        yield
        return
    request.getfixturevalue("_django_db_helper")
    yield
    if request.node.get_closest_marker("breaks_invariants"):
        return
    # A vault of a test's own is gone by now, with the settings that named it.
    own_vault = "settings" in request.fixturenames
    broken = roles.broken_invariants(vault_bytes=0 if own_vault else roles.READ_AGAIN)
    assert not broken, "\n".join(broken)


# The running hub and the browser


@pytest.fixture(scope="session")
def served(django_db_setup: None, country_folder: Path) -> Iterator[live.Served]:
    """The real application server on the test database, one for the whole run."""
    with live.serve(country_folder) as server:
        yield server


@pytest.fixture
def hub(open_world: World, served: live.Served) -> Iterator[live.Hub]:
    """The running hub: pages and API at ``hub.url``, and a worker that plans and sends."""
    with live.working() as worker:
        yield live.Hub(served.url, open_world, worker)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = browser.find()
    if path is None:
        message = "There is no Chromium on this machine: the pages were NOT tried in a browser."
        if REQUIRE_ALL:
            pytest.fail(message)
        pytest.skip(message)
    with browser.launched(path) as launched:
        yield launched


@pytest.fixture
def new_page(chromium: Any, hub: live.Hub) -> Iterator[Callable[..., browser.Page]]:
    """Makes pages, each with its own cookies: ``new_page(login="...", width=390)``.

    Any message of the console that is an error, or that names the content security policy, fails
    the test.
    """
    with browser.pages(chromium, hub) as make:
        yield make


@pytest.fixture
def browser_page(new_page: Callable[..., browser.Page]) -> browser.Page:
    """One page for somebody who is not signed in, 1360 px wide."""
    return new_page()


@pytest.fixture(scope="session")
def axe() -> Callable[[browser.Page], None]:
    """``axe(page)`` fails with what axe-core finds wrong with the page as it is now."""
    return browser.assert_accessible
