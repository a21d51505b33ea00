"""Requests by API: every measure from draft to close with each of its answers, and refusals.

One test per measure of the data (but the four of the hold chain, which have their own), and per
measure of the invented law, so that the way itself is tried whatever the data say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from recoup.apps.lawful_requests import request_law
from recoup.apps.lawful_requests.request_law import OF_THE_CHAIN, REFUSING, Form, form_of
from recoup.apps.members import operations as members
from recoup.apps.members.models import Mandate
from recoup.core.access import Actor
from recoup.core.completeness import KNOWN_TO, WHOLE
from recoup.data import load_measures
from support.requests import FORMS, Desk, law_of
from support.roles import as_owner
from support.world import World

DATA = [form_of(m) for name, m in load_measures().items() if name not in OF_THE_CHAIN]
MEASURES = {f"data: {form.measure}": form for form in DATA}
MEASURES |= {f"invented: {form.measure}": form for form in FORMS}
PDF = b"%PDF-1.7\nan invented order"
Reply = tuple[int, dict[str, Any]]


@dataclass
class Caller:
    """Somebody's system, with a key of their mandate."""

    key: str

    def post(self, path: str, body: Any, *, once: str = "", **headers: str) -> Reply:
        is_file = isinstance(body, bytes)
        response = Client().post(
            f"/api/v1/{path}", body,
            content_type=headers.pop("media_type", "application/json"),
            headers={"Authorization": f"Bearer {self.key}",
                     "Idempotency-Key": once or str(uuid4()), **headers},
        )  # fmt: skip
        assert is_file or response["Content-Type"] == "application/json"
        return response.status_code, response.json()

    def get(self, path: str) -> Reply:
        response = Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {self.key}"})
        return response.status_code, response.json()


def caller(world: World, actor: Actor) -> Caller:
    with as_owner():
        mandate = Mandate.objects.get(pk=actor.mandate_id)
        return Caller(members.issue_key(mandate=mandate, at=world.now()))


def ok(reply: Reply) -> dict[str, Any]:
    assert reply[0] in (200, 201), reply
    return reply[1]


@dataclass
class Sides:
    """The three who take part by API."""

    desk: Desk
    officer: Caller
    prosecutor: Caller
    isp: Caller


@pytest.fixture
def sides(desk: Desk) -> Sides:
    keys = [caller(desk.world, actor) for actor in (desk.officer, desk.prosecutor, desk.isp)]
    return Sides(desk, *keys)


VALUES = {
    "ip": "203.0.113.7", "domain": "shop.example", "iban": "RS35123456789012345678",
    "email": "a@b.example", "phone": "+38111123456", "url": "https://shop.example/x",
    "card": "4111 11•• •••• 1111", "uetr": "97ed4827-7b6f-4491-a06f-b548d5a7512d",
    "wallet": "bc1qinvented", "transaction_hash": "0xab12",
}  # fmt: skip


def content_for(form: Form, addressee: str, kind: str, at: Any) -> dict[str, Any]:
    """What a form asks for, in invented values."""
    takes = form.shape.takes & KNOWN_TO.get(kind, form.shape.takes) or form.shape.takes
    seen = (at - timedelta(days=2)).isoformat()
    identifiers = [
        {"kind": kind, "value": VALUES.get(kind, "x-1"), "port": 51512, "at": seen}
        for kind in sorted(takes)[:1]
    ]
    return {
        "targets": [{"addressee": addressee, "identifiers": identifiers}],
        "data": list(form.data), "proportionality": "Nothing milder would do.",
        "period": {"from": seen, "until": at.isoformat()},
        "fields": {name: f"invented {name}" for name in form.fields if name != WHOLE},
        "amount_minor": 100_00 if form.shape.needs_amount else None, "currency": "RSD",
    }  # fmt: skip


