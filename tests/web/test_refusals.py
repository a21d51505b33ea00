"""A page that refuses names the act and who may do it in words, in every language."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import translation

from recoup.data.policy import load_policy
from recoup.web.act_words import ACTS
from recoup.web.templatetags.recoup_ui import role_name, signers
from support.case_pages import signed_in, text_of
from support.world import OFFICER, PROSECUTOR

LANGUAGES = {"en": "Not for this role", "sr": "Није за ову улогу", "sr-latn": "Nije za ovu ulogu"}


def test_every_act_of_the_policy_has_words() -> None:
    assert set(ACTS) == set(load_policy().acts)


def test_every_role_of_the_policy_has_a_name() -> None:
    roles = {role for roles in load_policy().acts.values() for role in roles} - {"anyone"}
    assert [role for role in roles | {"unit_head"} if "_" in role_name(role)] == []


@pytest.mark.parametrize(
    ("login", "name"),
    [
        ("mila.linden", "fraud desk clerk"),
        ("dara.linden", "fraud desk supervisor"),
        ("iskra.firefly", "compliance desk supervisor"),
        ("rade.heron", "legal desk clerk"),
        (OFFICER, "police officer"),
    ],
)
@pytest.mark.django_db
def test_a_role_is_named_as_in_the_kind_of_its_institution(login: str, name: str) -> None:
    assert f", {name}, " in text_of(login, "/directory")


@pytest.mark.parametrize("language", ["sr", "sr-latn"])
def test_the_words_are_translated(language: str) -> None:
    with translation.override("en"):
        english = {act: str(words) for act, words in ACTS.items()}
    with translation.override(language):
        assert [act for act, words in ACTS.items() if str(words) == english[act]] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("login", "path", "act"),
    [
        (PROSECUTOR, "/cases/{id}/adopt", "case:adopt"),
        (PROSECUTOR, "/tickets/{id}/withdraw", "ticket:withdraw"),
        (OFFICER, "/cases/{id}/decide", "case:decide"),
        ("mila.linden", "/cases/{id}/merge", "case:merge"),
    ],
)
@pytest.mark.django_db
def test_a_refusal_says_what_and_who(login: str, path: str, act: str, language: str) -> None:
    client = signed_in(login)
    client.cookies["django_language"] = language
    answer = client.post(path.format(id=uuid4()))
    text = answer.content.decode()
    assert answer.status_code == 403
    with translation.override(language):
        assert LANGUAGES[language] in text and str(ACTS[act]) in text
        assert all(role_name(role) in text for role in load_policy().roles_for(act))
    assert act not in text


@pytest.mark.django_db
def test_who_is_not_signed_in_is_a_visitor() -> None:
    text = Client().post(f"/cases/{uuid4()}/adopt").content.decode()
    assert "You are here as: visitor" in text and "adopting a report" in text
    assert 'href="/accounts/login/"' in text and "administrator" not in text


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "head of unit, Ana A; duty officer, B, C"), ("sr", "дежурни службеник, B, C")],
)
def test_the_signers_of_a_ticket_have_roles_in_the_reader_s_words(
    language: str, words: str
) -> None:
    with translation.override(language):
        assert words in signers(["unit head, Ana A", "duty officer, B, C"])
