"""Queries that are composed once ask what Django would have asked, each time with its own keys."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case, Task
from recoup.apps.holds import queries as holds
from recoup.apps.keyed import Keyed, keyed
from recoup.web import urls
from support.unscoped import without_scoping
from support.world import OFFICER, World, iban

assert urls  # every page is loaded, and with it every query
KNOWN = {f"{one.compose.__module__}.{one.__name__}": one for one in Keyed.known}
KEYS: dict[type, Any] = {UUID: uuid4, int: lambda: 7, str: lambda: "fifo"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(KNOWN))
def test_the_statement_is_the_one_that_would_be_composed(name: str) -> None:
    query = KNOWN[name]
    for _ in ("composed", "kept", "with other keys"):
        keys = [KEYS[kind]() for kind in query.kinds()]
        with CaptureQueriesContext(connection) as seen:
            list(query.compose(*keys))
            query(*keys)
        composed, kept = (one["sql"] for one in seen.captured_queries)
        assert kept == composed
        assert all(str(key).replace("-", "") in kept.replace("-", "") for key in keys)


@pytest.mark.django_db
def test_rows_are_whole_with_what_is_read_beside_them(world: World) -> None:
    filed = [
        world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500),
        world.report(payer=iban("plum", 10002), payee=iban("walnut", 20002), amount=700),
    ]
    world.plan()
    officer = world.actor(OFFICER)
    with world.acting(officer):
        ids = [world.case_of(one).pk for one in filed]
        for case_id in [*ids, *reversed(ids)]:
            found = cases.seen(officer, case_id)
            assert found is not None and found.pk == case_id
            whole = cases.visible_to(officer).get(pk=case_id)
            with CaptureQueriesContext(connection) as seen:
                assert vars(found.owner).keys() == vars(whole.owner).keys()
                assert (found.owner, found.report, found.merged_into) == (
                    whole.owner, whole.report, whole.merged_into,
                )  # fmt: skip
                assert found.report.payer_ident == whole.report.payer_ident
            assert len(seen) == 0
            (claim,) = holds.claims_of(case_id)
            assert claim.case_id == case_id and claim.payment.report == found.report
    with world.acting(elsewhere := world.at_bank("linden")):
        assert cases.seen(elsewhere, ids[0]) is None and holds.claims_of(ids[0]) == []


@pytest.mark.django_db
def test_what_is_deferred_is_read_when_asked_for(world: World) -> None:
    @keyed
    def named(case_id: UUID) -> QuerySet[Case]:
        return Case.objects.filter(id=case_id).defer("state")

    world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500)
    world.plan()
    with world.acting(world.actor(OFFICER)):
        first = Case.objects.all()[0]
        (found,) = named(first.pk)
        assert found.get_deferred_fields() == {"state"} and found.state == first.state


@pytest.mark.django_db
def test_the_scoping_of_what_is_composed_once_can_be_switched_off_and_is_on_again(
    world: World,
) -> None:
    """Or the matrix without scoping would not try what a case's page asks."""
    officer, asked = world.actor(OFFICER), []
    for switch in (nullcontext, without_scoping, nullcontext):
        with switch(), world.acting(officer), CaptureQueriesContext(connection) as seen:
            cases.seen(officer, uuid4())
        asked.append('visible_to" @>' in seen.captured_queries[-1]["sql"])
    assert asked == [True, False, True]


@pytest.mark.django_db
def test_a_key_that_the_statement_lacks_is_refused() -> None:
    @keyed
    def forgetful(case_id: UUID, owner_id: int) -> QuerySet[Task]:
        return Task.objects.filter(case_id=case_id)

    with pytest.raises(TypeError, match="a key does not stand in the statement"):
        forgetful(uuid4(), 7)


def test_keys_are_not_given_by_name() -> None:
    with pytest.raises(TypeError, match="in their order"):
        holds.flows_of(case_id=uuid4(), rule="fifo")


@pytest.fixture(autouse=True, scope="module")
def the_tests_own_are_forgotten() -> Any:
    before = list(Keyed.known)
    yield
    Keyed.known[:] = before
