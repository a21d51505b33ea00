"""An imported flow is answered by the database, and says what the walk in memory says."""

from __future__ import annotations

from random import Random

import pytest
from django.test import Client

from recoup.apps.cases.models import Case
from recoup.apps.ledgers import models as ledgers
from recoup.apps.traces import operations, queries
from recoup.apps.traces.models import ImportedLedger
from recoup.standards.flow_csv import COLUMNS
from support.world import OFFICER, World, iban


def address(number: int) -> str:
    return f"0x{number:040x}"


def document(choose: Random, rows: int = 60) -> bytes:
    """Six addresses, some with names, values with more decimals than are counted."""
    names = {1: "", 2: "Exchange", 3: "", 4: "Mixer", 5: "", 6: ""}
    lines = [",".join(COLUMNS)]
    for number in range(rows):
        payer, payee = choose.choice([1, 1, 2, 3, 4, 5, 6]), choose.choice([2, 3, 4, 5, 6])
        values = {
            "Timestamp": f"2025-01-{1 + number % 28:02} 10:00:{number % 60:02}",
            "Block": str(100 + number),
            "Tx_hash": f"0x{choose.getrandbits(256):064x}",
            "From": address(payer),
            "From_label": names[payer],
            "To": address(payee),
            "To_label": names[payee],
            "Value_in_USD": f"{choose.randint(0, 900)}.{choose.randint(0, 10**8):09}",
        }
        lines.append(",".join(values[column] for column in COLUMNS))
    return "\n".join(lines).encode() + b"\n"


@pytest.fixture
def case(world: World) -> Case:
    filed = world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500_00)
    world.plan()
    return world.case_of(filed)


def imported(world: World, case: Case, content: bytes) -> ImportedLedger:
    with world.acting(world.actor(OFFICER)) as at:
        return operations.import_ledger(
            case=case, name="flow.csv", document=content, sources=[address(1)],
            terminals=[address(4)], by=world.actor(OFFICER), at=at,
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_the_database_answers_first_in_first_out_as_the_walk_does(
    world: World, case: Case, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = imported(world, case, document(Random(seed)))
    with world.acting(world.actor(OFFICER)):
        found = queries.findings_of(ledger, rule="fifo")
        stored, ledger.stored = ledger.stored, None
        right = queries.findings_of(ledger, rule="fifo")
        ledger.stored = stored
        assert type(found) is not type(right)
        for told in ("shares", "places", "bands", "adds_up", "paying_sources"):
            assert getattr(found, told) == getattr(right, told), told
        assert found.result == right.result
        assert found.conservation() == right.conservation()
        assert found.shares.lost and found.bands
        assert str(found.flow.residual_usd) == str(right.flow.residual_usd)
        assert found.as_json() == right.as_json()


def test_the_page_does_not_read_the_file_back_unless_another_rule_is_asked_for(
    world: World, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = imported(world, case, document(Random(4)))
    client = Client()
    client.cookies["sessionid"] = world.session_of(OFFICER)
    read = []
    flow_of = queries.flow_of
    monkeypatch.setattr(queries, "flow_of", lambda row: read.append(row) or flow_of(row))
    page = client.get(f"/ledgers/{ledger.id}")
    assert page.status_code == 200 and page.context["places"] and not read
    assert client.get(f"/ledgers/{ledger.id}?rule=prorata").status_code == 200 and len(read) == 1
    assert client.get(f"/ledgers/{ledger.id}?as=page").status_code == 200


def test_sums_beyond_64_bits_are_not_kept_with_positions(world: World, case: Case) -> None:
    """Each value fits, their sum does not: the walk in memory takes any."""
    head, *rows = document(Random(1), rows=3).decode().splitlines()
    large = [f"{row.rsplit(',', 1)[0]},9000000000000" for row in rows]
    ledger = imported(world, case, "\n".join([head, *large, ""]).encode())
    with world.acting(world.actor(OFFICER)):
        assert ledger.stored is None and not ledgers.Ledger.objects.exists()
        assert queries.findings_of(ledger, rule="fifo").adds_up
