"""The papers of a request: for its two sides only, signed by who speaks, found by their code."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from recoup.apps.lawful_requests import (
    addressee_operations,
    decision_operations,
    file_operations,
    request_law,
    request_operations,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.decision_operations import Oral
from recoup.apps.lawful_requests.file_operations import Sent
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.paper_queries import is_order_of
from recoup.apps.lawful_requests.papers import issuing
from recoup.apps.lawful_requests.papers.authority import Authority, Holder
from recoup.apps.lawful_requests.papers.checking import check_paper
from recoup.apps.lawful_requests.papers.printing import Seal, printed
from recoup.apps.lawful_requests.papers.signing import SignedBy, signed
from recoup.apps.lawful_requests.refusals import REFUSALS, code_of
from recoup.apps.said import in_words
from recoup.apps.traces.voice import voice_of
from recoup.core.document import AnswerDocument, OrderDocument, RefusalDocument, RequestDocument
from support import papers
from support.requests import Desk, law_of
from support.roles import as_owner
from support.world import World

SECRET = "CANARY-justification-7713"


@pytest.fixture(autouse=True)
def own_authority(tmp_path: Path, settings: Any) -> None:
    settings.AUTHORITY = tmp_path / "authority"
    settings.PUBLIC_ADDRESS = "https://hub.invalid"


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    desk.enrol("robin", "supervisor", kind="isp", name="Rob In")
    content = desk.content("heron", "robin", justification=SECRET)
    return desk.sent(content=content)[0]


def client_of(world: World, login: str = "") -> Client:
    client = Client(raise_request_exception=False)
    if login:
        client.cookies["sessionid"] = world.session_of(login)
    return client


def take(desk: Desk, path: str, login: str = "jelena.police", **headers: str) -> Any:
    return client_of(desk.world, login).get(f"/request-tickets/{path}", headers=headers)


def checked(desk: Desk, content: bytes) -> Any:
    verdict = check_paper(
        content, trusted=issuing.authority().trusted(), at=desk.world.now()
    )  # fmt: skip
    assert verdict.is_valid, verdict.finding
    return verdict


def given(desk: Desk, ticket: Ticket, **told: Any) -> str:
    answer = Answered(**{"answer": uuid4(), "code": "given", "fields": {"name": "Ana A."}, **told})
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=answer)
    return str(answer.answer)


@pytest.mark.parametrize("login", ["jelena.police", "rade.heron"])
def test_both_sides_take_the_request_as_it_was_sent(desk: Desk, ticket: Ticket, login: str) -> None:
    reply = take(desk, f"{ticket.id}/paper", login)
    assert reply.status_code == 200, reply.content
    verdict = checked(desk, reply.content)
    document = verdict.document
    assert isinstance(document, RequestDocument)
    assert document.head.to.code == "heron" and document.head.sender.code == "police"
    assert [one.clock for one in document.ask.clocks] == ["sent", "acknowledge", "answer"]
    answer = document.ask.clocks[-1]
    assert any("7 days" in str(step) for step in answer.derivation)
    assert ticket.due_at and SECRET not in str(document) and "robin" not in str(document)


def test_the_order_is_signed_by_the_person_who_decided(desk: Desk, ticket: Ticket) -> None:
    verdict = checked(desk, take(desk, f"{ticket.id}/order", "rade.heron").content)
    assert isinstance(verdict.document, OrderDocument)
    [signature] = verdict.signatures
    assert signature.code == "prosecutor" and signature.role == "prosecutor"
    assert signature.person
    assert verdict.document.head.sender.person == signature.person
    assert SECRET not in str(verdict.document)


def test_an_oral_order_is_its_hearer_s_until_who_decided_has_written_it(desk: Desk) -> None:
    """Nobody's certificate speaks before that person has acted."""
    found = desk.submitted(measure="preservation_domestic", content=desk.content())
    mandate = desk.prosecutor.mandate_id
    assert mandate
    desk.authorise(found, by=desk.duty, oral=Oral(mandate, desk.world.now()))
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    verdict = checked(desk, take(desk, f"{ticket.id}/order", "rade.heron").content)
    [signature] = verdict.signatures
    assert (signature.code, signature.person) == ("police", desk.duty.person_name)
    assert signature.role == "hearer" and verdict.document.authorisation.form == "noted"
    desk.do(decision_operations.put_in_writing, desk.prosecutor, request_id=found.id, version=1)
    verdict = checked(desk, take(desk, f"{ticket.id}/order", "rade.heron").content)
    [signature] = verdict.signatures
    assert (signature.code, signature.person) == ("prosecutor", desk.prosecutor.person_name)
    assert verdict.document.authorisation.form == "oral"


