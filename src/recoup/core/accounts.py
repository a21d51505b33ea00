"""What people call an account: IBAN, national number, card, telephone, wallet, cash reference.

``read_account`` gives the key under which the account is kept, so that two people who write
the same account differently mean the same one. Nothing is ever guessed or repaired: a wrong
check digit is said, a corrected account never proposed, for money would be held on it.
Of a card only the first six and the last four digits leave this module (so two cards can
share a key); its full number is in no value and in no error.

Sources: ISO 13616 (IBAN), ISO 7064 MOD 97-10, ISO/IEC 7812-1 (cards), ITU-T E.164. Serbia's
account number: three digits of the bank, thirteen of the account, two of control.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import phonenumbers
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from recoup.core.said import Said
from recoup.core.text import NotReadable, luhn_holds, mask_digits, name_of, shown_safely
from recoup.core.wallets import CHAINS, ChecksumWrong, read_address

__all__ = [
    "SCHEMES", "AccountIdentifier", "NotReadable", "bank_code", "iban_of_rs_account",
    "read_account", "rs_account_of", "scheme_of_key",
]  # fmt: skip

SCHEMES: Final = ("iban", "rs_account", "card", "phone", "wallet", "cash_reference")
LONGEST: Final = 200
SEPARATORS: Final = re.compile(r"[ \t\u00a0\u2007\u2009\u202f]")
CASH_REFERENCE: Final = re.compile(r"([A-Z0-9]{2,20}:)?[A-Z0-9]{4,35}")
RS_PARTS: Final = re.compile(r"([0-9]{3})-([0-9]{1,13})-([0-9]{2})")
CARD_KEPT: Final = re.compile(r"([0-9]{6})[-*•…xX.]{1,13}([0-9]{4})")
WALLET: Final = re.compile(
    r"((?P<chain>[a-z]{3,10}):)?(?P<address>[0-9A-Za-z]{8,100})"
    r"(?:(?:[ ]*#|[ ]+(?:memo|tag|MEMO|TAG)[ :=]*)(?P<memo>.*))?"
)
IBAN_KEY: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
CHAIN_NAMES: Final = frozenset(chain for chain, _, _ in CHAINS)
MEMO: Final = re.compile(r"[!-~]{1,64}")
# Countries whose own check digits inside the IBAN follow one rule for every bank.
NATIONAL_CHECK: Final = frozenset(
    ("BA", "BE", "EE", "ES", "FI", "FR", "IT", "MC", "ME", "MK", "NO", "PT", "RS", "SI", "SM")
)
CHECK_ADVICE: Final = Said("Compare every character with the payment or the bank's paper.")
IBAN_CHECK: Final = Said("The IBAN's check digits do not fit the rest.")
CONTROL: Final = Said("The two control digits do not fit the rest.")
COPY_ADVICE: Final = Said("Copy the address again from the wallet or the payment.")


@dataclass(frozen=True, slots=True)
class AccountIdentifier:
    """One account, as it is stored and compared.

    scheme: iban, card, phone, wallet or cash_reference (a Serbian number is kept as its IBAN).
    ident: the key; upper-case IBAN, ``411111-1111``, ``+381641234567``, ``bitcoin:bc1...`` with
    ``#memo`` behind it, ``OPERATOR:REFERENCE``. institution_hint: what the directory of
    institutions is asked, such as ``RS:265``, ``card:411111``, ``chain:tron``; else empty.
    """

    scheme: str
    ident: str
    institution_hint: str = ""

    @property
    def country(self) -> str:
        """Country of an IBAN, ISO 3166-1 alpha-2 or XK; else empty."""
        return self.ident[:2] if self.scheme == "iban" else ""

    @property
    def memo(self) -> str:
        """Memo or tag of a wallet, which says whose money it is there; else empty."""
        return self.ident.partition("#")[2] if self.scheme == "wallet" else ""

    @property
    def address(self) -> str:
        """The key without a wallet's memo: what the institution that runs it is known by."""
        return self.ident.partition("#")[0] if self.scheme == "wallet" else self.ident

    @property
    def shown(self) -> str:
        """The account as people read it aloud."""
        if self.scheme == "iban":
            return " ".join(re.findall(".{1,4}", self.ident))
        if self.scheme == "card":
            return f"{self.ident[:4]} {self.ident[4:6]}•• … {self.ident[-4:]}"
        if self.scheme == "phone":
            parsed = phonenumbers.parse(self.ident)
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        if self.scheme == "wallet":
            address = self.ident.partition(":")[2].partition("#")[0]
            return f"{address} memo {self.memo}" if self.memo else address
        return self.ident.replace(":", " ")


