"""How often somebody may ask: every page and every call of the API, in one place.

The limits are data (``data/rate_limits.toml``): by class of work, and in each by account,
organisation and address. They are counted over all processes, in the database, but in tenths: of
each stretch a process gives the first tenth from its own memory, and asks the database once for
each further one. So an ordinary request costs no statement, and none costs more than one; with
several processes each may give a tenth beyond the limit. A refusal is told from memory, and is one
line of the log for an asker and stretch, with the number of those before it.

Nobody can use this to lock somebody else out: who is signed in, or has a good key, is counted as
that person and organisation, never by address.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from recoup.apps.audit import operations as audit
from recoup.apps.members import errors
from recoup.apps.members.scope import enter
from recoup.apps.reports.reporter import sender_mark
from recoup.core.access import Actor
from recoup.data.purposes import load_purposes
from recoup.data.rate_limits import UNKNOWN_KEYS, WorkClass, load_rate_limits

log = logging.getLogger("recoup.limits")
TENTHS: Final = 10
MOST_KEPT: Final = 50_000
LONGEST_PATH: Final = 200
WITHOUT: Final = ("/static/", "/healthz")


class Asker(NamedTuple):
    """Who is counted, for what: ``holds``, ``account``, and a digest or id as bytes."""

    work: str
    kind: str
    mark: bytes

    @property
    def name(self) -> str:
        return f"rate:{self.work}:{self.kind}"


@dataclass(slots=True)
class _Taken:
    """What this process knows of one asker in one stretch.

    left: requests that may be let through without asking. refused: since the last line of the log.
    """

    stretch: int
    left: int
    is_used_up: bool = False
    is_told: bool = False
    refused: int = 0


@dataclass(slots=True)
class Counts:
    """What this process has given away; safe for its threads."""

    _taken: OrderedDict[Asker, _Taken] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, askers: Sequence[tuple[Asker, int]]) -> Asker | None:
        """Count one request of all these askers, each with its limit; gives whose is used up."""
        now = time.time()
        with self._lock:
            short = [one for one in askers if not self._from_memory(*one, now)]
            closed = next((one for one, _ in short if self._taken[one].is_used_up), None)
        if closed is None and short:
            closed = self._from_database(short)
        if closed is not None:
            with self._lock:
                self._taken[closed].refused += 1
        return closed

    def is_used_up(self, asker: Asker) -> bool:
        """Whether this asker was refused in this stretch; counts nothing."""
        known = self._taken.get(asker)
        return known is not None and known.is_used_up and known.stretch == _stretch(time.time())

    def to_tell(self, asker: Asker) -> int:
        """How many refusals the next line of the log stands for; 0 if there is one already."""
        with self._lock:
            known = self._taken[asker]
            if known.is_told:
                return 0
            known.is_told, refused, known.refused = True, known.refused, 0
            return refused

    def forget(self) -> None:
        """Begin anew, as a process that has just started."""
        with self._lock:
            self._taken.clear()

    def _from_memory(self, asker: Asker, most: int, now: float) -> bool:
        known = self._taken.get(asker)
        if known is None or known.stretch != _stretch(now):
            before = known.refused if known else 0
            known = _Taken(_stretch(now), _tenth(most), refused=before)
            self._taken[asker] = known
            self._taken.move_to_end(asker)
            if len(self._taken) > MOST_KEPT:
                self._taken.popitem(last=False)
        if known.is_used_up or known.left <= 0:
            return False
        known.left -= 1
        return True

    def _from_database(self, short: Sequence[tuple[Asker, int]]) -> Asker | None:
        """One statement for all that are short of a tenth; each is given the next one, or none."""
        counted = _ask([asker for asker, _ in short])
        closed = None
        with self._lock:
            for (asker, most), tenths in zip(short, counted, strict=True):
                known = self._taken.setdefault(asker, _Taken(_stretch(time.time()), 0))
                if (tenths + 1) * _tenth(most) > most:
                    known.is_used_up, closed = True, closed or asker
                else:
                    known.left += _tenth(most) - 1
        return closed


def _tenth(most: int) -> int:
    return max(1, most // TENTHS)


def _stretch(now: float) -> int:
    return int(now // load_rate_limits().seconds)


def _ask(askers: Sequence[Asker]) -> list[int]:
    """How many tenths were given to each in this stretch, this one among them."""
    calls = ", ".join(["count_try(%s, %s, %s, true)"] * len(askers))
    values = [part for one in askers for part in (one.name, one.mark, load_rate_limits().seconds)]
    with connection.cursor() as cursor:
        cursor.execute(f"select {calls}", values)
        return [int(count) for count in cursor.fetchone()]


counts = Counts()


def refusal(request: HttpRequest, actor: Actor) -> HttpResponse | None:
    """Count a request; the answer to one that is one too many, else nothing.

    Before the request's transaction, so that nobody waits for another's count to be committed.
    """
    if not settings.RATE_LIMIT_TIMES or request.path.startswith(WITHOUT):
        return None
    work = load_rate_limits().of_path(request.path)
    asker = counts.take(_askers(request, actor, work))
    return _refused(request, actor, asker) if asker else None


def unknown_key(request: HttpRequest) -> HttpResponse | None:
    """Count a key that nobody has; the answer to one too many from an address, else nothing."""
    if not settings.RATE_LIMIT_TIMES:
        return None
    asker = Asker(UNKNOWN_KEYS, "address", sender_mark(request))
    if counts.take([(asker, _times(load_rate_limits().unknown_keys))]) is None:
        return None
    if refused := counts.to_tell(asker):
        log.warning("%s: %d refused at %s", asker.name, refused, asker.mark.hex()[:12])
    return _answer(request, asker)


def _askers(request: HttpRequest, actor: Actor, work: WorkClass) -> list[tuple[Asker, int]]:
    if actor.person_id is None:
        return [(Asker(work.name, "address", sender_mark(request)), _times(work.address))]
    organisation = actor.organisation_id.to_bytes(8, "big")
    return [
        (Asker(work.name, "account", actor.person_id.bytes), _times(work.account)),
        (Asker(work.name, "organisation", organisation), _times(work.organisation)),
    ]


def _times(most: int) -> int:
    return max(1, int(most * settings.RATE_LIMIT_TIMES))


def _refused(request: HttpRequest, actor: Actor, asker: Asker) -> HttpResponse:
    if refused := counts.to_tell(asker):
        if actor.person_id is None:
            log.warning("%s: %d refused at %s", asker.name, refused, asker.mark.hex()[:12])
        else:
            _tell(request, actor, asker, refused)
    return _answer(request, asker)


def _tell(request: HttpRequest, actor: Actor, asker: Asker, refused: int) -> None:
    """One line for this asker and stretch, whatever comes after it."""
    with transaction.atomic():
        at = enter(actor)
        audit.record_alone(
            what="access:refused", by=actor, at=at, purpose=load_purposes().of("access:refused"),
            personal={}, status=429, method=str(request.method),
            object=request.path[:LONGEST_PATH], limit=asker.name, refused=refused,
        )  # fmt: skip


def _answer(request: HttpRequest, asker: Asker) -> HttpResponse:
    """Plain, and made without the database: a flood must not cost what it is refused."""
    seconds = load_rate_limits().seconds
    wait = seconds - int(time.time() % seconds)
    if errors.wants_json(request):
        message = (
            f"Too many requests of this kind ({asker.work}) by this {asker.kind}. Nothing was "
            f"stored. Send it again in {wait} seconds, and then more slowly."
        )
        response: HttpResponse = errors.api_error(429, "too_many", message)
    else:
        words = render_to_string("too_fast.html", {"seconds": wait})
        response = HttpResponse(words, status=429)
    response["Retry-After"] = str(wait)
    response["Cache-Control"] = "no-store"
    return response
