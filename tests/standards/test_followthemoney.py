"""FollowTheMoney: the library of the platforms takes every line, and loses nothing of it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from recoup.core.tracing import RULES
from recoup.standards import followthemoney
from recoup.standards.followthemoney import Known
from support.workings import hostile, long_one, plain

ACCEPT = Path(__file__).with_name("accept_followthemoney.py")
WALLETS = Known("wallet", world="ethereum", blockchain="ethereum")
BANK = Known("bank", iban="RS35260005601001611379", bank="Plum", country="RS", world="iban")


def read(document: bytes) -> list[dict]:
    return [json.loads(line) for line in document.splitlines()]


def test_every_step_is_a_payment_between_holders_that_are_there():
    entities = read(followthemoney.write(plain()))
    by_id = {one["id"]: one for one in entities}
    assert len(by_id) == len(entities)
    payments = [one["properties"] for one in entities if one["schema"] == "Payment"]
    assert [one["transactionNumber"] for one in payments] == [
        ["s1"],
        ["s2"],
        ["t2"],
        ["t3"],
        ["t4"],
    ]
    assert (payments[2]["amount"], payments[2]["currency"]) == (["90.00"], ["EUR"])
    assert payments[2]["date"] == ["2026-01-02T00:00:00"]
    assert payments[2]["recordId"] == ["ticket: T-2026-0007, line 3"]
    assert payments[2]["summary"][0].startswith("Carried 20.00 EUR of victims' money.")
    for one in payments:
        for link in ("payer", "beneficiary", "payerAccount", "beneficiaryAccount"):
            assert one[link][0] in by_id


def test_persons_stand_by_their_role_and_nothing_says_guilt():
    document = followthemoney.write(plain(names={"A": "Plum 20001"}))
    holders = [one for one in read(document) if one["schema"] == "LegalEntity"]
    said = {one["properties"]["name"][0]: one["properties"]["summary"][0] for one in holders}
    assert said["Holder of V"] == "Role: payer of a victim's payment. Not known by name here."
    assert said["Holder of Plum 20001 (A)"].startswith("Role: account holder.")
    assert all("topics" not in one["properties"] for one in read(document))
    for word in (b"suspect", b"criminal", b"fraudster", b"launder"):
        assert word not in document.lower()


def test_ids_are_the_same_in_every_export_and_apart_for_other_ledgers():
    assert followthemoney.write(plain()) == followthemoney.write(plain())
    one, other = (
        {x["id"] for x in read(followthemoney.write(found))} for found in (plain(), long_one(3))
    )
    assert not one & other
    named = {x["id"] for x in read(followthemoney.write(plain(names={"A": "Other"})))}
    assert named == one


def test_a_wallet_is_the_same_in_two_ledgers_of_one_chain():
    one, other = (
        {
            x["id"]
            for x in read(followthemoney.write(found, others=WALLETS))
            if "Wallet" in x["schema"]
        }
        for found in (plain(), long_one(3))
    )
    assert len(one & other) == 1


def test_marks_are_not_called_money():
    summaries = [
        one["properties"]["summary"][0]
        for one in read(followthemoney.write(plain(rule="poison")))
        if one["schema"] == "Payment"
    ]
    assert all("marked, which is no claim" in one for one in summaries)


DOCUMENTS = {
    "bank": lambda rule: followthemoney.write(plain(rule=rule), known={"A": BANK}),
    "wallet": lambda rule: followthemoney.write(plain(rule=rule), others=WALLETS),
    "hostile": lambda rule: followthemoney.write(hostile(rule=rule)),
    "long": lambda rule: followthemoney.write(hostile(rule=rule), others=Known(number="9" * 900)),
}


@pytest.mark.skipif(
    not os.environ.get("RECOUP_FTM_PYTHON"),
    reason="RECOUP_FTM_PYTHON names no Python that has followthemoney (see CONTRIBUTING.md)",
)
def test_the_library_takes_every_line_and_loses_nothing(tmp_path):
    files = []
    for name, write in DOCUMENTS.items():
        for rule in RULES:
            files.append(tmp_path / f"{name}-{rule}.ftm.json")
            files[-1].write_bytes(write(rule))
    run = subprocess.run(
        [os.environ["RECOUP_FTM_PYTHON"], str(ACCEPT), *map(str, files)],
        capture_output=True, text=True, timeout=120, check=False,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(files)} files accepted" in run.stdout
