"""Which second factor is enough for whom, and whether the one that was shown is still fresh.

The factor stands in the session: ``passkey``, ``code``, ``state`` for the state's own sign-in where
it said that it recognised somebody as surely, or ``demonstration`` for an invented person, who has
none. What is not enough is no sign-in: ``queries.actor_of`` then finds the public. Which roles need
a passkey is data (``[sign_in]`` of ``policy.toml``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from recoup.apps.members.models import Mandate, Organisation
from recoup.data.policy import load_sign_in

PASSKEY: Final = "passkey"
CODE: Final = "code"
STATE: Final = "state"  # the state's own sign-in, as sure as a passkey; no proof for a step-up
DEMONSTRATION: Final = "demonstration"
FACTOR, PROVED_AT = "factor", "proved_at"  # where they stand in the session
REAL: Final = (PASSKEY, CODE, STATE)  # of people who exist
SINCE, SEEN = "signed_in_at", "seen_at"
SEEN_EVERY: Final = timedelta(minutes=1)  # a session is written this often, not at each request


def is_demonstration(organisation: Organisation) -> bool:
    """Whether people of this organisation may sign in without a second factor: invented ones only.

    Both have to be so: the installation is a demonstration, and the organisation does not exist.
    """
    return bool(settings.IS_DEMO and organisation.is_invented)


def is_enough(mandate: Mandate, factor: str, *, at: datetime | None = None) -> bool:
    """Whether somebody who signed in with this factor may act under this mandate."""
    if factor == PASSKEY:
        return True
    if factor == STATE:
        return settings.OIDC is not None and settings.OIDC.is_ever_equal
    if factor == CODE:
        return may_use_code(mandate.role, at=at)
    return is_demonstration(mandate.organisation)


def may_use_code(role: str, *, at: datetime | None = None) -> bool:
    """Whether a code from a telephone is enough for a role, and still is on this day."""
    rules = load_sign_in()
    is_over = at is not None and at.date() > rules.code_until
    return role not in rules.passkey_roles and not is_over


def note_proof(session: Any, factor: str, *, at: datetime) -> None:
    """A second factor was shown just now."""
    session[FACTOR], session[PROVED_AT] = factor, at.isoformat()


def begin(session: Any, factor: str, *, at: datetime) -> None:
    """Somebody signed in just now."""
    note_proof(session, factor, at=at)
    session[SINCE] = session[SEEN] = at.isoformat()


def is_over(session: Any, *, at: datetime, is_act: bool) -> bool:
    """Whether somebody was away too long, or is in for too long; notes that they are here.

    is_act: a person asked for this, and not a page by itself.
    """
    if session.get(FACTOR) not in REAL:
        return False
    rules = load_sign_in()
    since, seen = (datetime.fromisoformat(session[name]) for name in (SINCE, SEEN))
    if at - since > timedelta(hours=rules.longest_hours):
        return True
    if at - seen > timedelta(minutes=rules.idle_minutes):
        return True
    if is_act and at - seen > SEEN_EVERY:
        session[SEEN] = at.isoformat()
    return False


def is_fresh(session: Any, *, at: datetime) -> bool:
    """Whether a second factor was shown within the last minutes."""
    text = session.get(PROVED_AT)
    if not text or session.get(FACTOR) not in (PASSKEY, CODE):
        return False
    limit = timedelta(minutes=load_sign_in().step_up_minutes)
    return timedelta(0) <= at - datetime.fromisoformat(text) <= limit
