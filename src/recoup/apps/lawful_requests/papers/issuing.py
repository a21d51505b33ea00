"""Issues a paper: prints it for its signer, signs it, stamps it, with what this installation has.

Who speaks in the paper signs it: the organisation with its own certificate; an order is signed with
that of the person who decided. Without an authority the paper is printed unsigned and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from pyhanko.sign.timestamps import TimeStamper

from recoup.apps.lawful_requests.papers.authority import Authority, Credential, Holder, NoAuthority
from recoup.apps.lawful_requests.papers.printing import Seal, printed
from recoup.apps.lawful_requests.papers.signing import SECOND_FIELD, SignedBy, signed
from recoup.apps.lawful_requests.papers.stamping import AddressStamper, OwnStamper
from recoup.apps.traces.voice import Voice
from recoup.core.document import Document, OrderDocument

# The hub's own certificate, beside those of the organisations: org-hub.crt.
HUB: Final = "hub"
HUB_NAME: Final = "Recoup hub"


@dataclass(frozen=True, slots=True)
class Issued:
    """A paper as it leaves."""

    pdf: bytes
    is_signed: bool


def authority() -> Authority:
    """The authority of this installation; only the demonstration's makes certificates."""
    return Authority(settings.AUTHORITY, may_make=settings.IS_DEMO)


def issued(
    document: Document, *, organisation: str, voice: Voice, at: datetime,
    countersigned: bool = False,
) -> Issued:  # fmt: skip
    """Print and sign a paper. It takes a fraction of a second: never where a hold waits.

    organisation: the sender's main name, which its certificate has whatever language is printed.
    countersigned: the hub signs as well, as it does a receipt.
    """
    holder = holder_of(document, organisation)
    try:
        credential = authority().credential(holder, at=at)
    except NoAuthority:
        return Issued(printed(document, voice=voice).pdf, is_signed=False)
    name = document.head.sender.organisation
    seal = Seal(name, holder.person, holder.role, at, credential.is_demo)
    by = SignedBy(credential, holder.person or holder.organisation, holder.role, at)
    pdf = printed(document, voice=voice, seal=seal).pdf
    paper = signed(pdf, by, stamper=_stamper(credential, at))
    return Issued(_by_the_hub(paper, at=at) if countersigned else paper, is_signed=True)


def _by_the_hub(paper: bytes, *, at: datetime) -> bytes:
    """Add the hub's signature; where its certificate is missing, the first one stays alone."""
    try:
        credential = authority().credential(Holder(HUB, HUB_NAME, settings.COUNTRY), at=at)
    except NoAuthority:
        return paper
    by = SignedBy(credential, HUB_NAME, "", at)
    return signed(paper, by, stamper=_stamper(credential, at), field=SECOND_FIELD)


def holder_of(document: Document, organisation: str) -> Holder:
    """Whose certificate signs this paper."""
    sender = document.head.sender
    is_person = isinstance(document, OrderDocument) and bool(sender.person)
    return Holder(
        sender.code, organisation, sender.country,
        person=sender.person if is_person else "", role=sender.mandate if is_person else "",
    )  # fmt: skip


def _stamper(credential: Credential, at: datetime) -> TimeStamper | None:
    if settings.TIMESTAMP_URL:
        return AddressStamper(settings.TIMESTAMP_URL)
    return OwnStamper(authority().stamp(at=at), at=at) if credential.is_demo else None
