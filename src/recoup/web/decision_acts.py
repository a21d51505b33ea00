"""What may be done with a request on its page, what was tried, and how it is said back.

Which acts are offered comes from the same rules that judge them; the page only saves a try that
would be refused. The one sentence after an act names the clock that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext

from recoup.apps.lawful_requests import call_queries, hands
from recoup.apps.lawful_requests.decision_operations import first_decision, persons_of
from recoup.apps.lawful_requests.models import Decision, Request
from recoup.apps.lawful_requests.request_queries import Whole
from recoup.apps.lawful_requests.signing_queries import signer_of
from recoup.apps.members.models import Mandate
from recoup.apps.members.queries import valid_now
from recoup.apps.said import reason
from recoup.core.access import Actor
from recoup.core.authorisation import MayNotDecide, deciding, may_confirm, may_decide
from recoup.core.law import Choice
from recoup.data.policy import load_policy
from recoup.web import decision_forms as narrowing
from recoup.web.decision_words import REASONS, category_words
from recoup.web.request_needs import limit_shown
from recoup.web.templatetags.recoup_ui import money_plain

STANDING: Final = ("authorised", "withdrawn")  # withdrawn, it is still owed for what has left
# What can be typed, in the order of the page; all of it is shown again when an act is refused.
TEXTS: Final = ("ground", "question", "note", "new_facts", "code", "decider", "heard_at")


@dataclass(frozen=True, slots=True)
class Tried:
    """An act that was refused. said: what happened; problems: by field."""

    act: str
    said: str
    typed: Mapping[str, Any] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> list[str]:
        """The words that somebody typed, for a page whose form is gone."""
        return [str(self.typed[name]) for name in ("ground", "question", "note", "new_facts")
                if self.typed.get(name)]  # fmt: skip


def context(
    actor: Actor, whole: Whole, choice: Choice | None, *, at: datetime, tried: Tried | None
) -> dict[str, Any]:
    """Which acts the page offers, the form to narrow, and what was typed before."""
    found = whole.request
    why_not = _why_not(actor, found, choice, at=at)
    can_decide = found.state == "submitted" and not why_not
    typed = dict(tried.typed) if tried else {}
    called = call_queries.calls_of(found) if can_decide else []
    return {
        "called": called, "is_calling": any(call.done_at is None for call in called),
        "can_decide": can_decide, "why_not": why_not if found.state == "submitted" else "",
        "can_confirm": _can_confirm(actor, found, choice, at=at),
        "can_put": _can_put(actor, found, choice, at=at),
        "can_write": _can_write(actor, found, choice, at=at),
        "may_deny": may_deny(actor, whole),
        "hearing": hearing(actor, found, choice),
        "is_author": actor.person_id in hands.of(found),
        "reasons": [(code, str(name)) for code, name in REASONS.items()],
        "narrow": {**narrowing.initial(found.content), **typed},
        "categories": [(one, category_words(one)) for one in found.content["data"]],
        "typed": typed, "tried": tried, "problems": dict(tried.problems) if tried else {},
    }  # fmt: skip


def _why_not(actor: Actor, found: Request, choice: Choice | None, *, at: datetime) -> str:
    """Why this person does not decide on it; empty if they may."""
    if not load_policy().may(actor, "request:decide"):
        if actor.person_id in hands.of(found):
            return gettext("You drafted or changed this request: somebody else decides on it.")
        return gettext("Your role does not decide on requests.")
    if choice is None:
        return ""
    try:
        signer = signer_of(actor.mandate_id)
        may_decide(hands.submitted(found), signer, choice, at=at)
    except MayNotDecide as refusal:
        return reason(refusal)
    return ""


def _can_confirm(actor: Actor, found: Request, choice: Choice | None, *, at: datetime) -> bool:
    """Whether this person may confirm the emergency."""
    if found.state not in STANDING or found.confirm_by is None or choice is None:
        return False
    first = first_decision(found)
    try:
        asked = hands.submitted(found, confirming=True)
        may_confirm(asked, persons_of(first), signer_of(actor.mandate_id), choice, at=at)
    except MayNotDecide:
        return False
    return load_policy().may(actor, "request:decide")


def _can_put(actor: Actor, found: Request, choice: Choice | None, *, at: datetime) -> bool:
    """Whether this person may put the emergency before whoever confirms it."""
    if found.state not in STANDING or found.put_by is None or choice is None:
        return False
    return found.authority_id == actor.organisation_id and not _why_not(actor, found, choice, at=at)


def _can_write(actor: Actor, found: Request, choice: Choice | None, *, at: datetime) -> bool:
    """Whether this person may put an oral decision into writing."""
    if found.state not in STANDING or found.written_by is None or choice is None:
        return False
    if first_decision(found).person_id != actor.person_id:
        return False
    return not _why_not(actor, found, choice, at=at)


def may_deny(actor: Actor, whole: Whole) -> bool:
    """Whether this person is named in an oral decision, and has not said yet whether it was so."""
    rows = whole.decisions
    named = any(
        row.kind in ("authorised", "narrowed") and row.heard_by_id
        and row.person_id == actor.person_id
        for row in rows
    )  # fmt: skip
    said = (row for row in rows if row.kind in ("written", "not_said"))
    return named and not any(row.person_id == actor.person_id for row in said)


def hearing(actor: Actor, found: Request, choice: Choice | None) -> dict[str, Any] | None:
    """Who could have decided orally, for somebody who heard it; None where that is not possible."""
    if choice is None or choice.power.written_within is None or found.state != "submitted":
        return None
    if actor.person_id in hands.of(found) or not load_policy().may(actor, "request:hear"):
        return None
    if actor.organisation_id not in (found.issuer_id, found.authority_id):
        return None
    rows = Mandate.objects.filter(
        valid_now(), organisation_id=found.authority_id or 0,
        role__in=deciding(choice.authorised_by, is_own=found.authority_id == found.issuer_id),
        person__is_system=False,
    ).select_related("person")  # fmt: skip
    others = rows.exclude(person_id__in=hands.of(found) | {actor.named_person})
    return {
        "people": [(str(row.id), row.person.full_name, row.role)
                   for row in others.order_by("person__full_name")],
        "within": limit_shown(choice.power.written_within),
    }  # fmt: skip


# What was done, said back


def sentence(whole: Whole, choice: Choice | None) -> str:
    """What became of the request, with the clock that follows; empty while it waits."""
    found = whole.request
    match found.state:
        case "authorised":
            return _authorised(found, whole.decisions, choice)
        case "asked":
            said = gettext("The question is with %(author)s, who replies by %(until)s.")
            return said % {"author": found.author.full_name, "until": _at(found.due_at)}
        case "refused":
            return gettext("Refused at %(at)s. Nothing leaves; the author has been told why.") % {
                "at": _at(found.ended_at)
            }
        case "lapsed":
            return gettext("It lapsed at %(at)s: nobody decided in time, so nothing is asked.") % {
                "at": _at(found.ended_at)
            }
        case "withdrawn":
            return gettext("The author withdrew it at %(at)s.") % {"at": _at(found.ended_at)}
    return ""


def _authorised(found: Request, rows: list[Decision], choice: Choice | None) -> str:
    first = next(row for row in rows if row.kind in ("authorised", "narrowed"))
    values = {
        "who": first.person.full_name, "at": _at(first.decided_at), "what": what_left(found, first),
    }  # fmt: skip
    if first.kind == "narrowed":
        said = gettext("%(who)s authorised less than was asked at %(at)s: %(what)s.") % values
    else:
        said = gettext("%(who)s authorised it at %(at)s: %(what)s.") % values
    return f"{said} {_follows(found, choice)}".strip()


def what_left(found: Request, row: Decision) -> str:
    """What was authorised, in one phrase; beside it what was asked, where that was more."""
    content, asked = row.content or found.content, found.content
    parts = []
    if content["amount_minor"]:
        parts.append(money_plain(content["amount_minor"], content["currency"]))
        if content["amount_minor"] != asked["amount_minor"]:
            whole = money_plain(asked["amount_minor"], asked["currency"])
            parts[-1] += gettext(" of %(asked)s") % {"asked": whole}
    if content["data"]:
        parts.append(", ".join(category_words(one) for one in content["data"]))
    left, whole_count = len(content["targets"]), len(asked["targets"])
    said = gettext("%(left)s of %(all)s addressees")
    parts.append(said % {"left": left, "all": whole_count})
    return "; ".join(parts)


def _follows(found: Request, choice: Choice | None) -> str:
    if found.confirm_by:
        return gettext("Another person confirms it by %(until)s, or it lapses.") % {
            "until": _at(found.confirm_by)
        }
    if found.written_by:
        return gettext("It follows in writing by %(until)s, or it lapses.") % {
            "until": _at(found.written_by)
        }
    if choice is None:
        return ""
    said = gettext("It leaves now; each addressee acknowledges within %(limit)s.")
    return said % {"limit": limit_shown(choice.power.acknowledge_within)}


def _at(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else "–"
