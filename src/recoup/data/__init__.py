"""Facts with their source, kept as files beside this module and loaded into core's types.

Each loader reads its file once. A file that does not say where its facts come from, or says
something core does not know, is refused with its place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from recoup.core.law import (
    Catalogue,
    Channel,
    Pack,
    PackRefused,
    Treaty,
    Words,
    read_channels,
    read_measures,
    read_pack,
    read_treaty,
    read_words,
    refuse_unknown_articles,
)
from recoup.core.money import Currency
from recoup.core.rates import Rate, Rates

ASSET_DIGITS = 30
PACK = re.compile(r"[A-Z]{2}\.toml")
TREATY = re.compile(r"C?ETS[0-9]+\.toml")


def _as_json(value: Any) -> Any:
    """Turn days into text, so that a document can be stored and signed as JSON."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def read_toml(name: str) -> dict[str, Any]:
    """Return one of our files, such as ``law/RS.toml``, as plain JSON values."""
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    document: dict[str, Any] = _as_json(tomllib.loads(text))
    return document


@cache
def currencies() -> Mapping[str, Currency]:
    """Return the currencies of ISO 4217 by their alphabetic code."""
    table = read_toml("currencies.toml")["currency"]
    return MappingProxyType(
        {code: Currency(code, row["decimals"], row["name"]) for code, row in table.items()}
    )


@cache
def assets() -> Mapping[str, Currency]:
    """Return the units of value of chains, such as BTC, by their usual short name."""
    table = read_toml("currencies.toml")["asset"]
    return MappingProxyType(
        {
            code: Currency(code, row["decimals"], row["name"], ASSET_DIGITS, is_asset=True)
            for code, row in table.items()
        }
    )


def currency(code: str) -> Currency:
    """Return a currency by its code; KeyError if there is none."""
    return currencies()[code]


@cache
def usual_currency() -> Mapping[str, str]:
    """Return the usual currency of accounts by country."""
    table: dict[str, str] = read_toml("currencies.toml")["usual"]
    return MappingProxyType(table)


@cache
def exchange_rates() -> Rates:
    """Return the rates that bound what an exchanged payment can have become."""
    table = read_toml("exchange_rates.toml")
    rates = {
        code: Rate(Fraction(row["per_base"]), Fraction(row["tolerance_percent"], 100))
        for code, row in table["rate"].items()
    }
    return Rates(MappingProxyType(rates), table["as_of"])


@cache
def load_words() -> Words:
    """Return the words that measures, packs and requests are written in."""
    return read_words(read_toml("law/words.toml"), where="law/words.toml")


@cache
def load_measures() -> Catalogue:
    """Return what can be asked, by the measure's word."""
    name = "law/measures.toml"
    measures = read_measures(read_toml(name), words=load_words(), where=name)
    treaties = {treaty: load_treaty(treaty) for treaty in treaty_names()}
    refuse_unknown_articles(measures, treaties, where=name)
    return measures


@cache
def pack_countries() -> tuple[str, ...]:
    """Return the countries that have a pack, the exercise's too, in alphabetical order."""
    names = (entry.name for entry in files(__name__).joinpath("law").iterdir())
    return tuple(sorted(name[:2] for name in names if PACK.fullmatch(name)))


@cache
def treaty_names() -> tuple[str, ...]:
    """Return the treaties that there are, such as ``ETS185``, as ``load_treaty`` takes them."""
    names = (entry.name for entry in files(__name__).joinpath("law").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if TREATY.fullmatch(name)))


@cache
def load_pack(country: str) -> Pack:
    """Return a country's rules as they are shipped; raises PackRefused.

    The hub stores them under their own number; later versions are written there, not in files.
    """
    name = f"law/{country}.toml"
    if not (country.isascii() and country.isalpha() and country.isupper() and len(country) == 2):
        raise PackRefused(name, "A country has two capital letters.")
    if not files(__name__).joinpath(name).is_file():
        raise PackRefused(name, "There is no such file. Write one, beginning from law/RS.toml.")
    return read_pack(read_toml(name), measures=load_measures(), where=name)


@cache
def load_treaty(name: str) -> Treaty:
    """Return a treaty's articles and parties, such as ``CETS198``; raises PackRefused."""
    return read_treaty(read_toml(f"law/{name}.toml"), where=f"law/{name}.toml")


@cache
def load_channels() -> Mapping[str, Channel]:
    """Return the channels on which requests leave the country, by their words."""
    return read_channels(read_toml("law/channels.toml"), where="law/channels.toml")
