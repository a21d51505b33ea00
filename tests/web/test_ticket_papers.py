"""A ticket's paper: what was sent, for its two sides, signed, noted; and checked by anybody."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.papers import issuing
from recoup.apps.lawful_requests.papers.authority import Authority
from recoup.apps.lawful_requests.papers.checking import check_paper
from recoup.core.document import RequestDocument
from recoup.core.verification import code_of
from recoup.web import verify
from support.roles import as_owner
from support.world import OFFICER, World, iban

PAYER, PAYEE = iban("plum", 1), iban("linden", 77)


@pytest.fixture(autouse=True)
def own_authority(tmp_path: Path, settings: Any) -> None:
    settings.AUTHORITY = tmp_path / "authority"
    settings.PUBLIC_ADDRESS = "https://hub.invalid"


@pytest.fixture
def ticket(world: World) -> Ticket:
    world.report(payer=PAYER, payee=PAYEE, amount=480_000_00, by=world.at_bank("plum"))
    world.plan()
    return world.tickets(addressee__code="linden")[0]


def client_of(world: World, login: str = "") -> Client:
    client = Client(raise_request_exception=False)
    if login:
        client.cookies["sessionid"] = world.session_of(login)
    return client


def take(world: World, ticket: Ticket, login: str = OFFICER, **headers: str) -> Any:
    return client_of(world, login).get(f"/tickets/{ticket.id}/paper", headers=headers)


def read(world: World, content: bytes) -> RequestDocument:
    trusted = issuing.authority().trusted()
    verdict = check_paper(content, trusted=trusted, at=world.now())
    assert verdict.is_valid, verdict.finding
    assert isinstance(verdict.document, RequestDocument)
    return verdict.document


def lines(world: World, what: str) -> list[bytes]:
    with as_owner():
        rows = world.run("select body from audit_auditleaf order by recorded_at")
    return [bytes(body) for (body,) in rows if what.encode() in bytes(body)]


# The paper


@pytest.mark.parametrize("login", [OFFICER, "mila.linden"])
def test_both_sides_take_the_paper_that_says_what_was_sent(world, ticket, login):
    answer = take(world, ticket, login)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert f"{ticket.reference}.pdf" in answer["Content-Disposition"]
    told = read(world, answer.content)
    assert told.head.reference == ticket.reference
    assert told.head.sender.code == "police" and told.head.to.code == "linden"
    assert told.ask.amount.minor_units == ticket.asked_minor
    assert told.ask.identifiers[0].value == PAYEE
    assert told.head.power.is_assumed and not told.head.power.is_confirmed
    assert told.authorisation.form == "standing_instruction"
    assert len(told.authorisation.decided_by) == 2
    assert {one.clock for one in told.ask.clocks} >= {"sent", "acknowledge", "answer", "hold_end"}
    assert told.ask.until == ticket.hold_until
    assert told.head.pack.sha256 == bytes(ticket.pack.digest).hex()
    assert told.head.verification_address.startswith("https://hub.invalid/verify?code=")


def test_it_says_nothing_that_the_addressee_may_not_know(world, ticket):
    content = take(world, ticket, "mila.linden").content
    case = world.run("select reference from cases_case")[0][0]
    told = repr(read(world, content))
    assert case not in told and str(ticket.case_id) not in told


def test_who_took_it_is_noted_with_its_digest(world, ticket):
    take(world, ticket, "mila.linden")
    take(world, ticket, OFFICER)
    take(world, ticket, OFFICER)
    taken = lines(world, '"what":"paper:taken"')
    assert len(taken) == 3
    assert all(ticket.reference.encode() in body for body in taken)


def test_others_and_nobody_find_none(world, ticket):
    assert take(world, ticket, "vera.walnut").status_code == 404
    assert client_of(world, OFFICER).get(f"/tickets/{uuid4()}/paper").status_code == 404
    assert client_of(world).get(f"/tickets/{ticket.id}/paper").status_code == 302
    assert lines(world, "paper:taken") == []


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not here")
@pytest.mark.parametrize(
    ("language", "words"),
    [("sr", ["Захтев", "Ко тражи", "Рокови"]), ("sr-latn", ["Zahtev", "Ko traži", "Rokovi"])],
)
def test_it_speaks_the_reader_s_language(world, ticket, language, words):
    content = take(world, ticket, "mila.linden", **{"accept-language": language}).content
    run = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True)
    for word in words:
        assert word in run.stdout.decode()
    told = read(world, content)
    assert told.head.language == language
    [holder] = [one for one in issuing.authority().listed() if one.file == "org-police"]
    assert ticket.issuer.name in holder.subject


def test_without_an_authority_it_leaves_unsigned_and_says_so(world, ticket, settings, monkeypatch):
    none = Authority(settings.AUTHORITY, may_make=False)
    monkeypatch.setattr(issuing, "authority", lambda: none)
    answer = take(world, ticket)
    assert answer.status_code == 200
    assert b"/ByteRange" not in answer.content
    assert not settings.AUTHORITY.exists()


def test_the_ticket_s_page_offers_it(world, ticket):
    page = client_of(world, "mila.linden").get(f"/tickets/{ticket.id}").content.decode()
    assert f"/tickets/{ticket.id}/paper" in page


# The public page


def look_up(world: World, code: object) -> Any:
    return client_of(world).get("/verify", {"code": str(code)})


def test_anybody_learns_who_what_when_and_nothing_personal(world, ticket):
    answer = look_up(world, code_of(ticket.id))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert ticket.reference in page and "in force" in page and "a bank" in page
    for kept in (PAYEE, PAYER, PAYEE[-6:], "480,000", "Linden", str(ticket.id), "Marković"):
        assert kept not in page, kept
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "style=" not in page and not re.search(r"<script(?![^>]* src=)", page)


@pytest.mark.breaks_invariants
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("state = 'withdrawn'", "withdrawn"),
        ("state = 'lapsed'", "lapsed"),
        ("hold_until = now() - interval '1 minute'", "lapsed"),
        ("state = 'answered'", "in force"),
    ],
)
def test_it_says_whether_the_paper_still_counts(world, ticket, change, words):
    world.run(f"update lawful_requests_ticket set {change} where id = %s", ticket.id)
    assert f">{words}</span>" in look_up(world, code_of(ticket.id)).content.decode()


@pytest.mark.breaks_invariants
def test_not_there_and_not_sent_look_the_same(world, ticket):
    world.run("update lawful_requests_ticket set sent_at = null where id = %s", ticket.id)
    ours, missing = code_of(ticket.id), code_of(uuid4())
    one, other = look_up(world, ours), look_up(world, missing)
    assert one.status_code == other.status_code == 404
    assert comparable(one, ours) == comparable(other, missing)


def comparable(answer: Any, code: object) -> str:
    page = answer.content.decode().replace(str(code), "")
    return re.sub(r'(name="csrfmiddlewaretoken" value=|nonce=)"[^"]+"', "", page)


@pytest.mark.parametrize("typed", ["7Q4M", "x" * 500, "Ж", "%00", "0000-0000-0000-0000-0001"])
def test_what_is_no_code_is_said(world, typed):
    answer = look_up(world, typed)
    assert answer.status_code == 422
    assert "govuk-error-message" in answer.content.decode()


def test_looking_up_leaves_the_public_in_its_own_scope(world, ticket):
    with world.acting(world.visitor):
        from recoup.apps.lawful_requests.paper_queries import ticket_verified

        assert ticket_verified(code_of(ticket.id), by=world.visitor, at=world.now())
        assert not Ticket.objects.exists()


def test_too_many_look_ups_are_refused(world, monkeypatch):
    monkeypatch.setattr(verify, "MOST_LOOK_UPS", 3)
    seen = [look_up(world, code_of(uuid4())).status_code for _ in range(5)]
    assert seen == [404, 404, 404, 429, 429]


def bring(world: World, content: bytes, name: str = "paper.pdf") -> Any:
    file = SimpleUploadedFile(name, content, "application/pdf")
    return client_of(world).post("/verify/paper", {"paper": file})


def test_the_file_itself_is_checked_and_its_code_looked_up(world, ticket):
    content = take(world, ticket).content
    answer = bring(world, content)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "The paper is signed and whole" in page and ticket.reference in page
    assert "both say the same" in page
    assert PAYEE not in page and "480,000" not in page
    assert lines(world, '"what":"paper:checked"')


def test_a_paper_in_serbian_is_set_again_in_serbian(world, ticket):
    content = take(world, ticket, "mila.linden", **{"accept-language": "sr-latn"}).content
    assert "both say the same" in bring(world, content).content.decode()


def test_a_page_that_its_values_do_not_give_is_not_called_the_same(world, ticket, monkeypatch):
    from recoup.apps.lawful_requests.papers import printing

    honest = printing.facts_of
    lies = lambda *given: honest(*given) | {"title": "Release the money"}  # noqa: E731
    monkeypatch.setattr(printing, "facts_of", lies)
    content = take(world, ticket).content
    monkeypatch.undo()
    page = bring(world, content).content.decode()
    assert "both say the same" not in page and "could not be compared" in page


def test_a_changed_file_is_called_so_and_nothing_of_it_is_told(world, ticket):
    changed = bytearray(take(world, ticket).content)
    changed[2000] ^= 1
    answer = bring(world, bytes(changed))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This paper was changed" in page and ticket.reference not in page


def test_no_file_and_no_pdf_are_refused(world):
    assert client_of(world).post("/verify/paper").status_code == 422
    assert bring(world, b"<html>").status_code == 422
    assert bring(world, b"").status_code == 422


@pytest.mark.breaks_invariants
def test_a_paper_of_a_ticket_that_the_hub_does_not_know_is_not_called_sent(world, ticket):
    content = take(world, ticket).content
    world.run("update lawful_requests_ticket set reference = 'HT-0000-0000' where id = %s",
              ticket.id)  # fmt: skip
    page = bring(world, content).content.decode()
    assert "No paper of this hub has this code" in page


def test_a_file_larger_than_the_limit_is_refused_before_it_is_read(world):
    answer = client_of(world).generic(
        "POST", "/verify/paper", b"x" * 10_700_000, content_type="application/pdf"
    )
    assert answer.status_code == 413


def test_too_many_files_are_refused(world, monkeypatch):
    monkeypatch.setattr(verify, "MOST_CHECKS", 1)
    assert bring(world, b"<html>").status_code == 422
    assert bring(world, b"<html>").status_code == 429
