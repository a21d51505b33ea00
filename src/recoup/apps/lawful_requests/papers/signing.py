"""Signs a paper (PAdES B-B, with a time stamp B-T) in the field that the print keeps free for it.

The signature is appended to the printed bytes and changes none of them, so that the first part of a
signed paper is the print itself. Nothing is fetched: the certificates go in from the folder.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from asn1crypto import keys, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.stamp.noop import NoOpStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from recoup.apps.lawful_requests.papers.authority import Credential
from recoup.apps.lawful_requests.papers.stamping import NoStamp
from recoup.apps.loops import apart_from_loop

log = logging.getLogger("recoup.papers")

# The field of paper.typ: 60 by 30 mm, 18 mm from the right and 16 mm from the top of A4.
MM: Final = 72 / 25.4
BOX: Final = tuple(round(mm * MM) for mm in (210 - 18 - 60, 297 - 16 - 30, 210 - 18, 297 - 16))
FIELD: Final = "Signature"
SECOND_FIELD: Final = "CounterSignature"
RESERVED: Final = 20_480  # hex digits for signature, two certificates and a stamp
NEXT_KEY: Final = pdf_name("/ParentTreeNextKey")


@dataclass(frozen=True, slots=True)
class SignedBy:
    """Who signs: the certificate with its key, and what the signature says of it."""

    credential: Credential
    name: str
    role: str
    at: datetime


def signed(
    pdf: bytes, by: SignedBy, *, stamper: TimeStamper | None = None, field: str = FIELD
) -> bytes:
    """Return the paper with one signature more; without a stamp where none can be had."""
    try:
        return apart_from_loop(lambda: asyncio.run(_sign(pdf, by, stamper, field)))
    except (NoStamp, TimestampRequestError) as fault:
        log.warning("signed without a time stamp: %s", fault)
        return apart_from_loop(lambda: asyncio.run(_sign(pdf, by, None, field)))


async def _sign(pdf: bytes, by: SignedBy, stamper: TimeStamper | None, field: str) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    store = SimpleCertificateStore()
    store.register(x509.Certificate.load(by.credential.root))
    signer = SimpleSigner(
        x509.Certificate.load(by.credential.certificate),
        keys.PrivateKeyInfo.load(by.credential.key),
        store,
    )
    meta = PdfSignatureMetadata(
        field_name=field, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, name=by.name,
        reason=by.role or None,
    )  # fmt: skip
    box: Any = BOX if field == FIELD else None
    place = SigFieldSpec(field, on_page=0, box=box, readable_field_name=by.name)
    pdf_signer = PdfSigner(
        meta, signer, timestamper=stamper, new_field_spec=place, stamp_style=NoOpStampStyle()
    )
    session = pdf_signer.init_signing_session(writer)
    session.system_time = by.at
    if box:
        _say_to_readers(writer, session.sig_field, by)
    prepared = session.prepare_tbs_document(None, bytes_reserved=RESERVED)
    digest, output = prepared.digest_tbs_document()
    done = await prepared.perform_signature(
        document_digest=digest.document_digest, pdf_cms_signed_attrs=_attributes(by)
    )
    await done.post_signature_processing(output)
    output.seek(0)
    return bytes(output.read())


def _attributes(by: SignedBy) -> Any:
    from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

    return PdfCMSSignedAttributes(signing_time=by.at)


def _say_to_readers(writer: IncrementalPdfFileWriter, field: Any, by: SignedBy) -> None:
    """Put the field into the tree of tags, so that a screen reader meets it (PDF/UA-1, 7.18.4)."""
    if "/StructTreeRoot" not in writer.root:
        raise SigningError("The print has no tags that the signature's field could join.")
    tree = writer.root["/StructTreeRoot"]
    document = tree["/K"]
    document = document[0] if isinstance(document, generic.ArrayObject) else document
    number = int(tree.get("/ParentTreeNextKey", 0))
    fields = writer.root["/AcroForm"]["/Fields"]
    widget = fields.raw_get(len(fields) - 1).reference  # the one that was just added
    element = writer.add_object(
        generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/StructElem"),
                pdf_name("/S"): pdf_name("/Form"),
                pdf_name("/P"): _pointer(document.container_ref, writer),
                pdf_name("/Alt"): generic.TextStringObject(by.name),
                pdf_name("/K"): generic.DictionaryObject(
                    {
                        pdf_name("/Type"): pdf_name("/OBJR"),
                        pdf_name("/Obj"): _pointer(widget, writer),
                    }
                ),
            }
        )
    )
    document["/K"].append(element)
    tree["/ParentTree"]["/Nums"] += [generic.NumberObject(number), element]
    tree[NEXT_KEY] = generic.NumberObject(number + 1)
    field[pdf_name("/StructParent")] = generic.NumberObject(number)
    for changed in (document, tree):
        writer.update_container(changed)


def _pointer(reference: generic.Reference, writer: IncrementalPdfFileWriter) -> Any:
    return generic.IndirectObject(reference.idnum, reference.generation, writer)
