"""What is constant in a language is text before a page is rendered; everything else stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Engine
from django.template.base import Node, NodeList, TextNode
from django.urls import set_script_prefix
from django.utils import translation

from recoup.web.folded_templates import Loader, is_constant

BUILTINS = ["django.templatetags.i18n", "django.templatetags.static"]
OUR_OWN = Path(settings.ROOT, "src/recoup/web/templates")


def engines(**templates: str) -> tuple[Engine, Engine]:
    """Two engines for the same templates: with our loader, and with Django's."""
    files = {f"{name}.html": text for name, text in templates.items()}
    plain = ("django.template.loaders.locmem.Loader", files)
    return (
        Engine(loaders=[("recoup.web.folded_templates.Loader", [plain])], builtins=BUILTINS),
        Engine(loaders=[plain], builtins=BUILTINS),
    )


def texts(nodes: NodeList) -> list[str]:
    """What a list of nodes is now: its texts, and the names of other nodes."""
    return [node.s if isinstance(node, TextNode) else type(node).__name__ for node in nodes]


CONSTANT = {
    "a word of two meanings": '{% translate "Open" context "act" %}',
    "a word": '{% translate "Case" %}',
    "a sentence": "{% blocktranslate %}No case “here” yet & 5 %{% endblocktranslate %}",
    "an address": "{% url 'cases' %}",
    "a file": "{% static 'recoup/recoup.css' %}",
    "within a row": '<b>{% translate "Case" %}</b>\n',
}
DEPENDS = {
    "a variable": "{% translate word %}",
    "a meaning that varies": "{% translate 'Case' context word %}",
    "a name": "{% translate 'Case' as title %}",
    "a filter": "{% translate word|upper %}",
    "a value in a sentence": "{% blocktranslate %}in {{ word }}{% endblocktranslate %}",
    "a value given to a sentence": "{% blocktranslate with n=word %}of{% endblocktranslate %}",
    "a number": "{% blocktranslate count n=3 %}one{% plural %}many{% endblocktranslate %}",
    "an address with a parameter": "{% url 'case' '018f0000-0000-7000-8000-000000000000' %}",
    "an address that a name gets": "{% url 'cases' as there %}",
    "another language": "{% language 'sr' %}{% translate 'Case' %}{% endlanguage %}",
}


@pytest.mark.parametrize("text", CONSTANT.values(), ids=CONSTANT)
def test_what_is_constant_is_text(text):
    ours, plain = engines(one=f"a {text} b")
    nodes = ours.get_template("one.html").nodelist
    assert [type(node).__name__ for node in nodes] == ["TextNode"]
    assert ours.get_template("one.html").render(Context()) == plain.get_template("one.html").render(
        Context()
    )


@pytest.mark.parametrize("text", DEPENDS.values(), ids=DEPENDS)
def test_what_depends_on_anything_else_stays(text):
    ours, plain = engines(one=text)
    assert not any(isinstance(node, TextNode) for node in ours.get_template("one.html").nodelist)
    for word in ("Case", "<b>&"):
        values = Context({"word": word})
        assert ours.get_template("one.html").render(values) == plain.get_template(
            "one.html"
        ).render(Context({"word": word}))


def test_rows_branches_and_blocks_are_folded_too():
    ours, plain = engines(
        base="<i>{% block main %}{% translate 'Cases' %}{% endblock %}</i>",
        one="{% extends 'base.html' %}{% block main %}{% for x in xs %}{% if x %}"
        "{% translate 'Case' %} {{ x }}{% else %}{% translate 'Report' %}{% endif %}"
        "{% empty %}{% translate 'Tasks' %}{% endfor %}{{ block.super }}{% endblock %}",
    )
    for language in ("en", "sr", "sr-latn"):
        with translation.override(language):
            for xs in ([], [0], [1, 0, "<b>"]):
                given = [engine.get_template("one.html").render(Context({"xs": xs}))
                         for engine in (ours, plain)]  # fmt: skip
                assert given[0] == given[1]
            assert not any(left(ours.get_template(f"{name}.html").nodelist)
                           for name in ("base", "one"))  # fmt: skip


def left(nodes: NodeList) -> list[Node]:
    return [node for node in nodes.get_nodes_by_type(Node)
            if type(node).__name__ in ("TranslateNode", "StaticNode")]  # fmt: skip


def test_each_language_has_its_own_words():
    ours, _ = engines(one="{% translate 'Case' %}")
    said = {}
    for language in ("en", "sr", "sr-latn", "en"):
        with translation.override(language):
            said.setdefault(language, set()).add(ours.get_template("one.html").render(Context()))
    assert [len(words) for words in said.values()] == [1, 1, 1]
    assert len(set.union(*said.values())) == 3


def test_below_another_root_the_addresses_are_others():
    ours, _ = engines(one="{% url 'cases' %}")
    at_root = ours.get_template("one.html").render(Context())
    set_script_prefix("/hub/")
    try:
        assert ours.get_template("one.html").render(Context()) == f"/hub{at_root}"
    finally:
        set_script_prefix("/")


def test_an_address_that_is_none_is_told_when_the_page_is_rendered():
    ours, _ = engines(one="{% url 'no-such-page' %}")
    template = ours.get_template("one.html")
    with pytest.raises(Exception, match="no-such-page"):
        template.render(Context())


def test_in_mails_nothing_is_folded():
    ours, _ = engines()
    loader = ours.template_loaders[0]
    assert isinstance(loader, Loader)
    loader.loaders[0].templates_dict["mail.txt"] = "{% translate 'Case' %}"
    assert texts(ours.get_template("mail.txt").nodelist)[-1] == "TranslateNode"


def test_all_our_templates_can_be_folded():
    """In all of them, nothing but text is left of what the language alone decides."""
    engine = Engine.get_default()
    paths = sorted(OUR_OWN.rglob("*.html"))
    assert len(paths) > 100
    for path in paths:
        template = engine.get_template(str(path.relative_to(OUR_OWN)))
        assert not [node for node in template.nodelist.get_nodes_by_type(Node) if is_constant(node)]
