"""Whether the container of a signature holds anything that could be changed unseen.

A signature covers the paper and its own signed attributes, and not what lies around them: the
versions, the names of algorithms, the certificates that travel along. A paper with any of that
changed would still be valid to most readers. Here nothing of it is taken on trust: it is in DER
(as ISO 32000-2, 12.8.3.3 asks), each field is what the standard prescribes (RFC 5652, 5.1 and 5.3;
RFC 3161 for a stamp), and each certificate is signed by the one that issued it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from recoup.apps.lawful_requests.papers.verdict import Finding

_STAMP: Final = "signature_time_stamp_token"
_DEEPEST: Final = 32
_BITS: Final = 0x03
_FEW: Final = 8
_MOST_CERTIFICATES: Final = 12  # a chain and the chain of a stamp; each is checked against each


def fault_around(content: bytes, roots: Sequence[bytes]) -> Finding | None:
    """What is wrong around a signature, in its container (filled up with zeros), if anything is.

    Raises ValueError or TypeError where it is no container at all.
    """
    container = cms.ContentInfo.load(content)
    used = container.dump()
    if any(content[len(used) :]) or not _is_der(used):
        return Finding.CHANGED
    for signed, is_stamp in _each_signed(container["content"]):
        if not _is_plain(signed, is_stamp=is_stamp):
            return Finding.CHANGED
        fault = _fault_of_certificates(signed, roots)
        if fault:
            return fault
    return None


def _each_signed(signed: cms.SignedData) -> Iterator[tuple[cms.SignedData, bool]]:
    """The signature itself, then the stamp upon it."""
    yield signed, False
    for one in signed["signer_infos"]:
        for attribute in _unsigned(one):
            for token in attribute["values"] if attribute["type"].native == _STAMP else ():
                yield token["content"], True


def _is_plain(signed: cms.SignedData, *, is_stamp: bool) -> bool:
    """Whether there is one signature, and no more around it than that needs."""
    if len(signed["signer_infos"]) != 1 or not isinstance(signed["crls"], core.Void):
        return False
    [one] = signed["signer_infos"]
    around = [attribute["type"].native for attribute in _unsigned(one)]
    version = "v1" if one["sid"].name == "issuer_and_serial_number" else "v3"
    digests = [each.dump() for each in signed["digest_algorithms"]]
    return (
        _has_all_read(signed)
        and _has_all_read(one)
        and one["version"].native == version
        and signed["version"].native == ("v3" if is_stamp else version)
        and digests == [one["digest_algorithm"].dump()]
        and one["digest_algorithm"]["parameters"].native is None
        and (one["signature_algorithm"]["parameters"].native is None or _is_pss(one))
        and (is_stamp or isinstance(signed["encap_content_info"]["content"], core.Void))
        and around in ([], [] if is_stamp else [_STAMP])
        and all(len(attribute["values"]) == 1 for attribute in _unsigned(one))
    )


def _is_pss(one: cms.SignerInfo) -> bool:
    """RSASSA-PSS alone has parameters (RFC 4056), and its signature is checked by them."""
    return bool(one["signature_algorithm"]["algorithm"].native == "rsassa_pss")


def _has_all_read(sequence: core.Sequence) -> bool:
    """Whether each element that stands there was read as one of the fields: none is left over."""
    content, at, found = sequence.contents, 0, 0
    while at < len(content):
        _, at = _body(content, at, len(content)) or (0, len(content))
        found += 1
    return found == sum(not isinstance(sequence[field[0]], core.Void) for field in sequence._fields)


def _unsigned(one: cms.SignerInfo) -> Sequence[cms.CMSAttribute]:
    attributes = one["unsigned_attrs"]
    return () if isinstance(attributes, core.Void) else attributes


def _fault_of_certificates(signed: cms.SignedData, roots: Sequence[bytes]) -> Finding | None:
    """Whether each certificate that travels along is signed by one beside it, or by a root."""
    if any(not isinstance(each.chosen, asn1_x509.Certificate) for each in signed["certificates"]):
        return Finding.CHANGED
    if len(signed["certificates"]) > _MOST_CERTIFICATES:
        return Finding.TOO_HARD
    beside = [each.chosen.dump() for each in signed["certificates"]]
    known = [x509.load_der_x509_certificate(each) for each in {*beside, *roots}]
    for one in map(x509.load_der_x509_certificate, beside):
        issuers = [each for each in known if each.subject == one.issuer]
        if not issuers:
            return Finding.UNKNOWN_CERTIFICATE
        if not any(_is_issued_by(one, each) for each in issuers):
            return Finding.CHANGED
    return None


def _is_issued_by(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _is_der(content: bytes) -> bool:
    """Whether every length is said in the shortest way and filled to its end (X.690, 10.1)."""
    left = [(0, len(content), 0)]
    while left:
        at, end, depth = left.pop()
        while at < end:
            body = _body(content, at, end)
            if body is None or depth > _DEEPEST:
                return False
            if content[at] & 0x20:
                left.append((*body, depth + 1))
            at = body[1]
    return True


def _body(content: bytes, at: int, end: int) -> tuple[int, int] | None:
    """Where the body of the element begins and ends; None where it is not said as DER says it."""
    if at + 2 > end or content[at] & 0x1F in (0x00, 0x1F) and content[at] < 0x80:
        return None
    length, start = content[at + 1], at + 2
    if length >= 0x80:
        digits = content[start : start + length - 0x80]
        length, start = int.from_bytes(digits), start + len(digits)
        if not digits or digits[0] == 0 or length < 0x80 or (length < 0x100) != (len(digits) == 1):
            return None
    if content[at] == _BITS and length > _FEW and content[start] != 0:
        return None  # a key or a signature is of whole bytes; a list of flags is short
    return (start, start + length) if start + length <= end else None
