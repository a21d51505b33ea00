"""How a ministry changes its country's law: draft, change, submit; another person approves.

Each text goes through the reader of packs before it is kept, so that a law nobody could rely on is
refused at its place. A change touches powers only. It comes into force by the clock
(``law_clock_operations``), never here. Each act is one transaction and one line of the trail,
refusals too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.conf import settings

from recoup.apps.audit import operations as audit
from recoup.apps.lawful_requests.models import PackDraft
from recoup.apps.lawful_requests.refusals import RequestRefused, told
from recoup.apps.lawful_requests.request_law import OF_THE_CHAIN, pack_of, version_now
from recoup.core.access import Actor
from recoup.core.law import Pack, PackRefused, compare, editing, read_pack
from recoup.core.said import Said
from recoup.data import load_measures

WRITES: Final = frozenset({"ministry_officer"})
APPROVES: Final = frozenset({"minister"})
MOST_GROUND: Final = 2000


class LawRefused(RequestRefused):
    """The text is no law that can be relied on. where: its place; field: that of the form."""

    def __init__(self, refused: PackRefused) -> None:
        self.where, self.problem = refused.where, refused.problem
        said = refused.problem if isinstance(refused.problem, Said) else Said(refused.problem)
        super().__init__("not_a_law", said, field=field_of(refused.where))


def field_of(where: str) -> str:
    """The value of a power that a place names: ``law/RS, version 3.power[2].effect.hours``."""
    _, found, rest = where.rpartition("].")
    first, *others = rest.split(".") if found else ("",)
    return "_".join((first, others[0])) if first == "emergency" and others else first


def read_text(body: bytes, *, country: str) -> Pack:
    """A kept text as a pack; raises LawRefused."""
    return pack_from(json.loads(body), country)


def pack_from(document: Mapping[str, Any], country: str) -> Pack:
    """A document as a pack; raises LawRefused with the place."""
    where = f"law/{country}, version {document['version']}"
    try:
        return read_pack(document, measures=load_measures(), where=where)
    except PackRefused as refused:
        raise LawRefused(refused) from None


@told("law:draft")
def draft(
    *, by: Actor, at: datetime, draft: UUID | None = None, copy_of: UUID | None = None
) -> PackDraft:
    """Begin a change of the law in force; copy_of: with the text of one that was refused."""
    author = _writer(by)
    base = version_now()
    known = PackDraft.objects.filter(pk=draft, author_id=author).first() if draft else None
    if known is not None:
        return known
    document = editing.next_version(pack_of(base).document)
    if copy_of is not None:
        old = _mine(copy_of, by)
        _is_newest(old)
        document = json.loads(bytes(old.body))
    pack = pack_from(document, base.country)
    made = PackDraft.objects.create(
        id=draft or uuid4(), organisation_id=by.organisation_id, country=base.country,
        based_on=base, body=pack.canonical, digest=bytes.fromhex(pack.sha256), author_id=author,
        drafted_at=at, changed_at=at,
    )  # fmt: skip
    _tell(made, "law:drafted", by=by, at=at, based_on=base.number)
    return made


@told("law:change")
def change_power(
    *, draft_id: UUID, row: Mapping[str, Any], version: int, by: Actor, at: datetime,
    is_new: bool = False,
) -> PackDraft:  # fmt: skip
    """Keep one power as given: in the place of the one with its id, or as a new one."""
    found = _open(draft_id, version, by)
    document = with_row(found, row, is_new=is_new)
    _keep(found, document, at=at)
    _tell(found, "law:power_added" if is_new else "law:power_changed", by=by, at=at,
          power=row["id"])  # fmt: skip
    return found


def with_row(found: PackDraft, row: Mapping[str, Any], *, is_new: bool) -> dict[str, Any]:
    """The draft's text with a power as given, not kept yet; raises RequestRefused."""
    document = json.loads(bytes(found.body))
    ids = {old["id"]: old for old in document.get("power", ())}
    if is_new and row["id"] in ids:
        raise RequestRefused(
            "power_there", Said("There is a power %(power)s already.", power=row["id"]), field="id"
        )
    if not is_new and row["id"] not in ids:
        raise _no_such_power(row["id"])
    if not is_new and ids[row["id"]]["measure"] != row["measure"]:
        raise RequestRefused(
            "other_measure",
            Said("A power stays with its measure. Remove this one and add another."),
            field="measure",
        )
    _not_of_the_chain(row["measure"])
    after = editing.with_power(document, row)
    pack_from(after, found.country)
    return after


