"""Takes a court bundle of a case: everything in it is checked before the first byte leaves.

The bundle is written twice: once into nothing, for its digest and to find damage while something
can still be done, then to whoever asked. The plain bytes never lie anywhere in between.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recoup.apps.audit import operations as audit
from recoup.apps.audit.session_operations import take_stream
from recoup.apps.evidence import bundle, queries
from recoup.apps.evidence.bundle import NotAsBefore, Told
from recoup.apps.evidence.models import Bundle
from recoup.apps.evidence.reading_operations import checked
from recoup.apps.evidence.refusals import EvidenceRefused, told
from recoup.core.access import Actor
from recoup.core.said import Said

Signer = Callable[[bytes, datetime], Mapping[str, bytes]]
Extras = Callable[[Told, str], Mapping[str, bytes]]  # the language of the paper beside it


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the case as it was taken in. path: below data/ in the bag."""

    id: str
    path: str
    content: bytes


Orders = Callable[[Sequence[str] | None], Sequence[Order]]  # all of now, or those with these ids


@dataclass(frozen=True, slots=True)
class Taken:
    """A bundle on its way out. digest and size: of the whole file."""

    id: UUID
    name: str
    size: int
    digest: bytes
    chunks: Callable[[], Iterator[bytes]]


@told("evidence:bundle")
def take(
    *, case: Any, why: str, extras: Extras, signer: Signer | None, by: Actor, at: datetime,
    again: UUID | None = None, redacted_only: bool = False, language: str = "en",
    orders: Orders = lambda ids: (),
) -> Taken | None:  # fmt: skip
    """Make a bundle, or one that was taken before again; None where the alarm was raised.

    extras: what else goes in, from what is told. orders: gives the case's orders. signer: signs the
    manifest, if there is a key.
    """
    by.named_person  # noqa: B018  (raises PersonNeeded)
    if not why.strip():
        raise EvidenceRefused("no_purpose", Said("Say for what you need the bundle."), field="why")
    before = _before(case.id, again) if again else None
    kept = before.heads if before else {}
    is_redacted = bool(kept.get("redacted_only", redacted_only))
    found = bundle.gather(case=case, by=by, heads=kept.get("streams"), redacted_only=is_redacted)
    if not all(checked(one.file, by=by, at=at) for one in found.files if one.path):
        return None
    sealed = _Seal(_known_seals(case.id), signer, at)
    language = str(kept.get("language", language))
    ordered = orders(kept.get("orders"))
    parts = {**extras(found, language), **{one.path: one.content for one in ordered}}
    digest, size = _written(found, parts, sealed)
    if before and bytes(before.digest) != digest:
        raise EvidenceRefused(
            "not_as_before",
            Said("What is to be had now is not what this bundle was. Take a new one."),
        )
    heads = {
        "streams": dict(found.heads), "seal": sealed.told(), "redacted_only": is_redacted,
        "language": language, "orders": [one.id for one in ordered],
    }  # fmt: skip
    row = before or Bundle.objects.create(
        case_id=case.id, organisation_id=by.organisation_id, person_id=by.named_person, at=at,
        heads=heads, digest=digest, size=size,
    )  # fmt: skip
    _note(row, found, why, is_again=before is not None, by=by, at=at)
    again_bag = bundle.bag(found, extra=parts, seal=lambda _: sealed.files)
    name = f"{case.reference}-{digest.hex()[:8]}.zip"
    return Taken(row.id, name, size, digest, again_bag.chunks)


def _written(found: Told, parts: Mapping[str, bytes], sealed: _Seal) -> tuple[bytes, int]:
    digest, size = hashlib.sha256(), 0
    try:
        bag = bundle.bag(found, extra=parts, seal=sealed)
    except NotAsBefore as gone:
        raise EvidenceRefused(
            "not_as_before",
            Said("File %(number)s cannot be read now, so this bundle cannot be made again.",
                 number=gone.number),
        ) from None  # fmt: skip
    for chunk in bag.chunks():
        digest.update(chunk)
        size += len(chunk)
    return digest.digest(), size


class _Seal:
    """Signs the tag manifest, or gives the signature that it had before: one is made once."""

    def __init__(self, known: Mapping[str, Any], signer: Signer | None, at: datetime) -> None:
        self.known, self.signer, self.at = known, signer, at
        self.files: Mapping[str, bytes] = {}
        self.manifest = ""

    def __call__(self, tagmanifest: bytes) -> Mapping[str, bytes]:
        self.manifest = hashlib.sha256(tagmanifest).hexdigest()
        if self.manifest in self.known:
            told = self.known[self.manifest]
            self.files = {name: base64.b64decode(value) for name, value in told.items()}
        elif self.signer is not None:
            self.files = self.signer(tagmanifest, self.at)
        return self.files

    def told(self) -> dict[str, Any]:
        files = {name: base64.b64encode(value).decode() for name, value in self.files.items()}
        return {"manifest": self.manifest, "files": files}


def _known_seals(case_id: UUID) -> dict[str, Any]:
    """The signatures of bundles of this case, by the digest of what they sign."""
    seals = [row.heads.get("seal", {}) for row in queries.bundles_of(case_id)]
    return {seal["manifest"]: seal["files"] for seal in seals if seal}


def _before(case_id: UUID, again: UUID) -> Bundle:
    found = queries.bundles_of(case_id).filter(pk=again).first()
    if found is None:
        raise EvidenceRefused("no_such_bundle", Said("There is no such bundle of this case."))
    return found


def _note(row: Bundle, found: Told, why: str, *, is_again: bool, by: Actor, at: datetime) -> None:
    stream = f"bundle:{row.case_id}"
    take_stream(stream)
    files = [f"{one.file.number}:{one.digest}" for one in found.files if one.path]
    audit.record(
        what="evidence:bundle_taken", about=stream, by=by, at=at, bundle=str(row.id),
        digest=bytes(row.digest).hex(), size=row.size, files=" ".join(files), again=is_again,
        personal={"why": why.strip()[:400]},
    )  # fmt: skip
