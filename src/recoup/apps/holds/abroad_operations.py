"""What the owner of a border task does: ask abroad, say what came back, or say why not to ask.

A request is written down after it left on a channel that is not ours; what was sent is kept byte
for byte. The task then waits for the answer, with a clock of its own, and ends with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import rfc8785
from django.db import transaction

from recoup.apps.audit import operations as audit
from recoup.apps.cases.models import RequestAbroad, Task
from recoup.apps.holds.operations import NotPossible, NotThisValue
from recoup.core.access import Actor
from recoup.core.said import Said
from recoup.data import load_channels

NOT_SENT: Final = "none"
OUTCOMES: Final = ("postponed", "nothing_left", "information", "refused")
CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What another country answered. held_minor, held_until: where it postponed or holds."""

    outcome: str
    held_minor: int | None = None
    held_until: datetime | None = None
    their_reference: str = ""
    note: str = ""


@transaction.atomic
def record_sent(
    *, task: Task, channel: str, sent_at: datetime, body: Mapping[str, Any], by: Actor, at: datetime
) -> RequestAbroad:
    """The request left on a channel; the task waits for the answer from now on.

    It may be sent on several channels. Raises NotPossible, and NotThisValue for the time.
    """
    task = _own_open(task, by)
    if sent_at > at + CLOCKS_DIFFER:
        raise NotThisValue(
            "sent_at", Said("This time has not come yet. Say when the request left.")
        )
    if sent_at < task.opened_at - CLOCKS_DIFFER:
        raise NotThisValue(
            "sent_at", Said("The task did not exist at this time. Say when the request left.")
        )
    sent = _row(task, channel, body, by=by, sent_at=sent_at, at=at)
    sent.save()
    due_at = sent_at + load_channels()[channel].answer_within
    Task.objects.filter(pk=task.pk).update(due_at=due_at)
    _record(
        "abroad:sent", task, by=by, at=at, channel=channel, request=str(sent.id),
        sha256=sent.sha256.hex(), amount_minor=sent.amount_minor, currency=sent.currency,
    )  # fmt: skip
    return sent


@transaction.atomic
def record_answered(*, sent: RequestAbroad, told: Outcome, by: Actor, at: datetime) -> None:
    """What came back; the task is done with it. Raises NotPossible, and NotThisValue for a sum."""
    if sent.owner_id != by.organisation_id:
        raise NotPossible(Said("Another desk sent this request: its answer is entered there."))
    rows = RequestAbroad.objects.select_for_update(of=("self",), no_key=True)
    sent = rows.select_related("task").get(pk=sent.pk)
    if sent.answered_at is not None:
        raise NotPossible(Said("The answer to this request is entered already."))
    if told.held_minor is not None and not 0 <= told.held_minor <= sent.amount_minor:
        raise NotThisValue(
            "held", Said("More cannot be postponed than was asked for. Check the sum.")
        )
    sent.answered_at, sent.outcome, sent.note = at, told.outcome, told.note
    sent.held_minor, sent.held_until = told.held_minor, told.held_until
    sent.their_reference = told.their_reference
    sent.save(update_fields=["answered_at", "outcome", "held_minor", "held_until",
                             "their_reference", "note"])  # fmt: skip
    Task.objects.filter(pk=sent.task_id, done_at=None).update(done_at=at)
    _record("abroad:answered", sent.task, by=by, at=at, request=str(sent.id),
            outcome=told.outcome, held_minor=told.held_minor)  # fmt: skip


@transaction.atomic
def decide_not_to_send(*, task: Task, ground: str, by: Actor, at: datetime) -> None:
    """Nobody abroad is asked, for a ground that is kept; the task is done. Raises NotPossible."""
    task = _own_open(task, by)
    if RequestAbroad.objects.filter(task=task).exists():
        raise NotPossible(Said("A request was sent already. Enter what came back."))
    row = _row(task, NOT_SENT, {}, by=by, sent_at=at, at=at)
    row.answered_at, row.outcome, row.note = at, "not_sent", ground
    row.save()
    Task.objects.filter(pk=task.pk).update(done_at=at)
    _record("abroad:not_sent", task, by=by, at=at, ground=ground)


def _own_open(task: Task, by: Actor) -> Task:
    """The task as it is now, held until the act is done."""
    if task.owner_id != by.organisation_id:
        raise NotPossible(Said("This task belongs to another desk."))
    task = Task.objects.select_for_update(of=("self",), no_key=True).get(pk=task.pk)
    if task.done_at is not None:
        raise NotPossible(Said("This task is done already."))
    return task


def _row(
    task: Task, channel: str, body: Mapping[str, Any], *, by: Actor, sent_at: datetime, at: datetime
) -> RequestAbroad:
    frozen = rfc8785.dumps(dict(body))
    return RequestAbroad(
        task=task, owner_id=task.owner_id, issuer_id=task.issuer_id, channel=channel, body=frozen,
        sha256=hashlib.sha256(frozen).digest(), amount_minor=task.values["amount_minor"],
        currency=task.values["currency"], sent_at=sent_at, recorded_at=at,
        sent_by_id=by.named_person,
    )  # fmt: skip


def _record(what: str, task: Task, *, by: Actor, at: datetime, **facts: Any) -> None:
    audit.record(what=what, about=f"task:{task.id}", by=by, at=at, **facts)