@told("law:remove")
def remove_power(
    *, draft_id: UUID, power: str, version: int, by: Actor, at: datetime, why: str = "",
    to_check: str = "", source: str = "",
) -> PackDraft:  # fmt: skip
    """Take a power out; of the last one for its measure, why, and what has to be read."""
    found = _open(draft_id, version, by)
    document = json.loads(bytes(found.body))
    try:
        row = editing.row_of(document, power)
        _not_of_the_chain(row["measure"])
        lack = editing.Lack(why.strip(), source.strip() or row["source"], to_check.strip())
        after = editing.without_power(document, power, lack=lack)
    except editing.EditRefused as refused:
        raise RequestRefused("not_this_power", refused.said, field=refused.field) from None
    _keep(found, after, at=at)
    _tell(found, "law:power_removed", by=by, at=at, power=power)
    return found


@told("law:submit")
def submit(
    *, draft_id: UUID, ground: str, comes_into_force_on: date, version: int, by: Actor,
    at: datetime,
) -> PackDraft:  # fmt: skip
    """Hand a change to the second person: what it says, why, and from which day."""
    found = _open(draft_id, version, by)
    if not ground.strip():
        raise RequestRefused(
            "ground_missing", Said("Say why the law is changed, and where that is published."),
            field="ground",
        )  # fmt: skip
    pack = _still_fits(found, comes_into_force_on, at=at)
    found.state, found.ground = "submitted", ground.strip()[:MOST_GROUND]
    found.comes_into_force_on = comes_into_force_on
    found.submitted_at = found.changed_at = at
    found.version += 1
    found.save(update_fields=["state", "ground", "comes_into_force_on", "submitted_at",
                              "changed_at", "version"])  # fmt: skip
    _tell(found, "law:submitted", by=by, at=at, on=comes_into_force_on.isoformat(),
          sha256=pack.sha256)  # fmt: skip
    return found


@told("law:approve")
def approve(
    *, draft_id: UUID, version: int, by: Actor, at: datetime, answer: str = ""
) -> PackDraft:  # fmt: skip
    """Let a change come into force on its day. Never by anybody who wrote in it or submitted it."""
    found = _to_decide(draft_id, version, by)
    day = found.comes_into_force_on
    if day is None:  # the database has a check for it
        raise _not_now()
    pack = _still_fits(found, day, at=at)
    _decided(found, "approved", answer, by=by, at=at)
    _tell(found, "law:approved", by=by, at=at, on=day.isoformat(), sha256=pack.sha256)
    return found


@told("law:refuse")
def refuse(*, draft_id: UUID, version: int, answer: str, by: Actor, at: datetime) -> PackDraft:
    """Send a change back for good, with the reason; its author may begin again from its text."""
    found = _to_decide(draft_id, version, by)
    if not answer.strip():
        raise RequestRefused("answer_missing", Said("Say why it is refused."), field="answer")
    _decided(found, "refused", answer, by=by, at=at)
    _tell(found, "law:refused", by=by, at=at, answer=found.answer)
    return found


@told("law:withdraw")
def withdraw(*, draft_id: UUID, ground: str, by: Actor, at: datetime) -> PackDraft:
    """Take a change back, until the day on which it comes into force."""
    _ministry(by, WRITES | APPROVES)
    found = _mine(draft_id, by)
    if found.state not in ("drafted", "submitted", "approved"):
        raise _not_now()
    if found.state != "drafted" and not ground.strip():
        raise RequestRefused(
            "ground_missing", Said("Say why it is withdrawn."), field="answer"
        )  # fmt: skip
    before, found.state = found.state, "withdrawn"
    found.answer, found.changed_at = ground.strip()[:MOST_GROUND], at
    found.save(update_fields=["state", "answer", "changed_at"])
    _tell(found, "law:withdrawn", by=by, at=at, was=before, ground=found.answer)
    return found


# What all of them ask


def local_day(pack: Pack, at: datetime) -> date:
    """The day in the country at a moment."""
    return at.astimezone(ZoneInfo(pack.time_zone)).date()


def _still_fits(found: PackDraft, day: date, *, at: datetime) -> Pack:
    """The text, if it may follow the law in force on this day; raises RequestRefused."""
    _is_newest(found)
    pack = read_text(bytes(found.body), country=found.country)
    before = pack_of(found.based_on)
    try:
        editing.refuse_other_changes(before.document, pack.document)
    except editing.EditRefused as refused:
        raise RequestRefused("more_than_powers", refused.said) from None
    if not compare(before, pack):
        raise RequestRefused("no_change", Said("Nothing differs from the law in force."))
    today = local_day(pack, at)
    if day <= today:
        raise RequestRefused(
            "day_over",
            Said(
                "A law comes into force on the next day or later, not on %(day)s (today is "
                "%(today)s).",
                day=day.isoformat(), today=today.isoformat(),
            ),
            field="comes_into_force_on",
        )  # fmt: skip
    return pack


