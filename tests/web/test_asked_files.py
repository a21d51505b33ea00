"""Files of an answer at the addressee's desk: each that is none is refused, and nothing is lost."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from uuid import uuid4

import pytest
from django.test import Client

from recoup.apps.lawful_requests import (
    request_law,
)
from support.asked import (
    PDF,
    answers,
    at,
    files,
    send,
    signed_in,
    taken,
    upload,
)
from support.requests import Desk, law_of
from support.world import World


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


@pytest.fixture
def clerk(desk: Desk) -> Client:
    return signed_in("rade.heron")


# Files


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 1_000_000)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("list.zip", bomb(), "is not taken here"),
        ("list.pdf", bomb(), "does not begin as application/pdf does"),
        ("list.csv", bomb(), "is no text"),
        ("tool.exe", b"MZ\x90", "is not taken here"),
        ("empty.pdf", b"", "has 0 bytes"),
        ("big.pdf", PDF + b"x" * 10_485_760, "are taken"),
        ("named.txt", b"PK\x03\x04 is how an archive begins\0", "is no text"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_reason_and_not_stored(
    desk: Desk, clerk: Client, name: str, content: bytes, said: str
) -> None:
    ticket = taken(clerk, desk)
    for act in ("upload", "send"):
        refused = send(clerk, ticket, act=act, code="given", upload=upload(name, content),
                       **{"field-name": "still typed"})  # fmt: skip
        told = refused.content.decode()
        assert refused.status_code == 422
        assert said in told and name in told and "still typed" in told
    assert files(ticket) == [] and answers(ticket) == []
    lines = [one["what"] for one in desk.trail(ticket.id, kind="ticket")]
    assert lines.count("asked:file:refused") == 2


def test_a_file_that_arrives_changed_is_refused_and_told(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    whole, wrong = hashlib.sha256(PDF).hexdigest(), "0" * 64
    refused = send(clerk, ticket, act="upload", upload=upload("a.pdf", PDF), upload_sha256=wrong)
    assert refused.status_code == 422 and "its digest differs" in refused.content.decode()
    assert files(ticket) == []
    assert desk.trail(ticket.id, kind="ticket")[-1]["facts"]["code"] == "wrong_digest"
    sent = send(clerk, ticket, act="upload", upload=upload("a.pdf", PDF), upload_sha256=whole)
    assert sent.status_code == 200 and [one.sha256.hex() for one in files(ticket)] == [whole]


def test_two_gigabytes_are_refused_by_their_length(desk: Desk, clerk: Client) -> None:
    """None of it is sent here: the length alone is enough."""
    ticket = taken(clerk, desk)
    length = str(2 * 1024**3)
    refused = clerk.generic("POST", at(ticket, "/answer/files"), b"x", CONTENT_LENGTH=length)
    assert refused.status_code == 413 and length in refused.content.decode()


def test_what_was_typed_before_a_refusal_was_chosen_is_not_given(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    send(clerk, ticket, code="refused", reason="data_not_held", **{"field-name": "CANARY-9X2K"})
    (stored,) = answers(ticket)
    assert b"CANARY-9X2K" not in bytes(stored.body)


def test_an_answer_that_gives_nothing_is_asked_for_what_it_gives(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    refused = send(clerk, ticket, code="given")
    assert refused.status_code == 422 and "Nothing is given yet" in refused.content.decode()
    assert send(clerk, ticket, code="given", upload=upload("a.pdf", PDF)).status_code == 302


def test_take_next_passes_over_what_waits_for_a_reply(desk: Desk, clerk: Client) -> None:
    first = taken(clerk, desk)
    clerk.post(at(first, "/ask"), {"text": "Which time zone?"})
    clerk.post(at(first, "/release"))
    assert clerk.post("/asked/next").headers["Location"] == "/asked"
    (second,) = desk.sent()
    assert clerk.post("/asked/next").headers["Location"] == at(second)


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    refused = send(clerk, ticket, code="given", upload=upload("big.pdf", PDF + b"x" * 12_000_000))
    assert refused.status_code == 413
    assert files(ticket) == []


def test_a_file_is_added_first_with_its_digest_and_typed_words_stay(
    desk: Desk, clerk: Client
) -> None:
    ticket = taken(clerk, desk)
    added = send(clerk, ticket, act="upload", upload=upload("list.csv", b"a;b\n1;2\n", "x/y"),
                 **{"field-name": "still typed"})  # fmt: skip
    told = added.content.decode()
    (stored,) = files(ticket)
    assert added.status_code == 200 and stored.media_type == "text/csv"
    assert stored.sha256.hex() in told and "still typed" in told
    assert re.search(rf'value="{stored.id}" checked', told)
    got = clerk.get(at(ticket, f"/file?file={stored.id}"))
    assert got.content == b"a;b\n1;2\n" and "attachment" in got.headers["Content-Disposition"]
    assert clerk.get(at(ticket, f"/file?file={uuid4()}")).status_code == 404
    assert signed_in("mila.linden").get(at(ticket, f"/file?file={stored.id}")).status_code == 404
