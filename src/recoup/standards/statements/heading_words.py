"""Words over and beside tables of bookings, and what they usually mean.

Gathered by us from how banks in the region name their columns. For proposals only: what a word
means in one institution's file is what a person has confirmed. Latin letters without accents;
Cyrillic is written in them first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

_CYRILLIC: Final = str.maketrans(
    dict(zip("абвгдђежзијклљмнњопрстћуфхцчџшѓќѕ", (
        "a b v g d d e z z i j k l lj m n nj o p r s t c u f h c c dz s gj kj dz"
    ).split(), strict=True)) | {"đ": "d", "ı": "i", "ł": "l", "ß": "ss"}
)  # fmt: skip

COLUMN_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "booked_at": (
        "datum", "datum knjizenja", "datum transakcije", "datum promene", "datum i vreme",
        "datum prometa", "booking date", "booked", "booked at", "date", "transaction date",
        "posting date", "buchungstag", "buchungsdatum", "data",
    ),
    "value_on": ("datum valute", "valuta datum", "value date", "valuta", "datum izvrsenja"),
    "amount": ("iznos", "amount", "betrag", "iznos transakcije", "suma"),
    "credit": (
        "potrazuje", "uplata", "uplate", "odobrenje", "priliv", "u korist", "credit", "haben",
        "money in", "potrazni promet", "potrazuje iznos", "paid in",
    ),
    "debit": (
        "duguje", "isplata", "isplate", "zaduzenje", "odliv", "na teret", "debit", "soll",
        "money out", "dugovni promet", "paid out",
    ),
    "side": ("smer", "strana", "d p", "dug pot", "credit debit", "type", "vrsta promene", "dc"),
    "balance": ("stanje", "saldo", "balance", "running balance", "novo stanje", "stanje racuna"),
    "currency": ("oznaka valute", "valuta iznosa", "currency", "wahrung", "ccy", "sifra valute"),
    "account": ("racun", "broj racuna", "account", "account number", "iban", "konto"),
    "to": (
        "racun primaoca", "racun partnera", "racun nalogodavca primaoca", "racun druge strane",
        "counterparty account", "counterparty iban", "other account", "gegenkonto",
        "racun duznika poverioca", "partija partnera",
    ),
    "to_name": (
        "naziv", "primalac", "partner", "naziv partnera", "nalogodavac primalac", "counterparty",
        "counterparty name", "primalac nalogodavac", "payee", "naziv primaoca",
        "duznik poverilac",
    ),
    "reference": (
        "referenca", "broj transakcije", "referenca banke", "reference", "transaction id",
        "bank reference", "id transakcije", "broj naloga", "referenz", "transaction reference",
    ),
    "end_to_end": ("end to end", "endtoendid", "end to end id", "poziv na broj", "model i poziv"),
    "uetr": ("uetr",),
    "text": (
        "opis", "svrha", "svrha placanja", "svrha doznake", "description", "details", "purpose",
        "text", "verwendungszweck", "opis transakcije", "narrative",
    ),
}  # fmt: skip
LABEL_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "opening": ("pocetno stanje", "prethodno stanje", "opening balance", "anfangssaldo"),
    "closing": ("krajnje stanje", "zavrsno stanje", "novo stanje", "closing balance", "endsaldo"),
    "account": ("racun", "broj racuna", "account", "account number", "iban", "partija"),
    "currency": ("valuta", "currency"),
    "number": ("broj izvoda", "izvod broj", "statement number"),
    "page_closing": ("prenos", "za prenos", "carried forward"),
    "page_opening": ("donos", "brought forward"),
    "left_out": ("ukupno", "total", "svega", "ukupan promet"),
}  # fmt: skip
SIDE_WORDS: Final[Mapping[str, str]] = {
    "potrazuje": "credit", "p": "credit", "uplata": "credit", "priliv": "credit", "c": "credit",
    "cr": "credit", "credit": "credit", "crdt": "credit", "odobrenje": "credit", "+": "credit",
    "duguje": "debit", "d": "debit", "isplata": "debit", "odliv": "debit", "dr": "debit",
    "debit": "debit", "dbit": "debit", "zaduzenje": "debit", "-": "debit",
}  # fmt: skip

MEANS: Final = {word: column for column, words in COLUMN_WORDS.items() for word in words}
LABEL_MEANS: Final = {word: label for label, words in LABEL_WORDS.items() for word in words}


def plain(text: str) -> str:
    """Return words in small Latin letters without accents and signs; a lone sign is kept."""
    latin = text.casefold().translate(_CYRILLIC)
    bare = "".join(c for c in unicodedata.normalize("NFKD", latin) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split()) or text.strip()