def _is_newest(found: PackDraft) -> None:
    """Nothing came between: an older change would undo a newer one without saying so."""
    if found.based_on_id != version_now().id:
        raise RequestRefused(
            "law_changed",
            Said("The law was changed since this draft was begun. Begin again from the law now."),
        )
    rows = PackDraft.objects.filter(country=settings.COUNTRY, state="approved")
    other = rows.exclude(pk=found.pk).first()
    if other is not None and other.comes_into_force_on is not None:
        raise RequestRefused(
            "another_waits",
            Said(
                "Another change is approved and comes into force on %(day)s. Wait for it, or "
                "withdraw it.",
                day=other.comes_into_force_on.isoformat(),
            ),
        )


def _keep(found: PackDraft, document: Mapping[str, Any], *, at: datetime) -> None:
    pack = pack_from(document, found.country)
    found.body, found.digest = pack.canonical, bytes.fromhex(pack.sha256)
    found.version += 1
    found.changed_at = at
    found.save(update_fields=["body", "digest", "version", "changed_at"])


def _decided(found: PackDraft, state: str, answer: str, *, by: Actor, at: datetime) -> None:
    found.state, found.approver_id = state, by.named_person
    found.answer = answer.strip()[:MOST_GROUND]
    found.decided_at = found.changed_at = at
    found.save(update_fields=["state", "approver_id", "answer", "decided_at", "changed_at"])


def _open(draft_id: UUID, version: int, by: Actor) -> PackDraft:
    """A draft that may still be changed, as the actor has read it."""
    _writer(by)
    found = _mine(draft_id, by)
    if found.state != "drafted":
        raise RequestRefused(
            "not_now", Said("What was submitted is not changed. Withdraw it, and begin again.")
        )
    _has_read(found, version)
    return found


def _to_decide(draft_id: UUID, version: int, by: Actor) -> PackDraft:
    _ministry(by, APPROVES)
    found = _mine(draft_id, by)
    if found.state != "submitted":
        raise _not_now()
    if by.named_person in hands_of(found):
        raise RequestRefused(
            "same_person", Said("You wrote in this change. Another person has to approve it.")
        )
    _has_read(found, version)
    return found


def hands_of(found: PackDraft) -> frozenset[UUID]:
    """Everybody who wrote in a change or submitted it; the database keeps who."""
    return frozenset(found.hands) | {found.author_id}


def _has_read(found: PackDraft, version: int) -> None:
    if found.version != version:
        raise RequestRefused(
            "changed_meanwhile",
            Said("Somebody changed this draft meanwhile. Read it as it is now, then go on."),
        )


def _mine(draft_id: UUID, by: Actor) -> PackDraft:
    """A change of the actor's own ministry, locked; raises RequestRefused."""
    rows = PackDraft.objects.select_for_update(of=("self",)).select_related("based_on")
    found = rows.filter(pk=draft_id, organisation_id=by.organisation_id).first()
    if found is None:
        raise RequestRefused("not_found", Said("There is no such change, or it is not yours."))
    return found


def _writer(by: Actor) -> UUID:
    _ministry(by, WRITES)
    return by.named_person


def _ministry(by: Actor, roles: frozenset[str]) -> None:
    if by.organisation_kind != "ministry" or by.role not in roles:
        raise RequestRefused(
            "not_the_ministry", Said("The law is changed by the ministry's own people only.")
        )


def _not_of_the_chain(measure: str) -> None:
    if measure in OF_THE_CHAIN:
        raise RequestRefused(
            "of_the_chain",
            Said(
                "What the chain of holds rests on was signed by two persons of the unit that asks, "
                "and is not changed here."
            ),
        )


def _no_such_power(power: str) -> RequestRefused:
    said = Said("There is no power %(power)s in this law.", power=power[:64])
    return RequestRefused("no_such_power", said, field="id")


def _not_now() -> RequestRefused:
    return RequestRefused("not_now", Said("This change does not wait for that any more."))


def _tell(found: PackDraft, what: str, *, by: Actor, at: datetime, **facts: Any) -> None:
    audit.record(what=what, about=f"law:{found.id}", by=by, at=at, version=found.version, **facts)
