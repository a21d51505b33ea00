"""Amounts are written in the reader's way: the same as Babel writes them, in every language."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from django.conf import settings
from django.utils import translation

from recoup.web.templatetags import recoup_ui

CURRENCIES = ("RSD", "EUR", "JPY", "BTC", "a value of a ledger")


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_an_amount_is_written_as_babel_writes_it(language: str) -> None:
    dice = random.Random(1)
    with translation.override(language):
        for _ in range(500):
            amount, currency = dice.randrange(-(10**18), 10**18), dice.choice(CURRENCIES)
            amount //= 10 ** dice.randrange(19)
            digits = recoup_ui.decimals_of(currency)
            pattern = "#,##0" + ("." + "0" * digits if digits else "")
            asked = format_decimal(
                Decimal(amount).scaleb(-digits), format=pattern, locale=recoup_ui.babel_locale()
            )
            assert recoup_ui.written(amount, currency) == asked
