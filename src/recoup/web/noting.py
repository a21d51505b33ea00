"""Notes who read a page with personal data, and who was refused what, as lines of the log.

By the route and its act, for every route there is: a page need not remember to do it. A page that
is open asks again and again; it is a line once in some minutes (``look_noted_minutes``). What a
refused request was about is told by its address only, never by its content.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from typing import Final

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from recoup.apps import sought
from recoup.apps.audit import operations as audit
from recoup.apps.reports.reporter import sender_mark
from recoup.core.access import Actor
from recoup.data.policy import load_limits
from recoup.data.purposes import load_purposes

MOST_KEPT: Final = 20_000
LONGEST: Final = 200
REFUSED: Final = (401, 403, 404, 405, 429)
STRANGERS: Final = (401, 403)
log = logging.getLogger("recoup.refused")
_noted: OrderedDict[tuple[object, ...], float] = OrderedDict()


def note(request: HttpRequest, response: HttpResponse) -> None:
    """Write the line of this request, if it is one that needs one, in its transaction."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    match = request.resolver_match
    if actor.person_id is None:
        if response.status_code in STRANGERS:
            stranger(request, response.status_code, match.view_name if match else "")
        return
    if match is None or connection.needs_rollback:
        return
    act = str(getattr(request, "act", "") or getattr(match.func, "act", ""))
    about = "/".join(str(value) for value in match.kwargs.values())[:LONGEST]
    if response.status_code in REFUSED:
        _tell(
            "access:refused", request, act, about, status=response.status_code,
            method=str(request.method),
        )  # fmt: skip
    elif request.method == "GET" and response.status_code == 200 and _is_personal(request, act):
        key = (actor.person_id, match.view_name, about, *_asked(request))
        if _is_due(key):
            _tell("access:read", request, act, about)
            transaction.on_commit(lambda: _keep(key))


def stranger(request: HttpRequest, status: int, route: str) -> None:
    """Who is not signed in and was refused: a line of the process's log, once in some minutes.

    Not of the audit trail, which strangers could fill. By a digest, the address stands nowhere.
    """
    key = ("stranger", sender_mark(request), status, route)
    if _is_due(key):
        _keep(key)
        log.info("refused %d at %s: somebody at %s", status, route or "-", key[1].hex()[:12])


def _asked(request: HttpRequest) -> tuple[str, str]:
    """The address's query without the key of a search, and the words that it stands for."""
    words = sought.words_of(request)
    given = request.GET.copy()
    if words:
        given.pop(sought.KEY, None)
    return given.urlencode(), words


def _is_personal(request: HttpRequest, act: str) -> bool:
    purposes = load_purposes()
    unnoted = purposes.not_personal if sought.words_of(request) else purposes.unnoted
    return bool(act) and act not in unnoted


def _is_due(key: tuple[object, ...]) -> bool:
    every = load_limits().look_noted_minutes * 60
    return time.monotonic() - _noted.get(key, -1e9) >= every


def _keep(key: tuple[object, ...]) -> None:
    _noted[key] = time.monotonic()
    _noted.move_to_end(key)
    while len(_noted) > MOST_KEPT:
        _noted.popitem(last=False)


def _tell(what: str, request: HttpRequest, act: str, about: str, **facts: object) -> None:
    """One line, a stream of its own: readers do not wait for each other."""
    match = request.resolver_match
    route = match.view_name or match.route if match else ""
    query, words = _asked(request)
    told = {"query": query[:LONGEST], "sought": words}
    audit.record_alone(
        what=what, by=request.actor, at=request.at,  # type: ignore[attr-defined]
        purpose=load_purposes().of(act or what),
        personal={name: value for name, value in told.items() if value}, act=act,
        route=str(route)[:LONGEST], object=about, **facts,
    )  # fmt: skip
