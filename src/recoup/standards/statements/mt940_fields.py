"""MT940: which field is what, and how its parts stand. One table.

Source: SWIFT, Standards MT, Category 9, MT 940 Customer Statement Message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

#: tags of a statement, in the words that a refusal uses
TAGS: Final[Mapping[str, str]] = {
    "20": "reference", "21": "related reference", "25": "account", "28": "number",
    "28C": "number", "60F": "opening", "60M": "opening of the page", "61": "booking",
    "62F": "closing", "62M": "closing of the page", "64": "available", "65": "available later",
    "86": "text", "13D": "written at", "NS": "remark of the institution", "25P": "account",
    "34F": "limit", "90D": "debits", "90C": "credits",
}  # fmt: skip
NEEDED: Final = ("25", "60", "62")

FIELD: Final = re.compile(r":(?P<tag>[0-9]{2}[A-Z]?|NS):(?P<value>.*)")
#: the blocks of SWIFT: what stands before the statement, and lines of blocks alone
BEGINS: Final = re.compile(r"(?:\{[1-3]:[^\n]*)?\{4:")
ENVELOPE: Final = re.compile(r"(?:-\}|\{[1-5S]:.*\})(?:\{[5S]:.*\})?")
BALANCE: Final = re.compile(
    r"(?P<side>[CD])(?P<day>[0-9]{6})(?P<code>[A-Z]{3})(?P<amount>[0-9,]{1,20})"
)
BOOKING: Final = re.compile(
    r"(?P<value>[0-9]{6})(?P<entry>[0-9]{4})?(?P<side>R?[CD])(?P<funds>[A-Z])?"
    r"(?P<amount>[0-9]+,[0-9]*)(?P<kind>[A-Z][A-Z0-9]{3})(?P<reference>.*)"
)
AMOUNT: Final = re.compile(r"([0-9]{1,18}),([0-9]{0,18})")
NUMBER: Final = re.compile(r"(?P<number>[0-9]{1,5})(?:/(?P<page>[0-9]{1,5}))?")
#: part of a structured :86: -> what it says; the pieces of each are put together in their order
PARTS: Final[Mapping[str, str]] = {
    **{f"{n}": "text" for n in [*range(20, 30), *range(60, 64)]},
    "31": "account", "38": "iban", "32": "name", "33": "name",
}  # fmt: skip
#: words in :86: behind which an identifier stands
WORDS: Final[Mapping[str, re.Pattern[str]]] = {
    "end_to_end": re.compile(
        r"EREF\+(.{1,35}?)(?=(?:KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC)\+|\n|\Z)"
        r"|/EREF/([^/\n]{1,35})"
    ),
    "uetr": re.compile(r"(?:UETR[+:/ ]|/UETR/)\s*([0-9A-Fa-f-]{36})"),
    "iban": re.compile(r"(?:IBAN\+|/IBAN/)([A-Z]{2}[0-9]{2}[A-Z0-9]{8,30})"),
    "name": re.compile(r"/NAME/([^/]{1,70})"),
}
SAYS_NOTHING: Final = frozenset({"NONREF", "NOTPROVIDED", ""})
