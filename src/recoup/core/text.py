"""Text that people and machines send us, read strictly.

Every reader here returns the text to keep or raises ``NotReadable``: nothing is repaired in
silence. Kept text is in Unicode's composed form (NFC) and carries no control character, no
lone surrogate, and nothing invisible that changes how the rest is read.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from recoup.core.said import Said

VALUE_SHOWN: Final = 80
NAME_LENGTH: Final = 200
EMAIL_LENGTH: Final = 254
REFERENCE_LENGTH: Final = 140
NOTE_LENGTH: Final = 4000
SEARCH_LENGTH: Final = 200
FILENAME_LENGTH: Final = 255
URL_LENGTH: Final = 2000

# Letters and marks that print nothing, so that two different texts look the same.
INVISIBLE: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0x180B, 0x1810)))
)
JOINERS: Final = "\u200c\u200d\ufe0e\ufe0f"
MARKS_IN_A_ROW: Final = 4
CARD_IN_TEXT: Final = re.compile(r"(?<![0-9])[0-9](?:[ .\-]?[0-9]){11,18}(?![0-9])")
EMAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
HOST: Final = re.compile(
    r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
PRIVATE_HOSTS: Final = (
    "localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "localdomain",
    "home.arpa", "onion",
)  # fmt: skip


class NotReadable(Exception):
    """A value that cannot be taken as it stands.

    value: what was sent, shortened, with card numbers masked and nothing unprintable in it.
    problem, advice: what is wrong, and what to do; said: both. code: one short word for machines.
    facts: what the problem speaks of, for pages that say it in their own words.
    """

    def __init__(
        self,
        field: str,
        value: object,
        problem: str,
        advice: str,
        *,
        code: str = "not_readable",
        **facts: str | int,
    ) -> None:
        self.field, self.value, self.code = field, shown_safely(value), code
        self.problem, self.advice, self.facts = problem, advice, facts
        self.said = Said("%(problem)s %(advice)s", problem=problem, advice=advice)
        super().__init__(str(self.said))


@dataclass(frozen=True, slots=True)
class FileName:
    """The name a file came with, for showing only: files are stored under names of our own."""

    original: str
    shown: str


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812-1, annex B, as on cards."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def mask_digits(text: str) -> str:
    """Replace all but the first six and the last four digits, whatever stands between them."""
    places = [i for i, character in enumerate(text) if character.isdecimal()]
    hidden = set(places[6:-4])
    return "".join("•" if i in hidden else character for i, character in enumerate(text))


def mask_cards(text: str) -> str:
    """Mask every number in the text that may be a card's (12 to 19 digits, Luhn)."""

    def masked(found: re.Match[str]) -> str:
        digits = re.sub("[^0-9]", "", found.group())
        return mask_digits(found.group()) if luhn_holds(digits) else found.group()

    return CARD_IN_TEXT.sub(masked, text)


def shown_safely(value: object) -> str:
    """Return the value as it may stand in an error, a log or a page."""
    text = value if isinstance(value, str) else repr(value)
    text = mask_cards(text[:1000])
    text = text if len(text) <= VALUE_SHOWN else text[: VALUE_SHOWN - 1] + "…"
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def name_of(character: str) -> str:
    """Say a character by its code point and its Unicode name."""
    return f"U+{ord(character):04X} {unicodedata.name(character, 'without a name')}"


def _why_refused(character: str, *, lines: bool, joiners: bool) -> str | None:
    """Return why a character may not stand in kept text, or None if it may."""
    category = unicodedata.category(character)
    if category == "Cs":
        return Said("is half of a surrogate pair")
    if category == "Cc":
        return None if lines and character in "\n\t" else Said("is a control character")
    if joiners and character in JOINERS:
        return None
    if category == "Cf" or character in INVISIBLE:
        return Said("is invisible and can change how the rest is read")
    if category in ("Zl", "Zp"):
        return Said("is a line separator")
    if category == "Co" or ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
        return Said("has no agreed meaning")
    return Said("marks a character that was lost in copying") if character == "\ufffd" else None


def check_characters(text: str, *, field: str, lines: bool = False, joiners: bool = False) -> None:
    """Refuse what cannot be stored, or would make the text look like another one."""
    marks = 0
    for place, character in enumerate(text, start=1):
        if " " <= character <= "~":
            marks = 0
            continue
        why = _why_refused(character, lines=lines, joiners=joiners)
        if why:
            raise NotReadable(
                field,
                text,
                Said(
                    "Character %(place)s (%(character)s) %(why)s.",
                    place=place,
                    character=name_of(character),
                    why=why,
                ),
                Said("Type the text again instead of pasting it."),
                code="character_refused",
                place=place,
                character=name_of(character),
            )
        marks = marks + 1 if unicodedata.category(character) == "Mn" else 0
        if marks > MARKS_IN_A_ROW:
            raise NotReadable(
                field,
                text,
                Said(
                    "More than %(most)s accents stand on one letter (character %(place)s).",
                    most=MARKS_IN_A_ROW,
                    place=place,
                ),
                Said("Type the text again instead of pasting it."),
                code="character_refused",
            )


