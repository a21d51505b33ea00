"""The invented country begins with two requests: one waits for the judge, one is answered."""

from __future__ import annotations

from recoup.apps.lawful_requests.models import Request, Ticket
from recoup.cli import demo_country_requests
from support.roles import acting_in_database_as, as_owner, load_profiles
from support.world import World


def test_one_waits_for_the_judge_and_one_is_answered(world: World) -> None:
    load_profiles()
    for _ in range(2):  # a later start finds them as they are
        demo_country_requests.load(lambda role: acting_in_database_as(f"recoup_{role}"))
    with as_owner():
        waiting, decided = Request.objects.order_by("-state")
        (ticket,) = Ticket.objects.filter(of__isnull=False).select_related("addressee")
    assert (waiting.state, decided.state) == ("submitted", "authorised")
    assert ticket.of_id == decided.id and ticket.addressee.code == "heron"
    assert ticket.state == "answered" and ticket.sent_at is not None
