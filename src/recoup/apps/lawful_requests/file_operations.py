"""Takes the files of requests and answers: orders, attachments, answers; bytes and digest.

What is not what it says, is too large, or arrived changed is refused; nothing is unpacked, run or
converted here. A file of a request is for one addressee or for all, and is part of what is decided:
only what the decision names leaves.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from recoup.apps.audit import operations as audit
from recoup.apps.lawful_requests import paper_operations, request_operations, request_queries
from recoup.apps.lawful_requests.doubt_operations import is_paused_for
from recoup.apps.lawful_requests.models import Request, RequestFile, Ticket
from recoup.apps.lawful_requests.refusals import RequestRefused, told
from recoup.apps.lawful_requests.request_content import targets_of
from recoup.apps.lawful_requests.request_models import MOST_FILE_BYTES
from recoup.apps.members.models import Organisation
from recoup.core.access import Actor
from recoup.core.authorisation import OrderState
from recoup.core.said import Said, SaidList
from recoup.data.requests import load_most
from recoup.standards.sniffing import TEXTS, XMLS, Kind, what_is

# By media type, what a file of it may be by its bytes; a text begins as anything may.
TAKEN: Final[dict[str, frozenset[Kind]]] = {
    "application/pdf": frozenset({Kind.PDF}),
    "image/png": frozenset({Kind.PNG}),
    "image/jpeg": frozenset({Kind.JPEG}),
    "text/csv": TEXTS,
    "text/plain": TEXTS,
    "application/json": frozenset({Kind.JSON}),
    "application/xml": XMLS,
}
# What is shown as text is no archive or program under another name: it has no zero byte.
AS_TEXT: Final = frozenset({"text/csv", "text/plain", "application/json", "application/xml"})
ORDERS: Final = frozenset({"application/pdf"})
NOT_GOOD: Final = {
    "not_a_pdf": Said("This is no PDF. Add the order as the PDF that you were given."),
    "too_big": Said("This file is too big to be an order."),
    "too_hard": Said("This file could not be checked in bearable time. Ask for a new one."),
    "encrypted": Said("This file is encrypted. Ask for one that everybody can read."),
    "changed": Said("This order was changed after it was signed. Ask for it again."),
    "changed_after": Said("Something was added to this order after signing. Ask for it again."),
    "unknown_certificate": Said(
        "This order is signed with a certificate that this hub does not know. Ask who signed it."
    ),
    "revoked": Said("This order is signed with a certificate that was revoked. Ask for a new one."),
    "expired": Said(
        "This order is signed with a certificate that was not in force. Ask for a new one."
    ),
    "digest_differs": Said("The page of this order and its values inside differ. Do not use it."),
    "other_signer": Said("This order is signed by somebody else than it names. Do not use it."),
    "valid": Said(
        "This is a paper of this hub, but no order for this request. The order of this request is "
        "made from its decision; add another paper as an attachment."
    ),
}  # fmt: skip
NAME: Final = re.compile(r"[^\w .()+-]|^\.+")


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it arrived. sha256: what the sender says it is, in hexadecimal, or nothing."""

    name: str
    media_type: str
    content: bytes
    sha256: str = ""


@told("request:file")
def add_to_request(
    *, request_id: UUID, kind: str, file: Sent, by: Actor, at: datetime, addressee: str = ""
) -> RequestFile:  # fmt: skip
    """Add an order or an attachment to a request while it is its author's; a new version of it.

    addressee: the code of the target that gets it; none, and every addressee of the request does.
    """
    found = request_operations.own(request_id, by)
    if kind not in ("order", "attachment"):
        raise RequestRefused(
            "not_known", Said("A file is an order or an attachment."), field="kind"
        )
    if found.state not in (OrderState.DRAFTED, OrderState.ASKED):
        raise RequestRefused(
            "not_now",
            Said("What was submitted is not added to. Withdraw it, or wait for a question."),
        )
    target = _target_of(found, addressee) if addressee else None
    check(file, orders_only=kind == "order")
    _not_too_many(found.files.count())
    finding = order_finding(file, request_id=found.id, by=by, at=at) if kind == "order" else ""
    found.version += 1
    found.changed_at = at
    found.save(update_fields=["version", "changed_at"])
    return _store(file, kind, by=by, at=at, request=found, finding=finding, addressee_id=target)


def _target_of(found: Request, addressee: str) -> int:
    """The organisation of a target; raises RequestRefused for one that is not asked."""
    asked = {target.addressee for target in targets_of(found.content)}
    row = Organisation.objects.filter(code=addressee).first() if addressee in asked else None
    if row is None:
        raise RequestRefused(
            "not_a_target",
            Said("%(code)s is not asked by this request. Choose one of its addressees, or all.",
                 code=addressee[:40]),
            field="addressee",
        )  # fmt: skip
    return row.id


def decided(found: Request, content: Mapping[str, Any]) -> dict[str, Any]:
    """What is decided: the content, and each file with its digest and whom it is for.

    A file for a target that was left out is not in it. for: empty means all.
    """
    left = {target.addressee for target in targets_of(content)}
    rows = RequestFile.objects.filter(request=found).select_related("addressee").defer("content")
    files = [
        {**file_facts(row), "for": row.addressee.code if row.addressee else ""}
        for row in rows.order_by("at", "id")
        if row.addressee is None or row.addressee.code in left
    ]
    return {**content, "files": files}