@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_goes_from_draft_to_close_with_each_of_its_answers(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    form = MEASURES[name]
    law = law_of([form])
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    desk = Desk(world, law)
    officer, prosecutor = caller(world, desk.officer), caller(world, desk.prosecutor)
    kind = next(kind for kind in form.addressees if kind != "public")
    asked = caller(world, desk.enrol("asked", "supervisor", kind=kind))
    content = content_for(form, "asked", kind, world.now())
    grounds = form.refusal_grounds or ("",)
    assert form.answer_codes
    for code in form.answer_codes:
        for reason in grounds if code == "refused" else ("",):
            request = str(uuid4())
            draft = {"request": request, "measure": form.measure, "content": content}
            ok(officer.post("requests", draft))
            submit = {"version": 1, "authority": "prosecutor"}
            ok(officer.post(f"requests/{request}/submissions", submit))
            decision = {"decision": "authorise", "version": 1, "new_facts": "A payment more."}
            ok(prosecutor.post(f"requests/{request}/decisions", decision))
            world.sweep()
            (ticket,) = ok(asked.get("request-tickets"))["tickets"]
            assert ticket["measure"] == form.measure and code in ticket["answers"]
            where = f"request-tickets/{ticket['ticket']}"
            ok(asked.post(f"{where}/acknowledgements", {}))
            told = {
                "answer": str(uuid4()), "code": code, "reason": reason,
                "fields": {} if code in REFUSING else {f: "told" for f in form.answer_fields},
            }  # fmt: skip
            receipt = ok(asked.post(f"{where}/answers", told))
            end = "refused" if code in REFUSING else "closed"
            assert receipt["state"] in ("refused", "answered")
            assert ok(officer.post(f"{where}/closings", {}))["state"] == end
            assert ok(officer.get(f"requests/{request}"))["closed_at"]


def test_the_lists_lead_from_one_to_the_other(sides: Sides) -> None:
    found = sides.desk.submitted()
    reads = {"own": sides.officer, "to_decide": sides.prosecutor}
    for name, who in reads.items():
        (row,) = ok(who.get(f"requests?list={name}"))["requests"]
        assert row["request"] == str(found.id) and "content" not in row
    assert ok(sides.officer.get("requests?list=drafts"))["requests"] == []
    assert ok(sides.prosecutor.get("requests?list=to_confirm"))["requests"] == []


def test_what_is_lacking_is_told_live_and_stops_the_submission(sides: Sides) -> None:
    bare = [{"addressee": "heron", "identifiers": [{"kind": "ip", "value": "203.0.113.7"}]}]
    draft = {
        "request": str(uuid4()), "measure": "subscriber_domestic",
        "content": {"targets": bare, "data": ["subscriber"]},
    }  # fmt: skip
    ok(sides.officer.post("requests", draft))
    lacks = ok(sides.officer.get(f"requests/{draft['request']}/lacks"))["lacks"]
    assert [(one["code"], one["severity"], one["addressee"]) for one in lacks] == [
        ("time_missing", "block", "heron"), ("port_missing", "warn", "heron"),
    ]  # fmt: skip
    submit = {"version": 1, "authority": "prosecutor"}
    status, told = sides.officer.post(f"requests/{draft['request']}/submissions", submit)
    assert (status, told["error"]) == (422, "incomplete")
    assert [p["code"] for p in told["problems"]] == ["time_missing", "port_missing"]


def test_the_same_key_has_one_effect(sides: Sides) -> None:
    draft = {"request": str(uuid4()), "measure": "subscriber_domestic",
             "content": sides.desk.content()}  # fmt: skip
    key = str(uuid4())
    first, again = (sides.officer.post("requests", draft, once=key) for _ in range(2))
    assert first == again
    assert ok(sides.officer.post("requests", draft))["reference"] == first[1]["reference"]


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [("officer", 403, "not_allowed"), ("head", 403, "other_authority"),
     ("twice", 403, "same_person")],
)  # fmt: skip
def test_who_may_not_decide_is_told_why_by_api(
    sides: Sides, who: str, status: int, code: str
) -> None:
    desk = sides.desk
    by = None
    if who == "twice":  # a prosecutor who drafts, and would decide as well
        by = desk.prosecutor
        desk.enrol("prosecutor", "prosecutor")  # somebody is left to decide
    found = desk.submitted(by=by)
    keys = {
        "officer": sides.officer, "head": caller(desk.world, desk.head), "twice": sides.prosecutor
    }  # fmt: skip
    body = {"decision": "authorise", "version": 1}
    given = keys[who].post(f"requests/{found.id}/decisions", body)
    assert (given[0], given[1]["error"]) == (status, code)
    assert desk.again(found).state == "submitted"


def test_an_order_is_a_pdf_and_goes_as_its_bytes(sides: Sides) -> None:
    found = sides.desk.draft()
    path = f"requests/{found.id}/files?kind=order"
    status, told = sides.officer.post(path, b"PK\x03\x04", media_type="application/pdf")
    assert (status, told["error"]) == (422, "not_what_it_says")
    status, told = sides.officer.post(
        path, PDF, media_type="application/pdf", **{"X-Sha256": "11" * 32}
    )
    assert (status, told["error"]) == (422, "wrong_digest")
    assert len(ok(sides.officer.post(path, PDF, media_type="application/pdf"))["sha256"]) == 64
    huge = b"%PDF-" + bytes(11_000_001)
    assert sides.officer.post(path, huge, media_type="application/pdf")[0] == 413