def _may_be_card(text: str) -> bool:
    digits = "".join(c for c in text if c.isdecimal())
    has_letters = any("A" <= c <= "Z" for c in text.upper())
    is_national = len(digits) == 18 or RS_PARTS.fullmatch(text.strip())
    if not 12 <= len(digits) <= 19:
        return False
    return luhn_holds(digits) or not (has_letters or is_national)


def _refused(
    field: str, text: object, problem: str, advice: str, code: str, **facts: str | int
) -> NotReadable:
    """Make the error; whatever may be a card's number is masked in it."""
    if isinstance(text, str) and _may_be_card(text):
        text = mask_digits(text)
    return NotReadable(field, text, problem, advice, code=code, **facts)


def _plain(text: object, *, field: str) -> str:
    """Return the text without outer spaces; only plain printable ASCII is taken."""
    if not isinstance(text, str):
        raise _refused(
            field, text, Said("The account is not text."), Said("Send it as text."), "not_text"
        )
    if len(text) > LONGEST:
        raise _refused(
            field, text, Said("The account is longer than %(most)s characters.", most=LONGEST),
            CHECK_ADVICE, "too_long",
        )  # fmt: skip
    spaced = SEPARATORS.sub(" ", text).strip(" \r\n")
    for place, character in enumerate(spaced, start=1):
        if " " <= character <= "~" or character in "•…":
            continue
        problem = Said(
            "Character %(place)s is %(character)s.", place=place, character=name_of(character)
        )
        if character.isalnum():
            problem = Said(
                "Character %(place)s is %(character)s, which is not a plain Latin letter or digit.",
                place=place,
                character=name_of(character),
            )
        raise _refused(
            field,
            text,
            problem,
            Said("Type the account again with plain letters and digits."),
            "character_refused",
            place=place,
            character=name_of(character),
        )
    if not spaced:
        raise _refused(
            field, text, Said("No account was filled in."), Said("Fill it in."), "missing"
        )
    return spaced


def _mod_97(text: str) -> int:
    """Remainder of ISO 7064 MOD 97-10, letters counted as 10 to 35; 1 where it fits."""
    return int("".join(str(int(character, 36)) for character in text)) % 97


def _national_code(iban: str) -> str:
    return str(IBAN(iban, allow_invalid=True).bank_code or "")


