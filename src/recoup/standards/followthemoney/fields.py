"""How long a value may be in FollowTheMoney 4.11, by schema and property; 1024 for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NUMBER_MOST: Final = 250
MOST: Final[Mapping[tuple[str, str], int]] = {
    ("", "name"): 384,
    ("", "summary"): 65_000,
    ("", "notes"): 65_000,
    ("CryptoWallet", "cryptoAddress"): 512,
    ("BankAccount", "accountNumber"): 64,
    ("BankAccount", "iban"): 64,
    ("BankAccount", "bic"): 16,
}
