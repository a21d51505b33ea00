"""Whose accounts there are in the invented country, and what happened on them: data only.

``stories`` turns this into ledgers. Amounts are whole dinars here; minutes count back from the
moment the demo starts. Every holder is invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recoup.demo.country import country, rs_iban, si_iban

ABROAD: Final = si_iban("99000", 90114)
WALLET: Final = "TRzBgV1MZ5EXcpYvpzC7tmtt9SLfLWEKBB"  # no one has its key
PHONE: Final = "+381600000105"
CARD: Final = "999500-0107"


@dataclass(frozen=True, slots=True)
class Kept:
    """An account of the stories. opening: dinars on it before a story begins."""

    key: str
    organisation: str
    number: int
    holder: str
    opening: int
    alias: tuple[str, str] | None = None

    @property
    def iban(self) -> str:
        return rs_iban(country().organisation(self.organisation).bank_code, self.number)


@dataclass(frozen=True, slots=True)
class Move:
    """One movement. payee: the key of an account, or the kind of place the money went to."""

    minutes: float
    payer: str
    payee: str
    amount: int
    words: str = ""
    place: str = ""
    ident: str = ""
    country: str = ""
    paid_as: tuple[str, str] | None = None
    state: str = "booked"
    recallable: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What a newcomer reports. payee_written: as the victim knows it, if not by account."""

    number: int
    title: str
    victim: str
    payee: str
    amount: int
    minutes: float
    words: str
    expect: str
    is_paid: bool = True
    payee_written: str = ""


ACCOUNTS: Final = (
    Kept("victim", "plum", 10001, "Zorica Primerak (invented)", 912_000),
    Kept("mule_1", "quince", 20001, "Igor Prolaznik (invented)", 35_000),
    Kept("mule_2", "walnut", 30001, "Maja Skretnica (invented)", 12_000),
    Kept("mule_3", "linden", 40001, "Vuk Pretakalo (invented)", 3_500),
    Kept("mule_4", "plum", 10002, "Sanja Odlivka (invented)", 5_000),
    Kept("mule_5", "sparrow", 50001, "Miloš Sitniš (invented)", 0),
    Kept("trader", "firefly", 60001, "Petar Lančanik (invented)", 0),
    Kept("victim_2", "walnut", 30002, "Dušan Ogledalo (invented)", 260_000),
    Kept("victim_3", "quince", 20002, "Milica Naočari (invented)", 90_000),
    Kept("mule_6", "walnut", 30003, "Toma Kapija (invented)", 1_000),
    Kept("reporter_4", "plum", 10003, "Lazar Magla (invented)", 500_000),
    Kept("shop", "walnut", 30004, "Prodavnica Izmišljotina (invented)", 1_250_000),
    Kept("victim_5", "walnut", 30005, "Ruža Lampica (invented)", 60_000),
    Kept("mule_7", "sparrow", 50002, "Neša Džep (invented)", 2_000, ("phone", PHONE)),
    Kept("victim_6", "quince", 20003, "Branko Kesica (invented)", 45_000),
    Kept("mule_8", "sparrow", 50003, "Kosta Futrola (invented)", 0, ("card", CARD)),
)

MOVES: Final = (
    # Story 1: a flat that was never to let. Three banks deep, one exchange, one bank without IT.
    Move(25, "victim", "mule_1", 480_000, "Kapara za stan 114"),
    Move(22, "mule_1", "cash", 40_000, place="ATM 0412, Trg Izmišljeni 1, Niš", country="RS"),
    Move(19, "mule_1", "mule_2", 300_000, "Pozajmica"),
    Move(16, "mule_1", "mule_3", 120_000, "Faktura 7"),
    Move(14, "mule_2", "trader", 90_000, "Uplata korisnika 60001"),
    Move(12, "mule_3", "card", 15_000, place="Shop 88, Novi Sad", country="RS"),
    Move(11, "mule_2", "mule_4", 180_000, "Povraćaj"),
    Move(10, "trader", "other", 50_000, place=f"USDT to {WALLET} (TRON)", ident=WALLET),
    Move(9, "mule_3", "mule_5", 25_000, "Dug"),
    Move(
        8,
        "mule_4",
        "abroad",
        20_000,
        "Invoice",
        f"Edelweiss Bank (invented), {ABROAD}",
        ABROAD,
        "SI",
    ),
    Move(7, "mule_5", "cash", 10_000, place="Agent 17, Subotica", country="RS"),
    # Story 2: a second victim of the same account; the money is still there.
    Move(6, "victim_2", "mule_1", 150_000, "Kapara za stan 114"),
    # Story 3: an order that has not been executed yet.
    Move(5, "victim_3", "mule_6", 65_000, "Polovni bicikl", state="pending"),
    # Story 5: paid to a telephone number. Story 6: paid to a card.
    Move(18, "victim_5", "mule_7", 24_000, "Karte za koncert", paid_as=("phone", PHONE)),
    Move(15, "mule_7", "cash", 9_000, place="Agent 17, Subotica", country="RS"),
    Move(13, "victim_6", "mule_8", 18_500, "Telefon", paid_as=("card", CARD), recallable=True),
)

STORIES: Final = (
    Story(1, "A flat that was never to let", "victim", "mule_1", 480_000, 25, "Kapara za stan 114",
          "Follows over six institutions; most of it is held, 165,000 of it at the third bank."),
    Story(2, "A second victim of the same account", "victim_2", "mule_1", 150_000, 6,
          "Kapara za stan 114", "Related to story 1 by the account; all of it is held."),
    Story(3, "An order that can still be stopped", "victim_3", "mule_6", 65_000, 5,
          "Polovni bicikl", "Stopped before execution: nothing leaves the account."),
    Story(4, "A payment that was never made", "reporter_4", "shop", 250_000, 30,
          "Avans", "No such debit: whatever was blocked is free again at once.", is_paid=False),
    Story(5, "Paid to a telephone number", "victim_5", "mule_7", 24_000, 18,
          "Karte za koncert", "17,000 is held, 7,000 was taken in cash.", payee_written=PHONE),
    Story(6, "Paid to a card", "victim_6", "mule_8", 18_500, 13,
          "Telefon", "Recalled: transfers to cards have an (invented) recall, dinar payments have "
          "none that is known. What was held is let go.", payee_written=CARD),
)  # fmt: skip


def account(key: str) -> Kept:
    """Return an account of the stories by its key."""
    return next(one for one in ACCOUNTS if one.key == key)
