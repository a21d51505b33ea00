"""What people do under load, how often, and when: the mixes of `./recoup load`, as data.

Of what people do, seven in ten are lists and pages, two in ten are parts of pages (what HTMX asks
for), one in ten writes. The schedule is made before it begins, from the seed: each act has a moment
at which it is due, whatever becomes of those before it.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg

from recoup.cli.environment import Databases
from recoup.cli.load_people import Ask

LOOK, PART, WRITE, FLOOD, HOLD = "pages", "parts of pages", "writes", "flood", "holds"
FLOOD_BYTES: Final = 256 * 1024
# Whose sessions there are, and of whom acts are; a role is one desk.
SESSIONS: Final[Mapping[str, tuple[tuple[str, ...], int]]] = {
    "officer": (("jelena.police", "luka.police"), 30),
    "author": (("jelena.police",), 6),
    "clerk": (("mila.linden", "goran.linden", "dara.linden", "zlata.linden"), 16),
    "provider": (("rade.heron", "tisa.heron"), 6),
    "judge": (("sava.court",), 2),
}  # fmt: skip
KNOWN: Final = {
    "case": "select id from cases_case order by md5(id::text) limit 400",
    "ticket": "select t.id from lawful_requests_ticket t join members_organisation o "
              "on o.id = t.addressee_id where o.code = 'linden' and t.measure = 'hold' and "
              "t.of_id is null and t.state in ('sent', 'acknowledged') "
              "order by md5(t.id::text) limit 400",
    "request": "select id from lawful_requests_request where state <> 'authorised' "
               "order by md5(id::text) limit 400",
    "asked": "select t.id from lawful_requests_ticket t join members_organisation o "
             "on o.id = t.addressee_id where o.code = 'heron' and t.of_id is not null "
             "order by md5(t.id::text) limit 400",
}  # fmt: skip
Known = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of act: what it is called, by whom, how often beside the others of its group."""

    name: str
    role: str
    weight: float
    make: Callable[[Known, random.Random], Ask]


@dataclass(frozen=True, slots=True)
class Due:
    """An act of the schedule. at: seconds after the beginning; session: whose, by its number.

    ask: nothing for a hold, which a bank's program reports through the API.
    """

    at: float
    group: str
    name: str
    role: str = ""
    session: int = 0
    ask: Ask | None = None


def page(path: str) -> Callable[[Known, random.Random], Ask]:
    """A page by its path; `{case}` and the like are one of those that are known."""

    def make(known: Known, dice: random.Random) -> Ask:
        names = {name: dice.choice(ids) for name, ids in known.items() if f"{{{name}}}" in path}
        return Ask("GET", path.format(**names, number=dice.randrange(1, 1000)))

    return make


def search(path: str, words: str) -> Callable[[Known, random.Random], Ask]:
    """Words typed into the field of a page; what is found is asked for with them."""

    def make(_: Known, dice: random.Random) -> Ask:
        return Ask("POST", path, {"q": words.format(number=dice.randrange(1, 1000))})

    return make


def _form(dice: random.Random) -> dict[str, str | Sequence[str]]:
    """The form of a request for a subscriber, filled in."""
    return {
        "measure": "subscriber_domestic", "new": str(uuid.UUID(int=dice.getrandbits(128))),
        "addressee": ["heron"], "row_kind": ["ip"],
        "row_value": [f"203.0.113.{dice.randrange(1, 250)}"], "row_port": ["51512"],
        "row_at": ["2026-11-02T20:14"], "row_zone": ["+00:00"], "row_addressee": [""],
        "data": ["subscriber"], "step": "save", "field-offence": "Fraud, article 208",
    }  # fmt: skip


def check_request(_: Known, dice: random.Random) -> Ask:
    return Ask("POST", "/requests/check", _form(dice))


def draft_request(_: Known, dice: random.Random) -> Ask:
    return Ask("POST", "/requests/new", _form(dice))


def check_answer(known: Known, dice: random.Random) -> Ask:
    bookings = {"opening": "0", "closing": "0", "answer": "nothing_left"}
    return Ask("POST", f"/tickets/{dice.choice(known['ticket'])}/check", bookings)


