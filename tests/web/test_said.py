"""What core and standards say in English, pages say in Serbian: every sentence, with its values."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

import recoup
from recoup.apps.said import in_words, reason, refusal
from recoup.core.accounts import read_account
from recoup.core.answer import CODES, MEASURE_WORDS, AnswerTold, Asked, answer_said, check
from recoup.core.lawful_request import MoveRefused, RequestMove, RequestState
from recoup.core.money import Currency, Money, format_money, parse_amount
from recoup.core.said import Said
from recoup.core.text import NotReadable
from recoup.standards import booking_lines
from recoup.standards.booking_lines import Profile
from recoup.web.answer_choices import ANSWERS, MEASURES
from recoup.web.catalogs import load

SOURCE = Path(recoup.__file__).parent
ROOMS = ("core", "standards")
ACTS = ("apps", "web")
# Where the sentence stands among the arguments of what is raised or told.
SENTENCES = {"NotReadable": (2, 3), "_refused": (2, 3), "Problem": (2,), "Refusal": (3,)}
REFUSALS = {"NotPossible", "TakenByAnother"}
RSD = Currency("RSD", 2, "Serbian Dinar")


def calls(*rooms: str) -> Iterator[tuple[str, ast.Call]]:
    for room in rooms:
        for path in sorted((SOURCE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield f"{path.relative_to(SOURCE)}:{node.lineno}", node


def templates() -> list[str]:
    """The first argument of every ``Said`` in the source."""
    found = {
        node.args[0].value
        for _, node in calls("core", "standards", "apps", "web")
        if node.func.id == "Said" and node.args and isinstance(node.args[0], ast.Constant)
    }
    return sorted(found)


def test_nothing_that_can_be_wrong_with_a_value_is_a_bare_text() -> None:
    bare = [
        f"{where} {node.func.id}"
        for where, node in calls(*ROOMS)
        for place in SENTENCES.get(node.func.id, ())
        if place < len(node.args) and isinstance(node.args[place], ast.Constant | ast.JoinedStr)
    ]
    assert bare == []


def test_no_act_is_refused_with_a_bare_text() -> None:
    bare = [
        f"{where} {node.func.id}"
        for where, node in calls(*ACTS)
        if node.func.id in REFUSALS
        and node.args
        and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
    ]
    assert bare == []


def test_no_sentence_of_a_page_has_a_code_of_the_api_in_it() -> None:
    codes = {code for known in CODES.values() for code in known if "_" in code}
    assert [t for t in templates() if any(code in t for code in codes)] == []


def test_pages_call_an_answer_in_a_refusal_as_the_desk_that_gives_it_does() -> None:
    with translation.override("en"):
        for measure, codes in CODES.items():
            labels = {choice.code: str(choice.label) for choice in ANSWERS[measure]}
            assert {code: answer_said(code, measure).words for code in codes} == labels
        assert {m: str(words) for m, words in MEASURES.items()} == MEASURE_WORDS


def test_the_api_names_the_code_and_the_page_its_words() -> None:
    asked = Asked("confirm_debit", "", 100, RSD)
    (problem,) = check(AnswerTold("held"), asked)
    assert problem.message.startswith("held is no answer to confirm_debit. Possible: cannot_")
    with translation.override("en"):
        told = in_words(problem.message)
        assert told.startswith("“Held” is no answer to “Confirm the debit”. Possible: “Cannot")
    with translation.override("sr"):
        assert "„Нема таквог одлива“" in in_words(problem.message)


def test_a_lift_is_called_so() -> None:
    (problem,) = check(AnswerTold("held", held_minor=5), Asked("hold", "set", 0, RSD))[1:]
    with translation.override("en"):
        assert "“Lifted”" in in_words(problem.message)


def test_every_sentence_has_its_serbian_one() -> None:
    catalog = load("sr")
    assert len(templates()) > 120
    for template in templates():
        message = catalog.get(template)
        assert message is not None and message.string, template
        words = template.replace("%(problem)s %(advice)s", "")
        assert not words or any("\u0400" <= c <= "\u04ff" for c in message.string), template


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda: parse_amount("180.000,00", RSD), "Зарез може"),
        (lambda: parse_amount("1.234", RSD), "RSD има децимала: 2"),
        (lambda: read_account("RS35260005601001611378"), "Контролне цифре IBAN-а не слажу се"),
        (lambda: read_account("RЅ35260005601001611379"), "Знак 2 је U+0405"),
    ],
)
def test_a_value_that_cannot_be_read_is_told_in_the_readers_language(read: Any, words: str) -> None:
    with pytest.raises(NotReadable) as refused, translation.override("sr"):
        read()
    with translation.override("sr"):
        assert words in reason(refused.value)
    with translation.override("en"):
        assert reason(refused.value) == str(refused.value)


def test_a_refused_line_is_named_in_the_readers_language() -> None:
    with pytest.raises(booking_lines.NotReadable) as refused:
        booking_lines.read(b"saldo;1", Profile("semicolon"))
    with translation.override("sr"):
        told = refusal(refused.value.refused[0])
    assert told.startswith("Ред 1") and "Нађено је колона: 2" in told


def test_a_move_that_is_not_possible_is_told_without_the_names_of_states() -> None:
    refused = MoveRefused(RequestState.CLOSED, RequestMove.WITHDRAW)
    with translation.override("en"):
        assert reason(refused).startswith("The ticket does not wait for this any more")
    with translation.override("sr"):
        assert reason(refused).startswith("Захтев")


def test_sums_and_sentences_inside_a_sentence_are_said_in_the_readers_language_too() -> None:
    held = format_money(Money(48_000_000, "RSD"), RSD)
    said = Said("at most %(sum)s", sum=held)
    assert said == "at most 480,000.00 RSD"
    with translation.override("sr"):
        assert in_words(said) == "највише 480.000,00\u00a0RSD"
        outer = Said("Debit %(debit)s: %(problem)s", debit="B-1", problem=said)
        assert in_words(outer) == "Одлив B-1: највише 480.000,00\u00a0RSD"


def test_a_value_is_never_taken_for_a_template() -> None:
    said = Said("Write %(code)s.", code="100% %(sum)s")
    with translation.override("sr"):
        assert in_words(said) == "Напишите 100% %(sum)s."
    assert in_words("100% as it is") == "100% as it is"