def _kept(
    text: object,
    *,
    field: str,
    max_length: int,
    required: bool,
    lines: bool = False,
    joiners: bool = False,
) -> str:
    if not isinstance(text, str):
        raise NotReadable(
            field,
            text,
            Said("This is not text."),
            Said("Send it as text, in quotes."),
            code="not_text",
        )
    if len(text) > max_length:
        raise NotReadable(
            field,
            text,
            Said(
                "The text has %(given)s characters; %(most)s is the most.",
                given=len(text),
                most=max_length,
            ),
            Said("Shorten it."),
            code="too_long",
        )
    text = text.replace("\r\n", "\n") if lines else text
    check_characters(text, field=field, lines=lines, joiners=joiners)
    kept = unicodedata.normalize("NFC", text).strip()
    if len(kept) > max_length:
        raise NotReadable(
            field,
            text,
            Said(
                "In composed form the text has %(given)s characters; %(most)s is the most.",
                given=len(kept),
                most=max_length,
            ),
            Said("Shorten it."),
            code="too_long",
        )
    if required and not kept:
        raise NotReadable(
            field, text, Said("Nothing was filled in."), Said("Fill it in."), code="missing"
        )
    return kept


def read_line(
    text: object, *, field: str, max_length: int = NAME_LENGTH, required: bool = True
) -> str:
    """Return one line of text, composed, without spaces at its ends."""
    return _kept(text, field=field, max_length=max_length, required=required)


def read_note(
    text: object, *, field: str = "note", max_length: int = NOTE_LENGTH, required: bool = False
) -> str:
    """Return text of several lines; emoji and the joiners of some scripts are kept."""
    return _kept(
        text, field=field, max_length=max_length, required=required, lines=True, joiners=True
    )


def read_name(text: object, *, field: str = "name") -> str:
    """Return a person's or organisation's name as written; markup in it is only letters."""
    return read_line(text, field=field, max_length=NAME_LENGTH)


def read_payment_reference(
    text: object, *, field: str = "reference", required: bool = False
) -> str:
    """Return the reference that stands on a payment, as written."""
    return read_line(text, field=field, max_length=REFERENCE_LENGTH, required=required)


def read_email(text: object, *, field: str = "email") -> str:
    """Return an e-mail address: one address, ASCII, nothing that could end a header line."""
    kept = read_line(text, field=field, max_length=EMAIL_LENGTH)
    local = kept.partition("@")[0]
    if not EMAIL.fullmatch(kept) or len(local) > 64:
        raise NotReadable(
            field,
            text,
            Said("This is not one e-mail address."),
            Said("Write it like name@example.org, without other signs."),
            code="not_an_email",
        )
    return kept


def read_search(text: object, *, field: str = "search") -> str:
    """Return words to search for; wildcards of databases in them mean nothing."""
    return read_line(text, field=field, max_length=SEARCH_LENGTH, required=False)


def read_filename(text: object, *, field: str = "filename") -> FileName:
    """Return the name a file came with, made harmless for showing; raises if it is not text.

    Any name is taken: the bytes are evidence, and are never stored under this name.
    """
    if not isinstance(text, str):
        raise NotReadable(
            field,
            text,
            Said("This is not text."),
            Said("Send the name as text."),
            code="not_text",
        )
    original = text.encode("utf-8", "backslashreplace").decode("utf-8")
    last = re.split(r"[/\\]", original)[-1]
    plain = "".join(
        "_" if _why_refused(c, lines=False, joiners=False) or c in '<>:"|?*' else c for c in last
    )
    plain = unicodedata.normalize("NFC", plain)[-FILENAME_LENGTH:].strip(". ")
    return FileName(original.replace("\x00", "\\x00")[:1000], plain or "file")


def _is_private_host(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.lower().rstrip(".")
        return any(name == part or name.endswith("." + part) for part in PRIVATE_HOSTS)


def read_url(text: object, *, field: str = "url") -> str:
    """Return an https address that is not plainly inside somebody's own network.

    A name can still lead to a private address: whoever connects must check again, after
    the name was looked up.
    """
    kept = read_line(text, field=field, max_length=URL_LENGTH)

    def refused(problem: str, code: str) -> NotReadable:
        return NotReadable(
            field, text, problem, Said("Write it like https://example.org/path."), code=code
        )

    try:
        parts = urlsplit(kept)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise refused(Said("This is not an address."), "not_a_url") from None
    if not kept.isascii() or any(c in kept for c in ' "<>\\^`{|}'):
        raise refused(Said("The address has characters that addresses do not have."), "not_a_url")
    if parts.scheme != "https":
        raise refused(Said("Only addresses that begin with https:// are taken."), "scheme_refused")
    if parts.username is not None or parts.password is not None:
        raise refused(Said("A name or password stands in the address."), "credentials_in_url")
    if port not in (None, 443):
        raise refused(Said("Only the usual port of https is taken."), "port_refused")
    if not host or _is_private_host(host):
        raise refused(Said("The address leads to a private network."), "private_host")
    if not HOST.fullmatch(host):
        raise refused(Said("A full host name is needed, not a number."), "not_a_host")
    return kept
