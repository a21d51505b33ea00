"""A payment to an IBAN abroad whose bank nobody knows: gone abroad, with totals and a request."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from recoup.apps.cases.models import Case, Task
from recoup.apps.holds import abroad_operations
from recoup.apps.members import operations as members
from recoup.apps.members import queries as directory
from recoup.apps.members.models import Organisation
from recoup.apps.reports.models import Report
from recoup.core.accounts import read_account
from recoup.demo.cast import ABROAD, WALLET
from recoup.web import request_abroad
from support.bank import Banks, Ledger
from support.case_pages import page_of, signed_in, text_of
from support.chain import totals
from support.roles import as_owner
from support.world import FIU, OFFICER, World, iban

GERMAN, GERMAN_TOO = "DE89370400440532013000", "DE75512108001245126199"
FRENCH = "FR1420041010050500013M02606"
NOT_KNOWN_RS = "RS35260005601001611379"


@pytest.fixture(autouse=True)
def _fresh_directory() -> Any:
    """What one test added to the directory is not what the next one reads."""
    directory._directory = (-1e9, {})
    yield
    directory._directory = (-1e9, {})


def told_by_bank(world: World, payee: str = GERMAN, *, number: int = 1, amount: int = 700_00):
    """The victim's bank reports: adopted from the start."""
    filed = world.report(
        payer=iban("plum", number), payee=payee, amount=amount, currency="EUR",
        by=world.at_bank("plum"),
    )  # fmt: skip
    world.plan()
    return filed


def tasks(world: World, filed: Any, kind: str) -> list[Task]:
    case = world.case_of(filed)
    with as_owner():
        rows = Task.objects.filter(case=case, kind=kind, done_at=None)
        return list(rows.select_related("owner"))


def payee_of(filed: Any) -> Organisation | None:
    with as_owner():
        return Report.objects.select_related("payee_institution").get(pk=filed.id).payee_institution


def name_bank(account: str, *, code: str = "named") -> Organisation:
    """Whoever keeps the directory enrols the bank."""
    country, _, bank_code = read_account(account).institution_hint.partition(":")
    with as_owner():
        found = members.enrol_organisation(
            code=code, kind="foreign_bank", name="Ginster Bank", country=country,
            bank_code=bank_code,
        )  # fmt: skip
    directory._directory = (-1e9, {})
    return found


# The case


def test_the_first_leg_to_an_unknown_bank_abroad_has_totals_and_a_request(world: World) -> None:
    filed = told_by_bank(world)
    assert totals(world, filed) == {"EUR": (700_00, 0, 0, 700_00, 0, 0)}
    (asked,) = tasks(world, filed, "abroad")
    assert asked.owner.code == "fiu" and asked.values["amount_minor"] == 700_00
    assert (asked.values["account"], asked.values["country"]) == (GERMAN, "DE")
    assert (asked.values["institution"], asked.values["place"]) == ("", GERMAN)


def test_a_person_is_asked_to_name_the_bank(world: World) -> None:
    filed = told_by_bank(world)
    (task,) = tasks(world, filed, "institution_unknown")
    assert task.owner.kind == "police" and task.values["place"] == GERMAN
    assert tasks(world, told_by_bank(world, ABROAD, number=2), "institution_unknown") == []


def test_the_row_is_one_a_country_and_takes_part_in_nothing(world: World) -> None:
    filed = [
        told_by_bank(world, account, number=number)
        for number, account in enumerate((GERMAN, GERMAN_TOO, FRENCH), 1)
    ]
    rows = [payee_of(one) for one in filed]
    assert [row and (row.country, row.kind, row.is_not_known) for row in rows] == [
        ("DE", "foreign_bank", True), ("DE", "foreign_bank", True), ("FR", "foreign_bank", True)
    ]  # fmt: skip
    assert rows[0] == rows[1]
    german = rows[0]
    assert german is not None
    with as_owner():
        assert not german.mandates.exists()
        assert {c.visible_to == [c.owner_id] for c in Case.objects.all()} == {True}
    assert not [t for t in world.tickets() if t.addressee_id == german.id]
    assert german not in list(directory.organisations())
    assert "not known (DE)" not in text_of(OFFICER, "/directory")


