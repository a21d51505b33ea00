"""Checks a paper that somebody brings: is it whole, who signed it, does it say what it holds.

Nothing is fetched: what counts are the roots and the list of revoked certificates that are given.
Whatever the bytes are, the answer is a verdict with a code; bytes of strangers are checked apart
(``apart``), where time and memory have an end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from recoup.apps.lawful_requests.papers.authority import Trusted, fitted
from recoup.apps.lawful_requests.papers.container import fault_around
from recoup.apps.lawful_requests.papers.verdict import (
    MOST_BYTES,
    Finding,
    PaperVerdict,
    Signature,
)
from recoup.apps.loops import apart_from_loop
from recoup.core.document import (
    ATTACHMENT,
    DIGEST_KEY,
    Document,
    NotADocument,
    digest_of,
    read_document,
)
from recoup.core.document import MOST_BYTES as MOST_VALUES
from recoup.standards.sniffing import is_pdf

MOST_SIGNATURES: Final = 8
MOST_ATTACHMENTS: Final = 16
_DIGEST: Final = re.compile(re.escape(DIGEST_KEY) + r"([0-9a-f]{64})(?![0-9a-f])")


class _Found(Exception):
    """Something is wrong; carries which of the findings it is."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding)


def check_paper(content: bytes, *, trusted: Trusted, at: datetime) -> PaperVerdict:
    """Return what is right or wrong with a paper; never raises for its bytes."""
    digest = sha256(content).hexdigest()
    check = _Check(content, trusted, at)
    try:
        check.all()
    except _Found as found:
        return PaperVerdict(found.finding, digest, tuple(check.signatures), check.document)
    except Exception:  # noqa: BLE001  (bytes of strangers: whatever broke, they are no paper)
        finding = Finding.CHANGED if bears_signature(content) else Finding.UNREADABLE
        return PaperVerdict(finding, digest, tuple(check.signatures))
    return PaperVerdict(Finding.VALID, digest, tuple(check.signatures), check.document)


def bears_signature(content: bytes) -> bool:
    """Whether there is a trace of a signature; one changed byte does not hide both words."""
    return b"/ByteRange" in content or b"ETSI.CAdES" in content or b"/Adobe.PPK" in content


