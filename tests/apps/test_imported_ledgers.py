"""An imported flow is answered by the database, and says what the walk in memory says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recoup.apps.cases.models import Case
from recoup.apps.ledgers import models as ledgers
from recoup.apps.traces import late_operations, operations, queries
from recoup.apps.traces.models import ImportedLedger, LaterTransfers
from recoup.cli import ledger as ledger_command
from recoup.core.tracing import trace
from recoup.standards import flow_csv
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


def test_the_form_says_what_it_takes_and_which_command_takes_more(world: World, case: Case) -> None:
    page = Client()
    page.cookies["sessionid"] = world.session_of(OFFICER)
    form = page.get(f"/cases/{case.id}/ledgers/new").content.decode()
    assert "at most 4 MB" in form and "./recoup ledger load FILE.csv" in form
    file = SimpleUploadedFile("flow.csv", b"x" * 4_000_001)
    typed = {"file": file, "profile": "flow_csv", "sources": address(1), "terminals": ""}
    refused = page.post(f"/cases/{case.id}/ledgers/preview", typed)
    assert refused.status_code == 422
    assert "larger than 4 MB. Keep and trace it by the command" in refused.content.decode()


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


# Later files


def parts_of(content: bytes, *, without: set[int]) -> tuple[bytes, bytes]:
    """The file without some of its lines, counted from 0; and these lines as a later file."""
    head, *lines = content.decode().splitlines()
    first = [line for n, line in enumerate(lines) if n not in without]
    later = [line for n, line in enumerate(lines) if n in without]
    return tuple("\n".join([head, *some, ""]).encode() for some in (first, later))  # type: ignore[return-value]


def add(world: World, row: ImportedLedger, content: bytes) -> LaterTransfers:
    with world.acting(world.actor(OFFICER)) as at:
        return late_operations.add_later(
            imported=row, name="later.csv", document=content, by=world.actor(OFFICER),
            at=at + timedelta(minutes=1),
        )  # fmt: skip


def shown(world: World, row: ImportedLedger) -> str:
    page = Client()
    page.cookies["sessionid"] = world.session_of(OFFICER)
    return page.get(f"/ledgers/{row.id}").content.decode()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rule", ["fifo", "prorata"])
def test_late_transfers_give_what_the_whole_file_gives(
    world: World, case: Case, seed: int, rule: str
) -> None:
    whole = document(Random(seed), rows=28)
    first, later = parts_of(whole, without={5, 9, 21})
    row = imported(world, case, first)
    told = add(world, row, later)
    assert (told.rows, told.known) == (3, 0) and told.late >= 1
    right = flow_csv.read(whole).ledger(sources=[address(1)])
    with world.acting(world.actor(OFFICER)):
        found = queries.findings_of(row, rule=rule)
        assert found.result.held == trace(right, rule=rule).held
        assert found.flow.residual_usd == flow_csv.read(whole).residual_usd
        sources = {str(step.source) for step in found.working.steps}
    assert any(one.startswith("later.csv, line ") for one in sources)
    assert any(one.startswith("flow.csv, line ") for one in sources)


def test_the_page_says_when_it_was_traced_and_that_a_late_booking_traced_it_again(
    world: World, case: Case
) -> None:
    first, later = parts_of(document(Random(2), rows=28), without={5, 9, 21})
    row = imported(world, case, first)
    with world.acting(world.actor(OFFICER)):
        before = queries.traced_at(row)
    assert before == row.imported_at
    assert "last looked up" in shown(world, row) and "later.csv" not in shown(world, row)
    told = add(world, row, later)
    assert told.is_traced_again
    with world.acting(world.actor(OFFICER)):
        after = queries.traced_at(row)
    assert after == told.added_at > before
    page = shown(world, row)
    assert "3 later transfers booked" in page and "the money was traced again" in page


def test_the_command_books_a_later_file_or_says_why_not(
    world: World, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(ledger_command.environment, "prepare_django", lambda: None)
    first, later = parts_of(document(Random(2), rows=28), without={5, 9, 21})
    row = imported(world, case, first)
    file = tmp_path / "later.csv"
    file.write_bytes(later)
    assert ledger_command.main(["book", str(row.stored_id), str(file)]) == 0
    assert "3 booked" in (told := capsys.readouterr().out) and "traced again" in told
    assert ledger_command.main(["book", str(row.stored_id), str(file)]) == 2
    assert "All 3 transfers are there already" in capsys.readouterr().err
    assert ledger_command.main(["book", "999999", str(file)]) == 2
    assert "no imported flow" in capsys.readouterr().err


def post(world: World, url: str, **fields: object) -> tuple[int, str]:
    page = Client()
    page.cookies["sessionid"] = world.session_of(OFFICER)
    answer = page.post(url, fields)
    return answer.status_code, answer.content.decode()


def token_of(page: str) -> str:
    return page.split('name="token" value="')[1].split('"')[0]


def test_the_page_shows_what_a_later_file_adds_and_then_adds_it_once(
    world: World, case: Case
) -> None:
    first, later = parts_of(document(Random(2), rows=28), without={5, 9, 21})
    row = imported(world, case, first)
    file = SimpleUploadedFile("more.csv", later)
    status, page = post(world, f"/ledgers/{row.id}/later/look", file=file)
    assert status == 200 and "Add 3 transfers" in page
    with world.acting(world.actor(OFFICER)):
        assert not row.later.exists() and row.transfers.count() == 25
        assert ledgers.Transfer.objects.filter(ledger=row.stored).count() == 25
    carried = token_of(page)
    assert post(world, f"/ledgers/{row.id}/later", token=carried)[0] == 302
    with world.acting(world.actor(OFFICER)):
        sha256 = bytes(row.later.get().sha256).hex()
        assert row.transfers.count() == 28
    assert sha256 in shown(world, row) and bytes(row.sha256).hex() in shown(world, row)
    status, page = post(world, f"/ledgers/{row.id}/later", token=carried)
    assert status == 409 and "All 3 transfers are there already" in page


def test_the_page_takes_a_later_file_as_long_as_it_says(world: World, case: Case) -> None:
    """Random digests do not shrink, so the token that carries it is about as long as the file."""
    row = imported(world, case, document(Random(3), rows=20))
    start, choose = datetime(2025, 3, 1, tzinfo=UTC), Random(4)
    lines = [
        f"{start + timedelta(minutes=n):%Y-%m-%d %H:%M:%S},{n},0x{choose.getrandbits(256):064x},"
        f"{address(2)},,{address(3)},,1.00"
        for n in range(6_000)
    ]
    later = "\n".join([",".join(COLUMNS), *lines, ""]).encode()
    assert 1_000_000 < len(later) < 4_000_000
    file = SimpleUploadedFile("more.csv", later)
    status, page = post(world, f"/ledgers/{row.id}/later/look", file=file)
    assert status == 200, page.split("rc-problem")[1][:600]
    assert "Add 6000 transfers" in page.replace(",", "")
    carried = token_of(page)
    assert post(world, f"/ledgers/{row.id}/later", token=carried)[0] == 302


@pytest.mark.parametrize("content", [b"", b"Timestamp,Block\n1,2\n", b"\xff\xfe\x00"])
def test_the_page_refuses_a_later_file_that_it_cannot_read(
    world: World, case: Case, content: bytes
) -> None:
    row = imported(world, case, document(Random(1), rows=20))
    file = SimpleUploadedFile("more.csv", content)
    status, page = post(world, f"/ledgers/{row.id}/later/look", file=file)
    assert status == 422 and 'role="alert"' in page and 'name="token"' not in page
    assert post(world, f"/ledgers/{row.id}/later", token="bm8=")[0] == 422
    with world.acting(world.actor(OFFICER)):
        assert not row.later.exists() and row.transfers.count() == 20


def test_what_lies_elsewhere_does_not_trace_it_again(world: World, case: Case) -> None:
    row = imported(world, case, document(Random(1), rows=20))
    head = ",".join(COLUMNS)
    line = f"2025-01-01 00:00:01,1,0x{7:064x},{address(70)},,{address(71)},,5.00"
    told = add(world, row, f"{head}\n{line}\n".encode())
    assert not told.is_traced_again
    with world.acting(world.actor(OFFICER)):
        assert queries.traced_at(row) == row.imported_at
    assert "none of them lies in the money" in shown(world, row)


def test_what_cannot_be_added_changes_nothing(world: World, case: Case) -> None:
    content = document(Random(1), rows=20)
    row = imported(world, case, content)
    lines = content.decode().splitlines()
    same_moment = lines[3].replace(lines[3].split(",")[2], f"0x{9:064x}")
    other_value = lines[3].rsplit(",", 1)[0] + ",1.00"
    new = f"2025-02-01 00:00:01,1,0x{7:064x},{address(2)},,{address(3)},,5.00"
    for more, words in (
        (lines[1:], "there already"),
        ([same_moment], "other transfers of"),
        ([other_value, new], "another time or value"),
    ):
        given = "\n".join([lines[0], *more, ""]).encode()
        with pytest.raises(late_operations.CannotAdd, match=words):
            add(world, row, given)
    with world.acting(world.actor(OFFICER)):
        assert row.transfers.count() == 20 and not row.later.exists()
        assert ledgers.Transfer.objects.filter(ledger=row.stored).count() == 20
