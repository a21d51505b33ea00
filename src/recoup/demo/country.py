"""Who exists in the invented country: reads ``country.toml`` and makes its account numbers.

The account numbers carry correct control numbers (ISO 7064 MOD 97-10), so that every check of
the hub applies to them, and bank codes that are assigned to nobody.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

# What a person's role is called at the hub, by the kind of the organisation, where it differs.
HUB_ROLES = {
    ("police", "supervisor"): "duty_officer",
    ("fiu", "analyst"): "fiu_officer",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody invented with a sign-in at one desk."""

    organisation: str
    login: str
    role: str
    name_latn: str
    name_cyrl: str
    signs_standing_instruction: bool = False


@dataclass(frozen=True, slots=True)
class Organisation:
    """One invented institution or authority."""

    code: str
    kind: str
    answers_by: str
    country: str
    bank_code: str
    bic: str
    name_en: str
    name_sr_latn: str
    name_sr_cyrl: str
    contact_point: dict[str, str]
    card_prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alias:
    """A telephone number that the directory of instant payments knows, and whose customer it is."""

    scheme: str
    ident: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What an organisation says of itself to those who ask it, and who said it."""

    organisation: str
    login: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Country:
    """All of the invented country: its notice, organisations, people, aliases and profiles."""

    about: dict[str, Any]
    organisations: tuple[Organisation, ...]
    people: tuple[Person, ...]
    aliases: tuple[Alias, ...]
    profiles: tuple[Profile, ...] = ()

    def hub_role(self, person: Person) -> str:
        """Return the role under which the hub enrols a person."""
        kind = self.organisation(person.organisation).kind
        return HUB_ROLES.get((kind, person.role), person.role)

    def organisation(self, code: str) -> Organisation:
        """Return the organisation with this code; raises UnknownOrganisation."""
        for one in self.organisations:
            if one.code == code:
                return one
        raise UnknownOrganisation(code, [one.code for one in self.organisations])


class UnknownOrganisation(Exception):
    """The invented country has no organisation with this code."""

    def __init__(self, code: str, known: list[str]) -> None:
        self.code, self.known = code, known
        super().__init__(f"There is no organisation {code!r}. Use one of: {', '.join(known)}.")


@cache
def country() -> Country:
    """Return the invented country as it stands in ``country.toml``."""
    text = files("recoup.demo").joinpath("country.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return Country(
        about=data["country"],
        organisations=tuple(
            Organisation(**row | {"card_prefixes": tuple(row.get("card_prefixes", ()))})
            for row in data["organisation"]
        ),
        people=tuple(Person(**row) for row in data["person"]),
        aliases=tuple(Alias(**row) for row in data["alias"]),
        profiles=tuple(_profile(row) for row in data["profile"]),
    )


def _profile(row: dict[str, Any]) -> Profile:
    body = {name: value for name, value in row.items() if name not in ("organisation", "login")}
    body["data"] = {category: days or None for category, days in row["data"].items()}
    return Profile(row["organisation"], row["login"], body)


def rs_iban(bank_code: str, number: int) -> str:
    """Return the IBAN of account ``number`` (up to 13 digits) at a Serbian bank code."""
    digits = f"{bank_code}{number:013d}"
    control = 98 - int(digits + "00") % 97
    return _iban("RS", f"{digits}{control:02d}")


def si_iban(bank_code: str, number: int) -> str:
    """Return the IBAN of account ``number`` (up to 8 digits) at a Slovenian bank code."""
    digits = f"{bank_code}{number:08d}"
    control = 98 - int(digits + "00") % 97
    return _iban("SI", f"{digits}{control:02d}")


def rs_account(iban: str) -> str:
    """Return a Serbian IBAN as people write it at home: bank-number-control."""
    return f"{iban[4:7]}-{iban[7:20]}-{iban[20:22]}"


def _iban(country_code: str, bban: str) -> str:
    letters = "".join(str(int(c, 36)) for c in country_code)
    return f"{country_code}{98 - int(bban + letters + '00') % 97:02d}{bban}"