def said_in(document: bytes) -> str:
    run = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=document, capture_output=True, check=True
    )
    return " ".join(run.stdout.decode().split())


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler is not here")
def test_an_order_says_who_made_its_signature(desk: Desk, ticket: Ticket) -> None:
    said = said_in(take(desk, f"{ticket.id}/order", "rade.heron").content)
    assert "with a key that the hub keeps" in said
    assert "with a key that the hub keeps" not in said_in(take(desk, f"{ticket.id}/paper").content)


def test_an_answer_is_signed_by_the_addressee_and_its_receipt_by_both(
    desk: Desk, ticket: Ticket
) -> None:
    answer = given(desk, ticket)
    verdict = checked(desk, take(desk, f"{ticket.id}/answers/{answer}/paper").content)
    assert isinstance(verdict.document, AnswerDocument)
    assert [one.code for one in verdict.signatures] == ["heron"]
    assert verdict.document.told[0].value == "Ana A."
    receipt = checked(desk, take(desk, f"{ticket.id}/answers/{answer}/receipt").content)
    assert [one.code for one in receipt.signatures] == ["heron", "hub"]
    assert receipt.document.is_taken


def test_a_refusal_says_its_ground(desk: Desk, ticket: Ticket) -> None:
    answer = given(desk, ticket, code="refused", reason="data_not_held", fields={})
    document = checked(
        desk, take(desk, f"{ticket.id}/answers/{answer}/paper", "rade.heron").content
    ).document  # fmt: skip
    assert isinstance(document, RefusalDocument) and document.ground


@pytest.mark.parametrize("login", ["mila.linden", "olga.prosecutor"])
def test_what_is_foreign_is_not_there(desk: Desk, ticket: Ticket, login: str) -> None:
    answer = given(desk, ticket)
    for path in ("paper", "order", f"answers/{answer}/paper", f"answers/{answer}/receipt"):
        foreign = take(desk, f"{ticket.id}/{path}", login)
        missing = take(desk, f"{uuid4()}/{path}", login)
        assert foreign.status_code == missing.status_code == 404
    assert take(desk, f"{ticket.id}/answers/{uuid4()}/paper").status_code == 404


def test_each_side_has_lines_of_its_own_of_what_it_took(desk: Desk, ticket: Ticket) -> None:
    take(desk, f"{ticket.id}/paper")
    take(desk, f"{ticket.id}/order", "rade.heron")
    rows = desk.world.run("select body from audit_auditleaf where stream like 'paper:%%'")
    lines = [json.loads(bytes(row[0])) for row in rows]
    assert sorted(line["facts"]["paper"] for line in lines) == ["request-order", "request-paper"]
    assert {line["what"] for line in lines} == {"paper:taken"}


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not here")
@pytest.mark.parametrize(
    ("language", "words"),
    [("sr", ["Наредба", "Ко тражи", "дана: 7"]), ("sr-latn", ["Naredba", "Ko traži", "dana: 7"])],
)
def test_its_order_speaks_the_reader_s_language(
    desk: Desk, ticket: Ticket, language: str, words: list[str]
) -> None:
    reply = take(desk, f"{ticket.id}/order", "rade.heron", **{"accept-language": language})
    assert checked(desk, reply.content).document.head.language == language
    run = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=reply.content, capture_output=True, check=True
    )
    for word in words:
        assert word in run.stdout.decode()