def test_the_web_may_add_such_a_row_and_no_other(world: World) -> None:
    """The one way in is a function that takes a country, and makes up everything else."""
    from django.db import DatabaseError, connection, transaction

    for wrong in ("de", "D", "DEU", "D1", "", "RS; drop"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select institution_abroad(%s)", [wrong])
    with pytest.raises(DatabaseError), transaction.atomic():
        Organisation.objects.create(id=-1, code="mine", kind="bank", name="Mine", country="RS")


def test_an_unknown_bank_at_home_stays_a_task_for_a_person(world: World) -> None:
    filed = told_by_bank(world, NOT_KNOWN_RS)
    assert payee_of(filed) is None and totals(world, filed) == {}
    (task,) = tasks(world, filed, "institution_unknown")
    assert task.values["place"] == NOT_KNOWN_RS


def test_a_crypto_address_is_as_it_was(world: World) -> None:
    filed = told_by_bank(world, WALLET)
    assert payee_of(filed) is None and totals(world, filed) == {}
    assert len(tasks(world, filed, "institution_unknown")) == 1
    assert tasks(world, filed, "abroad") == []


def test_a_payer_at_an_unknown_bank_abroad_is_asked_nothing(world: World) -> None:
    """Two accounts at banks that nobody knows are not thereby at one bank."""
    filed = world.report(payer=GERMAN, payee=GERMAN_TOO, amount=50_00, currency="EUR")
    world.plan()
    case = world.case_of(filed)
    assert world.tickets(case_id=case.id) == []
    (task,) = tasks(world, filed, "institution_unknown")
    assert task.values["place"] == GERMAN_TOO


def test_the_first_leg_and_a_later_one_end_in_the_same_sums(ledger: Ledger) -> None:
    """The later leg was right before: what the bank tells as abroad is gone abroad."""
    world = ledger.world
    paid = ledger.pay("victim", "first", 900, minute=10)
    ledger.pay("first", "abroad", 930, minute=12)
    first = ledger.accounts["first"].ident
    later = world.report(
        payer=ledger.accounts["victim"].ident, payee=first, amount=900, paid_at=ledger.at(paid)
    )
    Banks(ledger, change=lambda _, body: _to_germany(body)).run()
    straight = told_by_bank(world, number=7, amount=900)
    assert totals(world, later)["RSD"] == totals(world, straight)["EUR"]
    for filed in (later, straight):
        asked = tasks(world, filed, "abroad")[0].values
        assert (asked["account"], asked["country"], asked["institution"]) == (GERMAN, "DE", "")


def _to_germany(body: dict[str, Any]) -> dict[str, Any]:
    for debit in (body.get("window") or {}).get("debits", ()):
        if debit["to"] and debit["to"]["kind"] == "abroad":
            debit["to"] = {"kind": "account", "scheme": "iban", "ident": GERMAN}
    return body


# When the bank is named


def test_once_it_is_named_the_request_names_it_and_the_leg_keeps_its_fact(world: World) -> None:
    filed = told_by_bank(world)
    (task,) = tasks(world, filed, "abroad")
    assert document(world, task)["account"]["institution"] == ""
    name_bank(GERMAN)
    assert document(world, task)["account"]["institution"] == "Ginster Bank"
    before = payee_of(filed)
    again(world, filed)
    assert payee_of(filed) == before and before is not None and before.is_not_known
    assert totals(world, filed) == {"EUR": (700_00, 0, 0, 700_00, 0, 0)}
    assert len(tasks(world, filed, "abroad")) == 1


def test_new_legs_go_to_the_bank_that_was_named(world: World) -> None:
    told_by_bank(world)
    named = name_bank(GERMAN)
    filed = told_by_bank(world, number=2)
    assert payee_of(filed) == named
    assert tasks(world, filed, "institution_unknown") == []
    assert tasks(world, filed, "abroad")[0].values["institution"] == "Ginster Bank"


def test_what_was_sent_before_stays_as_it_was_sent(world: World) -> None:
    filed = told_by_bank(world)
    (task,) = tasks(world, filed, "abroad")
    body = document(world, task)
    with world.acting(officer := world.actor(FIU)) as at:
        sent = abroad_operations.record_sent(
            task=task, channel="egmont", sent_at=at, body=body, by=officer, at=at
        )
    name_bank(GERMAN)
    assert json.loads(bytes(sent.body))["account"]["institution"] == ""


def document(world: World, task: Task) -> dict[str, Any]:
    with world.acting(world.actor(FIU)) as at:
        return request_abroad.document(task, task.owner, at=at)


def again(world: World, filed: Any) -> None:
    case = world.case_of(filed)
    world.run(
        "insert into holds_planwanted (id, case_id, since) values (gen_random_uuid(), %s, now())",
        case.id,
    )
    world.plan()


# Through the doors, and what each desk sees


def through_the_form(world: World, client: Client) -> None:
    paid_at = timezone.localtime(world.now() - timedelta(minutes=25))
    client.get("/report")
    answer = client.post(
        "/report",
        {
            "client_id": str(uuid4()), "amount": "700.00", "currency": "EUR",
            "paid_at": f"{paid_at:%Y-%m-%dT%H:%M}", "payer_account": iban("plum", 1),
            "payee_account": GERMAN, "reference": "Invoice 7",
        },
    )  # fmt: skip
    assert answer.status_code == 303


def confirm(world: World) -> None:
    """The payer's bank confirms the debit of the one report there is."""
    ticket = world.ticket("plum", "confirm_debit")
    world.answer(
        "plum",
        {
            "ticket": ticket["ticket"], "code": "debit_confirmed",
            "payment": {
                "uetr": None, "reference": "PL-1", "booked_at": ticket["lines"][0]["payment"]["at"],
                "seq": 1, "amount_minor": 700_00, "currency": "EUR",
            },
        },
    )  # fmt: skip
    world.plan()


def test_through_the_public_form(world: World, client: Client) -> None:
    through_the_form(world, client)
    world.plan()
    with as_owner():
        (case,) = Case.objects.all()
    assert [r[0] for r in world.run("select unknown from holds_casetotal where rule = 'fifo'")] == [
        700_00
    ]  # nobody stands behind it yet
    status = client.get("/my-report").content.decode()
    assert "Your report was received" in status and "not known (DE)" not in status
    confirm(world)
    (total,) = page_of(world, OFFICER, case)["sums_list"]
    assert (total["lost"], total["gone"], total["unknown"]) == (700_00, 700_00, 0)
    shown = text_of(OFFICER, f"/cases/{case.id}")
    assert "Institution abroad, not known (DE)" in shown and "balances to the last unit" in shown
    status = client.get("/my-report").content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "The money is being followed" in status
    assert "not known (DE)" not in status  # never a bank (decision 21)
    rows = page_of(world, OFFICER, case)["tasks"]
    assert {(str(row["title"]), row["place"]) for row in rows} == {
        ("No institution known for an account", GERMAN), ("The money left the country", GERMAN),
    }  # fmt: skip


def test_through_the_api_it_is_on_the_desk_of_the_fiu(world: World) -> None:
    body = {
        "report": str(uuid4()), "amount": "700.00", "currency": "EUR",
        "paid_at": world.now().isoformat(timespec="seconds"), "payer_account": iban("plum", 1),
        "payee_account": GERMAN, "reference": "Invoice 7",
    }  # fmt: skip
    answer = Client().post(
        "/api/v1/reports", json.dumps(body), "application/json", headers=world.bearer("plum")
    )
    assert answer.status_code == 201
    world.plan()
    shown = text_of(FIU, "/tasks")
    assert "The money left the country" in shown and GERMAN in shown
    with as_owner():
        (task,) = Task.objects.filter(kind="abroad")
    request = signed_in(FIU).get(f"/tasks/{task.id}/abroad").content.decode()
    assert "DE89 3704 0044 0532 0130 00" in request and "Germany" in request


def test_a_serbian_page_says_it_in_serbian(world: World, client: Client) -> None:
    filed = told_by_bank(world)
    from recoup.web import names

    names._known.clear()
    officer = signed_in(OFFICER)
    officer.cookies["django_language"] = "sr"
    shown = officer.get(f"/cases/{world.case_of(filed).id}").content.decode()
    names._known.clear()
    assert "Установа у иностранству, није позната (DE)" in shown


def test_the_same_loss_told_by_victim_and_bank_is_seen_to_be_one(world: World) -> None:
    """Both reports have the same two accounts."""
    world.report(payer=iban("plum", 1), payee=GERMAN, amount=700_00, currency="EUR")
    world.plan()
    second = told_by_bank(world)
    case = world.case_of(second)
    assert world.run(
        "select possible_double_of_id is not null from holds_claim where case_id = %s", case.id
    ) == [(True,)]
