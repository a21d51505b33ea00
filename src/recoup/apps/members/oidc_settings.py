"""Which provider of the state signs people in, as RECOUP_OIDC_… name it; off where none is named.

Read while the settings are made: half a setting stops the start, and says what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

ISSUER, CLIENT, NAME = "RECOUP_OIDC_ISSUER", "RECOUP_OIDC_CLIENT_ID", "RECOUP_OIDC_NAME"
SECRET, SECRET_FILE = "RECOUP_OIDC_CLIENT_SECRET", "RECOUP_OIDC_CLIENT_SECRET_FILE"  # noqa: S105
EQUAL_ACR, EQUAL_AMR = "RECOUP_OIDC_EQUAL_ACR", "RECOUP_OIDC_EQUAL_AMR"
ALL: Final = (ISSUER, CLIENT, NAME, SECRET, SECRET_FILE, EQUAL_ACR, EQUAL_AMR)
BACK: Final = "/sign-in/provider/back"
LONGEST_NAME: Final = 60


class OidcNotSet(Exception):
    """The sign-in through a provider is set by half, or in a way that would not be safe."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider, and this hub as its client.

    back: the one address it sends people back to. equal_acr, equal_amr: what it has to say of how
    it recognised somebody, for that to count as a passkey does; empty: never.
    """

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    name: str
    back: str
    equal_acr: frozenset[str] = frozenset()
    equal_amr: frozenset[str] = frozenset()

    @property
    def is_ever_equal(self) -> bool:
        return bool(self.equal_acr or self.equal_amr)


def read(env: Mapping[str, str], *, address: str, is_production: bool) -> Provider | None:
    """The provider that the environment names, or None. address: where people reach the hub."""
    said = {name: env.get(name, "").strip() for name in ALL}
    if not any(said.values()):
        return None
    missing = [name for name in (ISSUER, CLIENT, NAME) if not said[name]]
    if missing:
        raise OidcNotSet(f"A sign-in through a provider needs {' and '.join(missing)} as well.")
    if not address:
        raise OidcNotSet(
            f"{ISSUER} needs RECOUP_PUBLIC_ADDRESS: the provider sends people back to one address."
        )
    for what, url in ((ISSUER, said[ISSUER]), ("RECOUP_PUBLIC_ADDRESS", address)):
        _check_address(what, url, is_production=is_production)
    return Provider(
        said[ISSUER], said[CLIENT], _secret(said), said[NAME][:LONGEST_NAME], address + BACK,
        _words(said[EQUAL_ACR]), _words(said[EQUAL_AMR]),
    )  # fmt: skip


def _check_address(what: str, url: str, *, is_production: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise OidcNotSet(f"{what} is {url!r}, which is no address like https://sign-in.example.")
    if is_production and parts.scheme != "https":
        raise OidcNotSet(f"{what} is {url!r}; with RECOUP_PRODUCTION=1 it begins with https.")


def _secret(said: Mapping[str, str]) -> str:
    """From the file that is named, else from the environment."""
    if path := said[SECRET_FILE]:
        try:
            secret = Path(path).read_text(encoding="utf-8").strip()
        except OSError as fault:
            message = f"{SECRET_FILE} names {path!r}, which cannot be read: {fault}."
            raise OidcNotSet(message) from None
    else:
        secret = said[SECRET]
    if not secret:
        raise OidcNotSet(f"Name the client's secret in {SECRET_FILE}, or say it in {SECRET}.")
    return secret


def _words(text: str) -> frozenset[str]:
    return frozenset(word for part in text.split(",") if (word := part.strip()))