class _Check:
    """One check, step by step; each step raises _Found where something is wrong."""

    def __init__(self, content: bytes, trusted: Trusted, at: datetime) -> None:
        self.content, self.trusted, self.at = content, trusted, at
        self.signatures: list[Signature] = []
        self.document: Document | None = None

    def all(self) -> None:
        reader = self.opened()
        embedded = self.embedded(reader)
        for one in embedded:
            self.check_whole(one, is_last=one is embedded[-1])
        for one in embedded:
            self.check_signer(one)
        self.check_values(reader)
        self.check_claim()

    def opened(self) -> PdfFileReader:
        """The file, read strictly: what is repaired in silence may say two things."""
        if len(self.content) > MOST_BYTES:
            raise _Found(Finding.TOO_BIG)
        if not is_pdf(self.content):
            raise _Found(Finding.NOT_A_PDF)
        reader = PdfFileReader(BytesIO(self.content), strict=True)
        if reader.encrypted:
            raise _Found(Finding.ENCRYPTED)
        return reader

    def embedded(self, reader: PdfFileReader) -> Sequence[EmbeddedPdfSignature]:
        found = list(reader.embedded_regular_signatures)
        if not found:
            # A signature that cannot be found any more was there: something was changed.
            raise _Found(Finding.CHANGED if bears_signature(self.content) else Finding.UNSIGNED)
        if len(found) > MOST_SIGNATURES:
            raise _Found(Finding.TOO_HARD)
        return found

    def check_whole(self, one: EmbeddedPdfSignature, *, is_last: bool) -> None:
        """Every byte is as it was signed, and what came after the last signature is nothing."""
        told = [a["values"][0].native for a in one.signer_info["signed_attrs"]
                if a["type"].native == "message_digest"]  # fmt: skip
        if told != [one.compute_digest()]:
            raise _Found(Finding.CHANGED)
        fault = fault_around(one.pkcs7_content, (*self.trusted.roots, *self.trusted.stamp_roots))
        if fault:
            raise _Found(fault)
        one.compute_integrity_info()
        if is_last and one.coverage != SignatureCoverageLevel.ENTIRE_FILE:
            raise _Found(Finding.CHANGED_AFTER)
        if not is_last and not _only_signed_again(one):
            raise _Found(Finding.CHANGED_AFTER)

    def check_signer(self, one: EmbeddedPdfSignature) -> None:
        """The certificate is of a root that is trusted, was in force then, and not revoked."""
        certificate = one.signer_cert
        stamped = self.stamp_of(one)
        moment = stamped or self.at
        self.signatures.append(_signature(certificate, one.self_reported_timestamp, stamped))
        status = self.status(one, _middle(certificate))
        if not (status.intact and status.valid):
            raise _Found(Finding.CHANGED)
        if not status.trusted:
            raise _Found(Finding.UNKNOWN_CERTIFICATE)
        revoked_at = self.trusted.revoked.get(certificate.serial_number)
        if revoked_at is not None and revoked_at <= moment:
            raise _Found(Finding.REVOKED)
        claimed = one.self_reported_timestamp or moment
        if not (_is_in_force(certificate, moment) and _is_in_force(certificate, claimed)):
            raise _Found(Finding.EXPIRED)
        if not self.status(one, moment).trusted:
            raise _Found(Finding.EXPIRED)  # one of those between it and the root

    def status(self, one: EmbeddedPdfSignature, moment: datetime) -> PdfSignatureStatus:
        """What the signature is worth at a moment. Nothing is fetched; ours is the only list."""
        roots, stamps = (
            self.context(some, moment) for some in (self.trusted.roots, self.trusted.stamp_roots)
        )
        return apart_from_loop(lambda: validate_pdf_signature(one, roots, stamps, skip_diff=True))

    def context(self, roots: Sequence[bytes], moment: datetime) -> ValidationContext:
        known = [x509.Certificate.load(root) for root in roots]
        return ValidationContext(
            trust_roots=known, moment=moment, allow_fetching=False, revocation_mode="soft-fail"
        )

    def stamp_of(self, one: EmbeddedPdfSignature) -> datetime | None:
        """The moment of a stamp that can be relied on; a stamp of strangers says nothing."""
        token = next(extract_tst_data_iter(one.signer_info, signed=False), None)
        if token is None:
            return None
        told: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
        status = self.status(one, told)
        stamp = status.timestamp_validity
        if stamp is None or not (stamp.intact and stamp.valid):
            raise _Found(Finding.CHANGED)
        if not stamp.trusted:
            return None
        revoked_at = self.trusted.revoked.get(stamp.signing_cert.serial_number)
        return None if revoked_at is not None and revoked_at <= told else told

    def check_values(self, reader: PdfFileReader) -> None:
        """The values inside are those whose digest is printed on the paper."""
        values = _values(reader)
        if values is None:
            raise _Found(Finding.NO_VALUES)
        keywords = str(reader.trailer["/Info"].get("/Keywords", ""))
        if _DIGEST.findall(keywords) != [digest_of(values)]:
            raise _Found(Finding.DIGEST_DIFFERS)
        try:
            self.document = read_document(values)
        except NotADocument:
            raise _Found(Finding.NO_VALUES) from None

    def check_claim(self) -> None:
        """Who signed first is who the paper says that speaks; a person's own certificate too."""
        if self.document is None:
            raise _Found(Finding.NO_VALUES)
        sender, signer = self.document.head.sender, self.signatures[0]
        if signer.code != sender.code:
            raise _Found(Finding.OTHER_SIGNER)
        claimed = (fitted(sender.person), fitted(sender.mandate))
        if signer.person and (signer.person, signer.role) != claimed:
            raise _Found(Finding.OTHER_SIGNER)


def _only_signed_again(one: EmbeddedPdfSignature) -> bool:
    """Whether all that came after this signature is another signature."""
    if one.coverage != SignatureCoverageLevel.ENTIRE_REVISION:
        return False
    level = getattr(one.diff_result, "modification_level", ModificationLevel.OTHER)
    return bool(level <= ModificationLevel.FORM_FILLING)


def _middle(certificate: x509.Certificate) -> datetime:
    """A moment at which the certificate was in force: its issuer can be judged by itself then."""
    lasts: timedelta = certificate.not_valid_after - certificate.not_valid_before
    begins: datetime = certificate.not_valid_before
    return begins + lasts / 2


def _is_in_force(certificate: x509.Certificate, moment: datetime) -> bool:
    return bool(certificate.not_valid_before <= moment <= certificate.not_valid_after)


def _signature(
    certificate: x509.Certificate, claimed: datetime | None, stamped: datetime | None
) -> Signature:
    subject = certificate.subject.native

    def one(name: str) -> str:
        value = subject.get(name, "")
        return value if isinstance(value, str) else ""

    role = one("title")
    return Signature(
        organisation=one("organization_name"),
        code=one("organization_identifier"),
        person=one("common_name") if role else "",
        role=role,
        serial=certificate.serial_number,
        claimed_at=claimed,
        stamped_at=stamped,
    )


def _values(reader: PdfFileReader) -> bytes | None:
    """The attachment that carries the values: exactly one of its name."""
    files = reader.root["/AF"] if "/AF" in reader.root else None
    if not isinstance(files, generic.ArrayObject) or len(files) > MOST_ATTACHMENTS:
        return None
    each = [files[place] for place in range(len(files))]  # each by its place: no pointers
    found = [file for file in each if str(file["/UF"]) == ATTACHMENT]
    if len(found) != 1:
        return None
    data: Any = found[0]["/EF"]["/F"].data
    return bytes(data) if len(data) <= MOST_VALUES else None
