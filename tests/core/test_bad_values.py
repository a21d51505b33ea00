"""Every single value of the collection of bad input, against the reader of its field."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from recoup.core.accounts import read_account
from recoup.core.moments import read_day
from recoup.core.money import Currency, parse_amount
from recoup.core.text import (
    NotReadable,
    read_email,
    read_filename,
    read_name,
    read_search,
    read_url,
)

VALUES = Path(__file__).parents[3] / "shared" / "badinput" / "values.jsonl"
IS_COMPLETE = os.environ.get("RECOUP_REQUIRE_ALL") == "1"
RSD = Currency("RSD", 2, "Serbian Dinar")
# For each field: how it is read, and what the same value looks like when it is read back.
READERS = {
    "iban": lambda value: read_account(value, scheme="iban").shown,
    "email": read_email,
    "name": read_name,
    "amount": lambda value: parse_amount(value, RSD),
    "date": read_day,
    "filename": lambda value: read_filename(value).shown,
    "url": read_url,
    "search": read_search,
}


def rows():
    if not VALUES.is_file():
        return []
    return [json.loads(line) for line in VALUES.read_text(encoding="utf-8").splitlines() if line]


def test_the_collection_of_bad_values_is_there_where_it_has_to_be():
    if not rows() and not IS_COMPLETE:
        pytest.skip("The collection of bad input is not beside this repository.")
    assert len(rows()) >= 16


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['field']}-{row['why']}")
def test_each_value_meets_its_expected_end(row):
    read, value = READERS[row["field"]], row["value"]
    if row["expect"].startswith("REJECT"):
        with pytest.raises(NotReadable) as refusal:
            read(value)
        assert refusal.value.problem and refusal.value.advice
    elif row["expect"] == "ACCEPT_EXACT":
        assert read(value) == value
    else:
        assert row["expect"] == "ACCEPT_INERT"
        kept = read(value)
        if row["field"] == "filename":
            assert kept and not set(kept) & set("/\\\x00")
        else:
            assert kept == value
