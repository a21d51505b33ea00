"""Time stamps on files and signatures on bundles, by the authority that signs papers (papers.md).

Both may be missing: a file without a stamp is kept all the same, and a bundle without a signature
says that nobody signed it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from asn1crypto import tsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from django.conf import settings
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

from recoup.apps.evidence.upload_operations import Stamped
from recoup.apps.lawful_requests.papers.authority import Holder, NoAuthority
from recoup.apps.lawful_requests.papers.issuing import HUB, HUB_NAME, authority
from recoup.apps.lawful_requests.papers.stamping import AddressStamper, NoStamp, OwnStamper
from recoup.apps.loops import apart_from_loop

log = logging.getLogger("recoup.evidence")
SIGNATURE: Final = "signature/tagmanifest-sha256.sig"


def stamp(digest: bytes, at: datetime) -> Stamped | None:
    """Ask for a time stamp over a digest; None where there is no authority, or no answer."""
    try:
        stamper = _stamper(at)
        token = apart_from_loop(lambda: asyncio.run(stamper.async_timestamp(digest, "sha256")))
    except NoAuthority:
        return None
    except (NoStamp, TimestampRequestError) as fault:
        log.warning("a file was kept without a time stamp: %s", fault)
        return None
    content = token["content"]
    info: tsp.TSTInfo = content["encap_content_info"]["content"].parsed
    signer = content["certificates"][0].chosen.subject.human_friendly
    return Stamped(token.dump(), info["gen_time"].native, signer)


def _stamper(at: datetime) -> TimeStamper:
    if settings.TIMESTAMP_URL:
        return AddressStamper(settings.TIMESTAMP_URL)
    if not settings.IS_DEMO:
        raise NoAuthority("No time-stamp authority is set.")
    return OwnStamper(authority().stamp(at=at), at=at)


def sign(manifest: bytes, at: datetime) -> Mapping[str, bytes]:
    """Sign a bundle's manifest with the hub's certificate; nothing where there is none."""
    try:
        credential = authority().credential(Holder(HUB, HUB_NAME, settings.COUNTRY), at=at)
    except NoAuthority:
        return {}
    key = load_der_private_key(credential.key, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return {}
    return {
        SIGNATURE: key.sign(manifest, ec.ECDSA(hashes.SHA256())),
        "signature/signer.crt": credential.certificate,
        "signature/root.crt": credential.root,
    }
