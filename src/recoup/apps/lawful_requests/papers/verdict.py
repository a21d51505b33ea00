"""What a check of a paper may find, and what it tells of the signatures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from recoup.core.document import Document

MOST_BYTES: Final = 10 * 1024 * 1024


class Finding(StrEnum):
    """What a check found; the first that applies."""

    NOT_A_PDF = "not_a_pdf"
    TOO_BIG = "too_big"
    TOO_HARD = "too_hard"
    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"
    UNSIGNED = "unsigned"
    CHANGED = "changed"
    CHANGED_AFTER = "changed_after"
    UNKNOWN_CERTIFICATE = "unknown_certificate"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NO_VALUES = "no_values"
    DIGEST_DIFFERS = "digest_differs"
    OTHER_SIGNER = "other_signer"
    VALID = "valid"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: by whom, as the certificate says; when, as claimed and as stamped."""

    organisation: str
    code: str
    person: str
    role: str
    serial: int
    claimed_at: datetime | None = None
    stamped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaperVerdict:
    """What a check found. document: the values inside, where they could be read and are whole."""

    finding: Finding
    sha256: str
    signatures: tuple[Signature, ...] = ()
    document: Document | None = None

    @property
    def is_valid(self) -> bool:
        return self.finding is Finding.VALID