@pytest.mark.parametrize(
    ("path", "speaker"),
    [("paper", "Who asks"), ("order", "Who ordered it"), ("answer", "Who answered"),
     ("receipt", "Who answered")],
)  # fmt: skip
def test_everybody_finds_a_paper_by_its_code_and_learns_no_more(
    desk: Desk, ticket: Ticket, path: str, speaker: str
) -> None:
    answer = given(desk, ticket)
    where = {"answer": f"answers/{answer}/paper", "receipt": f"answers/{answer}/receipt"}
    head = checked(desk, take(desk, f"{ticket.id}/{where.get(path, path)}").content).document.head
    page = client_of(desk.world).get(f"/verify?code={head.verification_code}")
    text = page.content.decode()
    assert page.status_code == 200 and head.reference in text and speaker in text
    for hidden in ("203.0.113.7", SECRET, "Ana A.", "robin", "Jelena", "Olga"):
        assert hidden not in text


def test_a_request_that_was_taken_back_is_shown_so(desk: Desk, ticket: Ticket) -> None:
    head = checked(desk, take(desk, f"{ticket.id}/paper").content).document.head
    desk.do(request_operations.withdraw, desk.officer, request_id=ticket.of_id, ground="Found.")
    page = client_of(desk.world).get(f"/verify?code={head.verification_code}")
    assert "withdrawn" in page.content.decode()


def test_the_paper_of_an_fius_request_is_found_too(desk: Desk) -> None:
    officer = desk.enrol("fiu", "fiu_officer", kind="fiu")
    (one,) = desk.sent(by=officer)
    from recoup.core.verification import code_of as paper_code

    page = client_of(desk.world).get(f"/verify?code={paper_code(one.id)}")
    assert page.status_code == 200 and one.reference in page.content.decode()


# The file of an order


def paper_of(desk: Desk, ticket: Ticket) -> bytes:
    return bytes(take(desk, f"{ticket.id}/order").content)


def signed_with_an_old_certificate(folder: Path, *, at: datetime) -> bytes:
    """An order whose signer's certificate had ended when it was signed."""
    old = Authority(folder / "old", may_make=True)
    holder = Holder("police", "Police, High-Tech Crime", "RS")
    credential = old.credential(holder, at=at - timedelta(days=4000))
    by = SignedBy(credential, "Police", "", at)
    seal = Seal("Police", "", "", at, is_demo=True)
    pdf = printed(papers.order(), voice=voice_of("en", in_words), seal=seal).pdf
    return signed(pdf, by)


def add(desk: Desk, content: bytes, found: Any = None) -> Any:
    found = found or desk.draft()
    file = Sent("order.pdf", "application/pdf", content)
    return desk.do(
        file_operations.add_to_request, desk.officer, request_id=found.id, kind="order", file=file
    )


@pytest.mark.parametrize("path", ["order", "paper"])
def test_a_genuine_paper_of_something_else_is_no_order(
    desk: Desk, ticket: Ticket, path: str
) -> None:
    found = desk.draft()
    content = bytes(take(desk, f"{ticket.id}/{path}").content)
    with pytest.raises(REFUSALS) as why:
        add(desk, content, found)
    assert code_of(why.value) == "order_of_another"
    digest = hashlib.sha256(content).hexdigest()
    facts = {"code": "order_of_another", "sha256": digest}
    assert desk.trail(found.id)[-1]["facts"] == facts


def test_only_the_order_of_this_very_ticket_counts_as_it(desk: Desk, ticket: Ticket) -> None:
    other = desk.sent()[0]
    own = checked(desk, paper_of(desk, ticket)).document
    assert is_order_of(own, desk.body(ticket))
    assert not is_order_of(own, desk.body(other))
    assert not is_order_of(checked(desk, paper_of(desk, other)).document, desk.body(ticket))
    plain = checked(desk, take(desk, f"{ticket.id}/paper").content).document
    assert not is_order_of(plain, desk.body(ticket))
    for changed in ({"authority_code": "police"}, {"decided_at": "2026-01-01T00:00:00.000000Z"}):
        told = desk.body(ticket)
        told["authorisation"] |= changed
        assert not is_order_of(own, told), changed