def _iban_form(iban: str, text: str, *, field: str) -> None:
    """Refuse what is certainly wrong with the form: country, length, letters."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+", iban):
        raise _refused(
            field, text,
            Said("An IBAN begins with two letters of the country and two digits."),
            CHECK_ADVICE, "iban_form",
        )  # fmt: skip
    try:
        spec = IBAN(iban, allow_invalid=True).spec
    except SchwiftyException:
        spec = None
    if spec is None:
        raise _refused(
            field, text, Said("No country with IBANs has the code %(country)s.", country=iban[:2]),
            CHECK_ADVICE, "iban_country", country=iban[:2],
        )  # fmt: skip
    length = spec.iban_length
    if len(iban) != length:
        raise _refused(
            field, text,
            Said(
                "An IBAN of %(country)s has %(length)s characters; this one has %(given)s.",
                country=iban[:2], length=length, given=len(iban),
            ),
            CHECK_ADVICE, "iban_length", country=iban[:2], length=length, given=len(iban),
        )  # fmt: skip
    if not re.search("[ac]", spec.bban_spec):
        letter = re.search("[A-Z]", iban[4:])
        if letter:
            raise _refused(
                field, text,
                Said(
                    "After %(start)s an IBAN of %(country)s has digits only; "
                    "character %(place)s is %(letter)s.",
                    start=iban[:4], country=iban[:2], place=letter.start() + 5,
                    letter=letter.group(),
                ),
                CHECK_ADVICE, "iban_letters", place=letter.start() + 5, letter=letter.group(),
            )  # fmt: skip


def _check_failed(
    field: str, text: str, what: Said, hint: str, known_banks: Collection[str] | None
) -> NotReadable:
    """Say that check digits do not fit; name the bank code only if it is certainly unknown."""
    if known_banks is not None and hint not in known_banks:
        bank = hint.partition(":")[2]
        return _refused(
            field, text,
            Said("%(what)s No bank has the code %(bank)s.", what=what, bank=bank), CHECK_ADVICE,
            "check_digits", bank=bank,
        )  # fmt: skip
    problem = Said(
        "%(what)s One or more characters are wrong; which ones cannot be told.", what=what
    )
    return _refused(field, text, problem, CHECK_ADVICE, "check_digits")


def _read_iban(text: str, *, field: str, known_banks: Collection[str] | None) -> AccountIdentifier:
    iban = re.sub(r"^IBAN[ :]*", "", text.upper())
    iban = re.sub(r"[ -]", "", iban)
    _iban_form(iban, text, field=field)
    if _mod_97(iban[4:] + iban[:4]) != 1:
        hint = f"{iban[:2]}:{_national_code(iban)}"
        raise _check_failed(field, text, IBAN_CHECK, hint, known_banks)
    try:
        IBAN(iban, validate_bban=iban[:2] in NATIONAL_CHECK)
    except SchwiftyException:
        raise _refused(
            field, text,
            Said("The account inside is not one that %(country)s gives out.", country=iban[:2]),
            CHECK_ADVICE, "national_check",
        ) from None  # fmt: skip
    code = _national_code(iban)
    return AccountIdentifier("iban", iban, f"{iban[:2]}:{code}" if code else "")


def iban_of_rs_account(digits: str) -> str:
    """Return the IBAN of a Serbian account number of 18 digits."""
    return f"RS{98 - _mod_97(digits + 'RS00'):02d}{digits}"


def rs_account_of(identifier: AccountIdentifier) -> str | None:
    """Return the Serbian form, such as ``260-0056010016113-79``, of a Serbian IBAN."""
    if identifier.country != "RS":
        return None
    digits = identifier.ident[4:]
    return f"{digits[:3]}-{digits[3:16]}-{digits[16:]}"


def _read_rs_account(
    text: str, *, field: str, known_banks: Collection[str] | None
) -> AccountIdentifier:
    compact = text.replace(" ", "")
    if compact.upper().startswith("RS"):
        return _read_iban(text, field=field, known_banks=known_banks)
    parts = RS_PARTS.fullmatch(compact)
    digits = parts[1] + parts[2].zfill(13) + parts[3] if parts else compact.replace("-", "")
    if not digits.isdecimal():
        raise _refused(
            field, text, Said("A Serbian account number has digits and hyphens only."),
            Said("Write it like 260-56010016113-79."), "rs_letters",
        )  # fmt: skip
    if len(digits) != 18:
        raise _refused(
            field, text,
            Said(
                "A Serbian account number has 18 digits; this one has %(given)s.",
                given=len(digits),
            ),
            Said("Write all 18, or with hyphens like 260-56010016113-79."), "rs_length",
            given=len(digits),
        )  # fmt: skip
    if _mod_97(digits) != 1:
        hint = f"RS:{digits[:3]}"
        raise _check_failed(field, text, CONTROL, hint, known_banks)
    return AccountIdentifier("iban", iban_of_rs_account(digits), f"RS:{digits[:3]}")


def _read_card(text: str, *, field: str) -> AccountIdentifier:
    compact = text.replace(" ", "")
    kept = CARD_KEPT.fullmatch(compact)
    if kept:
        return AccountIdentifier("card", f"{kept[1]}-{kept[2]}", f"card:{kept[1]}")
    digits, masked = compact.replace("-", ""), mask_digits(text)
    if not digits.isdecimal() or not 12 <= len(digits) <= 19:
        raise _refused(
            field, masked, Said("A card number has 12 to 19 digits."),
            Said("Write all digits of the card, or its first six and last four like 411111-1111."),
            "card_length",
        )  # fmt: skip
    if not luhn_holds(digits):
        raise _refused(
            field, masked, Said("The card's check digit does not fit the rest."),
            Said("Compare every digit with the card."), "check_digits",
        )  # fmt: skip
    return AccountIdentifier("card", f"{digits[:6]}-{digits[-4:]}", f"card:{digits[:6]}")


def _read_phone(text: str, *, field: str, region: str) -> AccountIdentifier:
    advice = Said("Write it with the country, like +381 64 123 4567.")
    not_a_phone = Said("This is not a telephone number.")
    if not re.fullmatch(r"\+?[0-9 ()/.-]{5,30}", text):
        raise _refused(field, text, not_a_phone, advice, "not_a_phone")
    number = "+" + text[2:] if text.startswith("00") else text
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        raise _refused(field, text, not_a_phone, advice, "not_a_phone") from None
    if not phonenumbers.is_valid_number(parsed):
        raise _refused(
            field, text, Said("No such telephone number is given out."), advice, "no_phone"
        )
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return AccountIdentifier("phone", e164)


def _read_wallet(text: str, *, field: str) -> AccountIdentifier:
    found = WALLET.fullmatch(text)
    try:
        known = read_address(found["address"]) if found else None
    except ChecksumWrong:
        raise _refused(
            field, text, Said("The address's checksum does not fit the rest."), COPY_ADVICE,
            "check_digits",
        ) from None  # fmt: skip
    if found is None or known is None:
        raise _refused(
            field, text, Said("This is not an address of Bitcoin, Ethereum or TRON."),
            COPY_ADVICE, "not_a_wallet",
        )  # fmt: skip
    chain, address = known
    if found["chain"] not in (None, chain):
        raise _refused(
            field, text,
            Said(
                "The address is one of %(chain)s, not of %(told)s.",
                chain=chain, told=found["chain"],
            ),
            Said("Check which chain was paid on."), "wrong_chain",
        )  # fmt: skip
    memo = (found["memo"] or "").strip()
    if found["memo"] is not None and not MEMO.fullmatch(memo):
        raise _refused(
            field, text, Said("A memo or tag has 1 to 64 signs without spaces."),
            Said("Write it after #, or leave the # out."), "memo",
        )  # fmt: skip
    return AccountIdentifier(
        "wallet", f"{chain}:{address}" + (f"#{memo}" if memo else ""), f"chain:{chain}"
    )


def _read_cash_reference(text: str, *, field: str) -> AccountIdentifier:
    key = re.sub(r"[ -]", "", text.upper())
    if not CASH_REFERENCE.fullmatch(key):
        raise _refused(
            field, text, Said("A cash reference has 4 to 35 letters and digits."),
            Said(
                "Copy it from the receipt; the operator may stand before it, like WU:1234567890."
            ),
            "not_a_cash_reference",
        )  # fmt: skip
    if any(luhn_holds(digits) for digits in re.findall("[0-9]{13,19}", key)):
        raise _refused(
            field, mask_digits(text), Said("This may be a card number, which is not kept."),
            Said("If a card was used, say that it is a card."), "looks_like_card",
        )  # fmt: skip
    operator = key.partition(":")[0] if ":" in key else ""
    return AccountIdentifier("cash_reference", key, f"cash:{operator}" if operator else "")


READERS: Final = {
    "card": _read_card, "wallet": _read_wallet, "cash_reference": _read_cash_reference,
}  # fmt: skip


def _scheme_of(text: str) -> str | None:
    """Recognise how an account is written; None where more than one reading is possible."""
    compact = re.sub(r"[ ]", "", text)
    digits = re.sub(r"[-./()+]", "", compact)
    if re.match(r"(IBAN[:]?)?[A-Za-z]{2}[0-9]{2}", compact, re.IGNORECASE) and not re.match(
        "bc1", compact, re.IGNORECASE
    ):
        return "iban"
    if CARD_KEPT.fullmatch(compact) and not compact.startswith("0"):
        return "card"
    if digits.isdecimal():
        if compact.startswith(("+", "0", "(")):
            return "phone"
        if RS_PARTS.fullmatch(compact) or len(digits) == 18:
            return "rs_account"
        return "card" if 13 <= len(digits) <= 19 else None
    found = WALLET.fullmatch(text)
    return "wallet" if found and re.match("[Bb][Cc]1|0[xX]|[13T]", found["address"]) else None


def read_account(
    text: object,
    *,
    scheme: object = None,
    field: str = "account",
    region: str = "RS",
    known_banks: Collection[str] | None = None,
) -> AccountIdentifier:
    """Return the account that a text names; raises NotReadable.

    scheme: how it is written; None recognises every scheme but a cash reference by its form.
    region: country of telephone numbers without one. known_banks: hints (``RS:265``) of all
    banks there are, so that an error may say that a bank code is unknown.
    """
    plain = _plain(text, field=field)
    known = scheme or _scheme_of(plain)
    if known in ("iban", "rs_account"):
        read = _read_iban if known == "iban" else _read_rs_account
        return read(plain, field=field, known_banks=known_banks)
    if known == "phone":
        return _read_phone(plain, field=field, region=region)
    if isinstance(known, str) and known in READERS:
        return READERS[known](plain, field=field)
    if known is None:
        raise _refused(
            field, text, Said("The account is not written in a known way."),
            Said(
                "Write an IBAN, the 18 digits of a Serbian account, a card, a telephone number "
                "with +, or a wallet address."
            ),
            "unknown_form",
        )  # fmt: skip
    raise _refused(
        field, text,
        Said("There is no way of writing accounts called %(told)s.", told=shown_safely(known)),
        Said("Say one of: %(known)s.", known=", ".join(SCHEMES)), "unknown_scheme",
    )  # fmt: skip


def scheme_of_key(ident: str) -> str:
    """Return the scheme of an account of which only the stored key is at hand."""
    if ident.startswith("+"):
        return "phone"
    if ident.partition(":")[0] in CHAIN_NAMES:
        return "wallet"
    if CARD_KEPT.fullmatch(ident):
        return "card"
    return "iban" if IBAN_KEY.fullmatch(ident) else "cash_reference"


def bank_code(identifier: AccountIdentifier) -> str | None:
    """Return the national bank code of an IBAN; in Serbia the first three digits."""
    country, _, code = identifier.institution_hint.partition(":")
    return code if identifier.scheme == "iban" and country == identifier.country else None