def take_next(_: Known, dice: random.Random) -> Ask:
    return Ask("POST", "/desk/next", {"n": str(dice.random())})


def upload(known: Known, dice: random.Random) -> Ask:
    fields = {"why": "Load", "given_by": "A victim (invented)", "place": "Desk", "what": "A file"}
    path = f"/cases/{dice.choice(known['case'])}/evidence/upload"
    return Ask("POST", path, fields, dice.randbytes(FLOOD_BYTES))


ACTS: Final[Mapping[str, tuple[Act, ...]]] = {
    LOOK: (
        Act("cases", "officer", 8, page("/cases")),
        Act("cases of every state", "officer", 4, page("/cases?state=all")),
        Act("one account among the cases", "officer", 4,
            search("/cases", "RS35970000000000000{number:03}")),
        Act("a case", "officer", 20, page("/cases/{case}")),
        Act("reports to adopt", "officer", 3, page("/reports")),
        Act("tasks", "officer", 3, page("/tasks")),
        Act("home of the police", "officer", 4, page("/desk")),
        Act("requests", "author", 4, page("/requests")),
        Act("a request", "author", 4, page("/requests/{request}")),
        Act("queue of a bank", "clerk", 6, page("/desk")),
        Act("a ticket", "clerk", 6, page("/tickets/{ticket}")),
        Act("requests to a provider", "provider", 2, page("/asked")),
        Act("a request to a provider", "provider", 1, page("/asked/{asked}")),
        Act("decisions that wait", "judge", 1, page("/decisions")),
    ),
    PART: (
        Act("a live case", "officer", 8, page("/cases/{case}/live")),
        Act("a case's version", "officer", 3, page("/cases/{case}/version")),
        Act("a live queue", "clerk", 4, page("/desk/live")),
        Act("a request while it is typed", "author", 3, check_request),
        Act("an answer while it is typed", "clerk", 2, check_answer),
    ),
    WRITE: (
        Act("a request is drafted", "author", 4, draft_request),
        Act("a clerk takes a ticket", "clerk", 3, take_next),
        Act("a file comes in", "officer", 1, upload),
    ),
    FLOOD: (
        Act("flood: files", "officer", 1, upload),
        Act("flood: search for an account", "officer", 2,
            search("/cases", "RS35970000000000000{number:03}")),
        Act("flood: search for a request", "author", 1, search("/requests", "RQ-177{number:03}")),
    ),
}  # fmt: skip
# Of a hundred acts; the rest of the writes are reports, whose holds are followed to the bank.
SHARES: Final = {LOOK: 70, PART: 20, WRITE: 6, HOLD: 4}


def known_ids(databases: Databases) -> dict[str, list[str]]:
    """What acts are about: cases, tickets and requests of the hub, always the same ones."""
    with psycopg.connect(databases.planner) as connection:
        return {
            name: [str(row[0]) for row in connection.execute(query.encode())]
            for name, query in KNOWN.items()
        }


def schedule(
    known: Known, *, rate: float, seconds: float, seed: int,
    shares: Mapping[str, float] = SHARES,
) -> list[Due]:  # fmt: skip
    """Poisson arrivals at this rate for so long, each act with its moment."""
    dice = random.Random(seed)  # noqa: S311
    found, at = [], dice.expovariate(rate)
    while at < seconds:
        [group] = dice.choices(list(shares), list(shares.values()))
        found.append(_due(at, group, known, dice))
        at += dice.expovariate(rate)
    return found


def one_of_each(known: Known, seed: int) -> list[Due]:
    """Every kind of act once, so that none is tried for the first time under load."""
    dice = random.Random(seed)  # noqa: S311
    return [_made(0.0, group, act, known, dice) for group, acts in ACTS.items() for act in acts]


def _due(at: float, group: str, known: Known, dice: random.Random) -> Due:
    if group == HOLD:
        return Due(at, HOLD, "a report is accepted")
    acts = ACTS[group]
    [act] = dice.choices(acts, [act.weight for act in acts])
    return _made(at, group, act, known, dice)


def _made(at: float, group: str, act: Act, known: Known, dice: random.Random) -> Due:
    session = dice.randrange(SESSIONS[act.role][1])
    return Due(at, group, act.name, act.role, session, act.make(known, dice))
