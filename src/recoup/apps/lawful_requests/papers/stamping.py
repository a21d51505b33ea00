"""Time stamps on papers (RFC 3161): the demonstration's own, or of an address in production.

A stamp says that the signature existed then. Asking for one may fail; the paper is then signed
without it, since a stamp is never worth keeping a bank waiting.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from asn1crypto import algos, cms, core, keys, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from pyhanko.sign.general import as_signing_certificate_v2, simple_cms_attribute
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from recoup.apps import outgoing
from recoup.apps.lawful_requests.papers.authority import Credential

SECONDS: Final = 4.0
MOST_BYTES: Final = 100_000


class NoStamp(Exception):
    """The authority of time did not answer, or not with a stamp."""


class OwnStamper(DummyTimeStamper):
    """The demonstration's stamper. It says the moment it is given, and signs on a curve (P-256);
    the one that it is made from signs with RSA only, and checks its key anew for each stamp.
    """

    def __init__(self, credential: Credential, *, at: datetime) -> None:
        store = SimpleCertificateStore()
        store.register(x509.Certificate.load(credential.root))
        super().__init__(
            x509.Certificate.load(credential.certificate),
            keys.PrivateKeyInfo.load(credential.key),
            certs_to_embed=store, fixed_dt=at,
        )  # fmt: skip

    def _sign_tst_info(
        self, tst_info_data: bytes, md_algorithm: str, dt: datetime
    ) -> tuple[bytes, cms.CMSAttributes]:
        attributes = cms.CMSAttributes(
            [
                simple_cms_attribute("content_type", "tst_info"),
                simple_cms_attribute("signing_time", cms.Time({"utc_time": core.UTCTime(dt)})),
                simple_cms_attribute(
                    "signing_certificate_v2", as_signing_certificate_v2(self.tsa_cert)
                ),
                simple_cms_attribute("message_digest", sha256(tst_info_data).digest()),
            ]
        )
        key = load_der_private_key(self.tsa_key.dump(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  (the authority's own)
        return key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())), attributes

    def _build_signed_data(self, *parts: Any) -> dict[str, Any]:
        told: dict[str, Any] = super()._build_signed_data(*parts)
        by_curve = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
        told["signer_infos"][0]["signature_algorithm"] = by_curve
        return told


class AddressStamper(TimeStamper):
    """Asks the authority of time at an address, with a limit on time and length."""

    def __init__(self, address: str) -> None:
        if not address.startswith(("https://", "http://")):
            raise ValueError(f"{address!r} is no address of a time-stamp authority.")
        super().__init__()
        self.address = address

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return await asyncio.to_thread(self._ask, req.dump())

    def _ask(self, query: bytes) -> tsp.TimeStampResp:
        try:
            content = outgoing.post(
                self.address, query, content_type="application/timestamp-query", seconds=SECONDS,
                most_bytes=MOST_BYTES,
            )  # fmt: skip
            return tsp.TimeStampResp.load(content)
        except (OSError, ValueError) as fault:
            raise NoStamp(f"{self.address}: {type(fault).__name__}: {fault}") from None
