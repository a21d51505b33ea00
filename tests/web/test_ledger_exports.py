"""A trace to take away: every form under every rule, for who may, and noted in the trail."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re

import pytest
from django.test import Client

from recoup.apps.traces import operations
from recoup.apps.traces.models import ImportedLedger
from recoup.web.ledger_exports import FORMS, RULES
from support.case_pages import signed_in
from support.roles import as_owner
from support.world import FIU, OFFICER, PROSECUTOR, World, iban

DOCUMENT = """Timestamp,Block,Tx_hash,From,From_label,To,To_label,Value_in_USD
2024-01-01 00:00:00,1,h1,0xV,Victim,0xA,=1+1,100
2024-01-02 12:00:00,2,h2,0xA,,0xT,<script>alert(1)</script>,60
2024-01-04 00:00:00,4,h4,0xA,,0xB,,10
"""


@pytest.fixture
def imported(world: World) -> ImportedLedger:
    filed = world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500_00)
    world.plan()
    case = world.case_of(filed)
    with world.acting(by := world.actor(OFFICER)) as at:
        return operations.import_ledger(
            case=case, name="Трансфери 2024.csv", document=DOCUMENT.encode(), sources=["0xv"],
            terminals=["0xt"], by=by, at=at,
        )  # fmt: skip


@pytest.fixture
def officer(imported: ImportedLedger) -> Client:
    return signed_in(OFFICER)


def take(client: Client, ledger: ImportedLedger, form: str, **query: str):
    return client.get(f"/ledgers/{ledger.id}/export", {"form": form, **query})


def trail(world: World, ledger: ImportedLedger) -> list[dict]:
    with as_owner():
        rows = world.run(
            "select body from audit_auditleaf where stream = %s order by stream_seq",
            f"export:{ledger.id.hex}",
        )
    return [json.loads(bytes(body)) for (body,) in rows]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_a_file_and_a_line_of_the_trail(world, imported, officer, form):
    answer = take(officer, imported, form, rule="libr")
    assert answer.status_code == 200
    assert answer["Content-Type"] == FORMS[form].content_type
    name = re.fullmatch(r'attachment; filename="([\w.-]+)"', answer["Content-Disposition"])
    assert name
    assert name[1].isascii()
    assert name[1].endswith(FORMS[form].suffix)
    (line,) = trail(world, imported)
    assert "trace:exported" in json.dumps(line)
    assert hashlib.sha256(answer.content).hexdigest() in json.dumps(line)
    assert '"libr"' in json.dumps(line)


def test_the_forms_say_the_same(imported, officer):
    steps = take(officer, imported, "steps").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(steps, newline="")))
    working = json.loads(take(officer, imported, "working").content)
    assert [row["transfer"] for row in rows] == [one["transfer"] for one in working["steps"]]
    assert rows[0]["payee_name"] == "'=1+1"
    assert {row["inputs_sha256"] for row in rows} == {working["inputs"]["sha256"]}
    assert take(officer, imported, "pdf").content.startswith(b"%PDF")
    assert b"<script>alert" not in take(officer, imported, "page").content


def test_two_exports_are_two_lines_of_one_stream(world, imported, officer):
    first, second = (take(officer, imported, "working", rule=rule) for rule in ("fifo", "lifo"))
    assert first.content != second.content
    assert len(trail(world, imported)) == 2
    assert take(officer, imported, "working", rule="fifo").content == first.content


def test_the_page_offers_the_rules_and_the_files_of_the_rule_shown(imported, officer):
    said = officer.get(f"/ledgers/{imported.id}", {"rule": "libr"}).content.decode()
    assert '<option value="libr" selected>' in said
    assert all(f'<option value="{rule}"' in said for rule in RULES)
    for form in FORMS:
        assert f"/ledgers/{imported.id}/export?form={form}&amp;rule=libr" in said
    assert "that is for the court" in said
    assert "<script>alert" not in said
    assert " style=" not in said.split("<main")[1].split("</main")[0]


def test_an_unknown_rule_is_the_default_and_an_unknown_form_is_not_found(imported, officer):
    one, other = (
        take(officer, imported, "steps", rule=rule).content for rule in ("prorata_exact", "fifo")
    )
    assert one == other
    assert take(officer, imported, "xlsx").status_code == 404


@pytest.mark.parametrize("form", ["pdf", "working"])
def test_who_may_not_see_the_case_gets_nothing_and_leaves_no_line(world, imported, form):
    assert take(signed_in(PROSECUTOR), imported, form).status_code == 403
    assert take(Client(), imported, form).status_code in (302, 403)
    assert trail(world, imported) == []


def test_another_organisation_that_may_export_finds_nothing(world, imported):
    assert take(signed_in(FIU), imported, "pdf").status_code == 404
    assert trail(world, imported) == []
