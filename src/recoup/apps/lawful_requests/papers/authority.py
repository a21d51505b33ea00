"""The authority whose certificates sign papers: one of the hub's own, for the demonstration.

It keeps a root, a certificate for each organisation, one for a person who signs an order, one for
the time stamps, and a list of what was revoked, in a folder that only its owner reads. None of it
is qualified, and every certificate says so in its name. In production the folder holds what a real
authority issued (docs/papers.md); nothing is ever made there.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

NAME: Final = "Recoup demonstration authority, no qualified certificate"
ROOT, STAMP = "root", "stamp"
DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
ROOT_FOR: Final = timedelta(days=3650)
VALID_FOR: Final = timedelta(days=730)
RENEWED_BEFORE: Final = timedelta(days=30)
CLOCKS_DIFFER: Final = timedelta(minutes=5)
MOST_NAME: Final = 64
REVOKED: Final = "revoked.json"


class NoAuthority(Exception):
    """There is nothing to sign with; the message says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom a certificate is. code: the organisation's; person and role for a person's own."""

    code: str
    organisation: str
    country: str
    person: str = ""
    role: str = ""

    @property
    def file(self) -> str:
        """The name of its files, from the code alone: names come from people."""
        if not self.person:
            return f"org-{self.code}"
        digest = hashes.Hash(hashes.SHA256())
        digest.update(f"{self.person}\x00{self.role}".encode())
        return f"person-{self.code}-{digest.finalize().hex()[:16]}"


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate with its key, both in DER, and the root it was issued under."""

    certificate: bytes
    key: bytes
    root: bytes
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Trusted:
    """What a check relies on: roots in DER, and since when which serial number is revoked."""

    roots: tuple[bytes, ...]
    revoked: Mapping[int, datetime]
    stamp_roots: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """One certificate as `./recoup authority` shows it."""

    file: str
    subject: str
    serial: int
    valid_from: datetime
    valid_until: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Authority:
    """The certificates in one folder. may_make: the demonstration makes what is missing."""

    folder: Path
    may_make: bool

    def credential(self, holder: Holder, *, at: datetime) -> Credential:
        """The certificate and key of a holder; in the demonstration made or renewed when needed."""
        self.prepare(at=at)
        certificate, key = self._path(holder.file, "crt"), self._path(holder.file, "key")
        if self.may_make and not self._is_current(certificate, key, at):
            with self._alone():
                if not self._is_current(certificate, key, at):
                    self._issue(holder.file, _subject(holder), DOCUMENT_SIGNING, at=at)
        return self._read(holder.file)

    def stamp(self, *, at: datetime) -> Credential:
        """The certificate that signs the demonstration's time stamps."""
        self.prepare(at=at)
        certificate, key = self._path(STAMP, "crt"), self._path(STAMP, "key")
        if self.may_make and not self._is_current(certificate, key, at):
            with self._alone():
                if not self._is_current(certificate, key, at):
                    self._issue_stamp(at)
        return self._read(STAMP)

    def trusted(self) -> Trusted:
        """The roots in the folder, and what was revoked. Nothing is fetched from anywhere."""
        roots = tuple(_der(path) for path in sorted(self.folder.glob("root*.crt")))
        stamps = tuple(_der(path) for path in sorted(self.folder.glob("stamp-root*.crt")))
        return Trusted(roots, self._revoked(), stamps or roots)

    def revoke(self, serial: int, *, at: datetime) -> None:
        """Add a serial number to the hub's own list; an earlier moment stays."""
        with self._alone():
            told = {str(number): moment.isoformat() for number, moment in self._revoked().items()}
            told.setdefault(str(serial), at.isoformat())
            write_private(self.folder / REVOKED, json.dumps(told, indent=1).encode())

    def renew(self, code: str, *, at: datetime) -> list[Listed]:
        """Issue new certificates for one organisation, or for all with ``""``; revokes none."""
        self.prepare(at=at)
        if not self.may_make:
            raise NoAuthority(f"{self.folder} is no demonstration's: its authority renews.")
        subjects = {
            path.stem: x509.load_pem_x509_certificate(path.read_bytes()).subject
            for path in (*self.folder.glob("org-*.crt"), *self.folder.glob("person-*.crt"))
        }
        meant = [file for file, one in subjects.items() if not code or _code_of(one) == code]
        if code and not meant:
            raise NoAuthority(f"There is no certificate for {code!r} to renew; see the list.")
        with self._alone():
            for file in meant:
                self._issue(file, subjects[file], DOCUMENT_SIGNING, at=at)
            if not code:
                self._issue_stamp(at)
        return self.listed()

    def listed(self) -> list[Listed]:
        """Every certificate of the folder, the roots first."""
        revoked = self._revoked()
        found = []
        for path in sorted(self.folder.glob("*.crt"), key=lambda p: (p.stem != ROOT, p.stem)):
            one = x509.load_pem_x509_certificate(path.read_bytes())
            found.append(
                Listed(
                    path.stem, one.subject.rfc4514_string(), one.serial_number,
                    one.not_valid_before_utc, one.not_valid_after_utc,
                    revoked.get(one.serial_number),
                )
            )  # fmt: skip
        return found

    def prepare(self, *, at: datetime) -> None:
        """Make folder and root, in the demonstration; raises NoAuthority elsewhere."""
        if self._path(ROOT, "crt").exists():
            return
        if not self.may_make:
            raise NoAuthority(
                f"{self.folder} has no {ROOT}.crt. Put there what your authority issued, or let "
                "papers leave unsigned (docs/papers.md)."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with self._alone():
            if not self._path(ROOT, "crt").exists():
                self._make_root(at)

    # --- How it is made -------------------------------------------------------------------------

    def _make_root(self, at: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        certificate = (
            _builder(subject, subject, key.public_key(), at, ROOT_FOR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        self._keep(ROOT, key, certificate)

    def _issue(
        self, file: str, subject: x509.Name, usage: ObjectIdentifier, *, at: datetime
    ) -> None:
        """Sign a certificate with the root; a time stamp's usage has to be critical."""
        root_key = load_pem_private_key(self._path(ROOT, "key").read_bytes(), None)
        root = x509.load_pem_x509_certificate(self._path(ROOT, "crt").read_bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        is_stamp = usage == ExtendedKeyUsageOID.TIME_STAMPING
        certificate = (
            _builder(subject, root.subject, key.public_key(), at, VALID_FOR)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(is_stamp=is_stamp), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=is_stamp)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()),  # type: ignore[arg-type]
                critical=False,
            )
            .sign(root_key, hashes.SHA256())  # type: ignore[arg-type]
        )
        self._keep(file, key, certificate)

    def _issue_stamp(self, at: datetime) -> None:
        subject = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, "Time stamps of the demonstration")]
        )
        self._issue(STAMP, subject, ExtendedKeyUsageOID.TIME_STAMPING, at=at)

    def _keep(
        self, file: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
    ) -> None:
        """Write the key first: a certificate without its key would be taken as whole."""
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self._path(file, "key"), pem)
        write_private(self._path(file, "crt"), certificate.public_bytes(Encoding.PEM))

    def _read(self, file: str) -> Credential:
        try:
            key = load_pem_private_key(self._path(file, "key").read_bytes(), None)
            certificate, root = _der(self._path(file, "crt")), _der(self._path(ROOT, "crt"))
        except (OSError, ValueError) as fault:
            raise NoAuthority(
                f"{self.folder} has no certificate {file}.crt with its key: {type(fault).__name__}."
            ) from None
        return Credential(
            certificate,
            key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
            root,
            is_demo=_common_name(x509.load_der_x509_certificate(root).subject) == NAME,
        )

    def _is_current(self, certificate: Path, key: Path, at: datetime) -> bool:
        if not certificate.exists() or not key.exists():
            return False
        one = x509.load_pem_x509_certificate(certificate.read_bytes())
        is_revoked = one.serial_number in self._revoked()
        return not is_revoked and one.not_valid_after_utc - RENEWED_BEFORE > at

    def _revoked(self) -> dict[int, datetime]:
        try:
            told = json.loads((self.folder / REVOKED).read_text())
        except FileNotFoundError:
            return {}
        return {int(number): datetime.fromisoformat(moment) for number, moment in told.items()}

    def _path(self, file: str, suffix: str) -> Path:
        return self.folder / f"{file}.{suffix}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time makes certificates; web and command may both need the first."""
        descriptor = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    beside = path.with_suffix(f"{path.suffix}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    beside.replace(path)


def _subject(holder: Holder) -> x509.Name:
    """organizationIdentifier is the hub's own code, which a check compares with the paper's."""
    given = [
        (NameOID.COUNTRY_NAME, holder.country),
        (NameOID.ORGANIZATION_NAME, holder.organisation),
        (NameOID.ORGANIZATION_IDENTIFIER, holder.code),
        (NameOID.COMMON_NAME, holder.person or holder.organisation),
        (NameOID.TITLE, holder.role),
    ]
    return x509.Name([x509.NameAttribute(oid, fitted(value)) for oid, value in given if value])


def fitted(value: str) -> str:
    """As much of a name as a certificate takes: 64 bytes, cut between characters."""
    return value.encode()[:MOST_NAME].decode(errors="ignore")


def _code_of(subject: x509.Name) -> str:
    found = subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    return str(found[0].value) if found else ""


def _common_name(subject: x509.Name) -> str:
    found = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: object, at: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - CLOCKS_DIFFER)
        .not_valid_after(at + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)  # type: ignore[arg-type]
    )


def _usage(*, signs_certificates: bool = False, is_stamp: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates and not is_stamp,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _der(path: Path) -> bytes:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate.public_bytes(Encoding.DER)