def test_the_worst_of_the_order_files_is_what_the_desk_is_told(desk: Desk, ticket: Ticket) -> None:
    """A genuine paper that came before papers were compared is never green; nor is the last one."""
    genuine = paper_of(desk, ticket)
    found = desk.draft()
    scan = printed(papers.order(), voice=voice_of("en", in_words),
                   seal=Seal("Court", "", "", desk.world.now(), is_demo=True)).pdf  # fmt: skip
    add(desk, scan, found)
    desk.authorise(desk.submit(desk.again(found)))
    desk.world.sweep()
    (second,) = desk.tickets(found)

    def swap(content: bytes) -> str:
        digest = hashlib.sha256(content).digest()
        desk.world.run("set constraints all immediate")
        desk.world.run("alter table lawful_requests_requestfile disable trigger user")
        desk.world.run(
            "update lawful_requests_requestfile set content = %s, size = %s, sha256 = %s "
            "where request_id = %s", content, len(content), digest, found.id,
        )  # fmt: skip
        desk.world.run("alter table lawful_requests_requestfile enable trigger user")
        return client_of(desk.world, "rade.heron").get(f"/asked/{second.id}/order").content.decode()

    assert "This paper is not signed" in swap(scan)
    page = swap(genuine)
    assert "A signed file, not this order" in page and "signed and whole" not in page
    assert "The paper is signed and whole" in swap(paper_of(desk, second))


@pytest.mark.parametrize("fault", ["changed", "foreign", "expired", "appended"])
def test_an_order_whose_signature_is_not_good_is_refused_and_told(
    desk: Desk, ticket: Ticket, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:  # fmt: skip
    good = paper_of(desk, ticket)
    want = f"order_{fault}"
    if fault == "changed":
        bad = good[:2000] + bytes([good[2000] ^ 1]) + good[2001:]
    elif fault == "appended":
        bad, want = good + b"\n% more", "order_changed_after"
    elif fault == "foreign":
        settings.AUTHORITY, own = tmp_path / "other", settings.AUTHORITY
        bad, want = paper_of(desk, ticket), "order_unknown_certificate"
        settings.AUTHORITY = own
    else:
        bad = signed_with_an_old_certificate(tmp_path, at=desk.world.now())
        root = tmp_path / "old" / "root.crt"
        (settings.AUTHORITY / "root-old.crt").write_bytes(root.read_bytes())
    found = desk.draft()
    with pytest.raises(REFUSALS) as why:
        add(desk, bad, found)
    assert code_of(why.value) == want
    digest = hashlib.sha256(bad).hexdigest()
    assert desk.trail(found.id)[-1]["facts"] == {"code": want, "sha256": digest}
    with as_owner():
        assert desk.world.run("select count(*) from lawful_requests_requestfile") == [(0,)]


def test_what_is_no_pdf_is_no_order(desk: Desk) -> None:
    found = desk.draft()
    with pytest.raises(REFUSALS) as why:
        add(desk, b"PK\x03\x04" + b"0" * 400, found)
    assert code_of(why.value) == "not_what_it_says"
    assert desk.trail(found.id)[-1]["facts"] == {"code": "not_what_it_says"}


def test_an_unsigned_scan_is_taken_and_told_so(desk: Desk, ticket: Ticket) -> None:
    found = desk.draft()
    seal = Seal("Court", "", "", desk.world.now(), is_demo=True)
    scan = printed(papers.order(), voice=voice_of("en", in_words), seal=seal).pdf
    assert bytes(add(desk, scan, found).content) == scan
    assert desk.trail(found.id)[-1]["facts"]["finding"] == "unsigned"


def test_no_changed_byte_makes_a_signed_order_one_that_is_taken(desk: Desk, ticket: Ticket) -> None:
    good = paper_of(desk, ticket)
    words = [b"/ByteRange", b"ETSI.CAdES", b"/Contents", b"startxref", b"/Type", b"endobj"]
    places = {good.rindex(word) + 2 for word in words} | set(range(9, len(good), len(good) // 40))
    trusted, at = issuing.authority().trusted(), desk.world.now()
    for place in sorted(places):
        bad = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        finding = check_paper(bad, trusted=trusted, at=at).finding.value
        assert finding not in file_operations.TAKEN_WITH, (place, good[place - 9 : place + 9])