def test_a_file_is_named_in_a_header_and_never_in_an_address(sides: Sides) -> None:
    (ticket,) = sides.desk.sent()
    found = sides.desk.draft()
    for caller, where in (
        (sides.officer, f"requests/{found.id}/files"),
        (sides.isp, f"request-tickets/{ticket.id}/files"),
    ):
        status, told = caller.post(f"{where}?name=Ana.pdf", PDF, media_type="application/pdf")
        assert (status, told["error"]) == (422, "not_valid") and "X-File-Name" in told["message"]
        name = {"X-File-Name": "%C5%BDalba%20Ane.pdf"}
        file = ok(caller.post(where, PDF, media_type="application/pdf", **name))["file"]
        kept = "select name from lawful_requests_requestfile where id = %s"
        assert sides.desk.world.run(kept, file) == [("Žalba Ane.pdf",)]


def test_the_addressee_asks_claims_and_doubts(sides: Sides) -> None:
    (ticket,) = sides.desk.sent()
    where = f"request-tickets/{ticket.id}"
    ok(sides.isp.post(f"{where}/questions", {"text": "Which line?"}))
    ok(sides.officer.post(f"{where}/replies", {"text": "The second."}))
    ok(sides.isp.post(f"{where}/costs", {"amount_minor": 100, "currency": "RSD"}))
    ok(sides.officer.post(f"{where}/cost-decisions", {"agreed": False, "text": "By law free."}))
    ok(sides.officer.post(f"{where}/extensions", {"days": 2, "ground": "A holiday."}))
    ok(sides.isp.post(f"{where}/doubts", {"ground": "Nobody answers."}))
    ok(sides.isp.post(f"{where}/doubts-lifted", {"ground": "Called back."}))
    named = {"X-File-Name": "%C5%BEalba.csv"}
    ok(sides.isp.post(f"{where}/files", b"a,b", media_type="text/csv", **named))
    whole = ok(sides.officer.get(f"requests/{ticket.of_id}"))
    notes = whole["targets"][0]["notes"]  # all of one moment here
    assert {(note["kind"], note["organisation"]) for note in notes} == {
        ("question", "addressee"), ("reply", "issuer"), ("cost_claim", "addressee"),
        ("cost_refused", "issuer"),
    }  # fmt: skip
    assert ok(sides.isp.get(where))["ticket"] == str(ticket.id)


def test_question_reply_narrowed_decision_and_withdrawal_by_api(sides: Sides) -> None:
    found = sides.desk.submitted()
    where = f"requests/{found.id}"
    ok(sides.prosecutor.post(f"{where}/questions", {"version": 1, "text": "Why?"}))
    edited = {"version": 1, "content": sides.desk.content(justification="x")}
    assert ok(sides.officer.post(f"{where}/edits", edited))["version"] == 2
    ok(sides.officer.post(f"{where}/replies", {"version": 2, "text": "Because."}))
    wider = {"decision": "authorise", "version": 2, "narrower": {"data": ["content"]}}
    status, told = sides.prosecutor.post(f"{where}/decisions", wider)
    assert (status, told["error"]) == (422, "widens")
    less = {**wider, "narrower": {"targets": found.content["targets"]}}
    assert ok(sides.prosecutor.post(f"{where}/decisions", less))["kind"] == "narrowed"
    ok(sides.officer.post(f"{where}/withdrawals", {"ground": "Solved."}))
    status, told = sides.officer.post(f"{where}/withdrawals", {"ground": "Again."})
    assert (status, told["error"]) == (409, "not_now")


def test_an_oral_decision_and_its_paper_by_api(sides: Sides) -> None:
    desk = sides.desk
    found, duty = desk.submitted(), caller(desk.world, desk.duty)
    oral = {"version": 1, "mandate": str(desk.prosecutor.mandate_id),
            "heard_at": desk.world.now().isoformat()}  # fmt: skip
    where = f"requests/{found.id}"
    assert sides.officer.post(f"{where}/oral-decisions", oral)[1]["error"] == "same_person"
    assert ok(duty.post(f"{where}/oral-decisions", oral))["heard_by"] == desk.duty.person_name
    written = {"confirm": "written", "version": 1}
    assert ok(sides.prosecutor.post(f"{where}/confirmations", written))["kind"] == "written"


def test_an_organisation_says_what_it_holds(sides: Sides) -> None:
    keeper = caller(sides.desk.world, sides.desk.enrol("heron", "supervisor"))
    assert ok(sides.officer.get("profiles?organisation=heron"))["version"] == 0
    body = {"body": {"data": {"subscriber": None, "traffic": 365}, "cgnat": True}}
    assert ok(keeper.post("profiles", body))["version"] == 1
    assert ok(sides.officer.get("profiles?organisation=heron"))["body"]["cgnat"] is True
    assert keeper.post("profiles", {"body": {"cgnat": "yes"}})[1]["error"] == "not_a_profile"