def file_facts(row: RequestFile) -> dict[str, Any]:
    """What a ticket and a decision say of a file."""
    return {
        "file": str(row.id), "kind": row.kind, "name": row.name, "media_type": row.media_type,
        "size": row.size, "sha256": bytes(row.sha256).hex(),
    }  # fmt: skip


@told("asked:file")
def add_to_ticket(*, ticket_id: UUID, file: Sent, by: Actor, at: datetime) -> RequestFile:
    """Add a file that an answer will name."""
    rows = request_queries.asked_of(by).select_for_update(of=("self",), no_key=True)
    ticket = rows.filter(pk=ticket_id).first()
    if ticket is None:
        raise RequestRefused("no_such_ticket", Said("There is no such ticket, or it is not yours."))
    if ticket.state in ("withdrawn", "lapsed"):
        raise RequestRefused(
            "not_now", Said("This request was taken back: nothing more is given to it."),
            field="file",
        )  # fmt: skip
    if is_paused_for(ticket):
        raise RequestRefused(
            "requester_paused",
            Said("Two desks doubt this requester: nothing is disclosed until that is settled."),
            field="file",
        )
    check(file)
    _not_too_many(ticket.files.count())
    return _store(file, "answer", by=by, at=at, ticket=ticket)


# A court may send a scan, or a file that our strict reader does not open: that is taken, and what
# was found is told. What claims a signature that is not good is no order; nor is a paper of this
# hub, however genuine: before it is decided there is none for this request.
TAKEN_WITH: Final = frozenset({"unsigned", "unreadable", "no_values"})


def order_finding(file: Sent, *, request_id: UUID, by: Actor, at: datetime) -> str:
    """What a check of an order's signature found; raises RequestRefused where it is not good."""
    from recoup.apps.lawful_requests.papers.apart import TooManyChecks, check_apart
    from recoup.apps.lawful_requests.papers.issuing import authority

    try:
        verdict = check_apart(file.content, trusted=authority().trusted(), at=at)
    except TooManyChecks:
        raise RequestRefused(
            "busy", Said("Many papers are being checked just now. Try again in a minute."),
            field="file",
        ) from None  # fmt: skip
    finding = verdict.finding.value
    if finding not in TAKEN_WITH:
        raise OrderNotGood(finding, verdict.sha256)
    paper_operations.note_order_checked(request_id=request_id, verdict=verdict, by=by, at=at)
    return finding


class OrderNotGood(RequestRefused):
    """The file is no order of this request. code: order_ and what was found."""

    def __init__(self, finding: str, sha256: str) -> None:
        code = "order_of_another" if finding == "valid" else f"order_{finding}"
        super().__init__(code, NOT_GOOD[finding], field="file", sha256=sha256)


def check(file: Sent, *, orders_only: bool = False) -> None:
    """Raise RequestRefused unless the file is whole, of bearable size, and what it says."""
    size = len(file.content)
    if not 0 < size <= MOST_FILE_BYTES:
        raise RequestRefused(
            "file_size",
            Said("The file has %(size)s bytes; 1 to %(most)s are taken.", size=size,
                 most=MOST_FILE_BYTES),
            field="file",
        )  # fmt: skip
    if file.sha256 and file.sha256.lower() != hashlib.sha256(file.content).hexdigest():
        raise RequestRefused(
            "wrong_digest", Said("The file is not the one you sent: its digest differs."),
            field="sha256",
        )  # fmt: skip
    known = ORDERS if orders_only else TAKEN.keys()
    if file.media_type not in known:
        raise RequestRefused(
            "media_type",
            Said("%(type)s is not taken here. Possible: %(types)s.",
                 type=file.media_type[:60] or "-", types=SaidList(sorted(known))),
            field="media_type",
        )  # fmt: skip
    if file.media_type in AS_TEXT and b"\0" in file.content:
        raise RequestRefused(
            "not_what_it_says",
            Said("%(name)s is no text. Save it as text in UTF-8, or as PDF.", name=file.name[:60]),
            field="file",
        )  # fmt: skip
    if what_is(file.content) not in TAKEN[file.media_type]:
        raise RequestRefused(
            "not_what_it_says",
            Said("%(name)s does not begin as %(type)s does.", name=file.name[:60],
                 type=file.media_type),
            field="file",
        )  # fmt: skip


def _not_too_many(count: int) -> None:
    if count >= load_most().files:
        raise RequestRefused("too_many", Said("No more files are taken here."), field="file")


def _store(
    file: Sent, kind: str, *, by: Actor, at: datetime, request: Request | None = None,
    ticket: Ticket | None = None, finding: str = "", addressee_id: int | None = None,
) -> RequestFile:  # fmt: skip
    of: Any = request or ticket
    digest = hashlib.sha256(file.content).digest()
    made = RequestFile.objects.create(
        request=request, ticket=ticket, issuer_id=of.issuer_id,
        addressee_id=ticket.addressee_id if ticket else addressee_id, kind=kind,
        name=NAME.sub("_", file.name)[:140] or "file", media_type=file.media_type,
        size=len(file.content), sha256=digest, content=file.content, person_id=by.named_person,
        at=at,
    )  # fmt: skip
    about = f"request:{request.id}" if request else f"ticket:{of.id}"
    audit.record(
        what="request:file_added" if request else "ticket:file_added", about=about, by=by, at=at,
        file=made.id, kind=kind, size=made.size, sha256=digest.hex(), finding=finding,
        addressee=made.addressee_id,
    )  # fmt: skip
    return made
