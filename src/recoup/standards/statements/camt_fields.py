"""camt.053: which element is what. One table; the editions differ in where a name stands.

Source: ISO 20022, Bank-to-Customer Statement, camt.053.001.02, .04, .07 and .08.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
EDITIONS: Final = ("02", "04", "07", "08")

Path = tuple[str, ...]

#: our field -> where it stands in an entry's transaction (TxDtls), the first that is filled
OF_TRANSACTION: Final[Mapping[str, tuple[Path, ...]]] = {
    "reference": (("Refs", "AcctSvcrRef"), ("Refs", "AcctSvcrTxId")),
    "end_to_end": (("Refs", "EndToEndId"),),
    "uetr": (("Refs", "UETR"),),
}
ACCOUNT: Final[tuple[Path, ...]] = (("Id", "IBAN"), ("Id", "Othr", "Id"), ("Id", "PrtryAcct", "Id"))
#: side of the entry -> the other side's account and name
PARTIES: Final[Mapping[str, tuple[Path, tuple[Path, ...]]]] = {
    "CRDT": (("RltdPties", "DbtrAcct"), (
        ("RltdPties", "Dbtr", "Nm"), ("RltdPties", "Dbtr", "Pty", "Nm"),
        ("RltdPties", "UltmtDbtr", "Nm"), ("RltdPties", "UltmtDbtr", "Pty", "Nm"),
    )),
    "DBIT": (("RltdPties", "CdtrAcct"), (
        ("RltdPties", "Cdtr", "Nm"), ("RltdPties", "Cdtr", "Pty", "Nm"),
        ("RltdPties", "UltmtCdtr", "Nm"), ("RltdPties", "UltmtCdtr", "Pty", "Nm"),
    )),
}  # fmt: skip
NUMBER: Final[tuple[Path, ...]] = (("ElctrncSeqNb",), ("LglSeqNb",), ("Id",))
#: kinds of balances, the better first
OPENING: Final = ("OPBD", "PRCD", "ITBD")
CLOSING: Final = ("CLBD", "ITBD")
BOOKED: Final = "BOOK"
SAYS_NOTHING: Final = frozenset({"NOTPROVIDED", "NONREF", "NOT PROVIDED", "NONE"})
