"""What is measured of a search is the page that shows what was found, not the way to it."""

from __future__ import annotations

from recoup.cli.bench_lists import Reader
from recoup.cli.load_people import Ask, Person
from support.live import Hub
from support.world import OFFICER

WORDS = "CA-0000-00000"


def test_a_search_under_load_is_followed_to_what_it_finds(hub: Hub) -> None:
    person = Person(hub.url, OFFICER, "127.0.0.1")
    person.sign_in(hub.world.password)
    assert person.ask(Ask("GET", "/cases"))[0] == 200
    status, page = person.ask(Ask("POST", "/cases", {"q": WORDS}))
    assert status == 200 and WORDS.encode() in page and b"Nothing fits what you typed" in page
    person.close()


def test_the_bench_of_lists_looks_at_what_was_found(hub: Hub) -> None:
    reader = Reader(hub.url, OFFICER, hub.world.password)
    assert reader.found("/cases?state=all") == "/cases?state=all"
    place = reader.found(f"/cases?q={WORDS}")
    assert place.startswith("/cases?sought=") and reader.look(place) > 0
