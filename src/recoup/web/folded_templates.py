"""Templates kept once for each language, in which what never changes is plain text already.

A page has some hundreds of words that only the language decides, and a list has them again in each
row. Django looks each of them up anew whenever it renders; here that is done once, when a template
is first wanted in a language. Addresses without parameters and names of static files are folded
likewise. What depends on anything else stays as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.template import Context, Template
from django.template.base import (
    FilterExpression,
    Node,
    NodeList,
    TextNode,
    TokenType,
    Variable,
)
from django.template.defaulttags import IfNode, URLNode
from django.template.loaders import base, cached
from django.templatetags.i18n import BlockTranslateNode, LanguageNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.translation import get_language


class Folding(base.Loader):
    """Folds a template before anybody else has it."""

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        template: Template = super().get_template(template_name, skip)
        fold(template)
        return template


class Loader(cached.Loader, Folding):
    """Django's own loader that keeps templates, for each language and each root of addresses."""

    def cache_key(self, template_name: str, skip: Any = None) -> str:
        root = get_script_prefix()
        return f"{super().cache_key(template_name, skip)} {get_language()} {root}"


def fold(template: Template) -> None:
    """Replace what is constant in the language of now by its text, and join texts that meet.

    Only in HTML, where every value is escaped in the same way.
    """
    if str(template.name).endswith(".html"):
        context = Context()
        with context.bind_template(template):
            _fold(template.nodelist, context)


def _fold(nodes: NodeList, context: Context) -> None:
    """Fold a list in place: blocks are known by others as the very nodes that they are."""
    folded: list[Node] = []
    for node in nodes:
        one = TextNode(str(node.render(context))) if is_constant(node) else node
        if isinstance(one, TextNode) and folded and isinstance(folded[-1], TextNode):
            folded[-1] = TextNode(folded[-1].s + one.s)
        else:
            folded.append(one)
        for inner in _inside(one):
            _fold(inner, context)
    nodes[:] = folded


def _inside(node: Node) -> Iterator[NodeList]:
    """The lists of nodes within one. What stands under another language is left as it is."""
    if isinstance(node, LanguageNode):
        return
    for value in vars(node).values():
        if isinstance(value, NodeList):
            yield value
    if isinstance(node, IfNode):
        yield from (inner for _, inner in node.conditions_nodelists)


def is_constant(node: Node) -> bool:
    """Whether the language alone decides what a node renders."""
    if isinstance(node, TranslateNode):
        is_said = not (node.asvar or node.noop)
        is_meant = not node.message_context or _is_literal(node.message_context)
        return is_said and is_meant and _is_literal(node.filter_expression)
    if isinstance(node, BlockTranslateNode):
        names = any(token.token_type is not TokenType.TEXT for token in node.singular)
        depends = node.extra_context or node.plural or node.asvar or node.message_context
        return not (names or depends)
    if isinstance(node, URLNode):
        return not (node.args or node.kwargs or node.asvar) and _is_address(node.view_name)
    return isinstance(node, StaticNode) and not node.varname and _is_literal(node.path)


def _is_literal(expression: FilterExpression) -> bool:
    var = expression.var
    is_text = var.lookups is None if isinstance(var, Variable) else isinstance(var, str)
    return is_text and not expression.filters


def _is_address(name: FilterExpression) -> bool:
    """Whether a name leads somewhere without parameters; if not, rendering says what is wrong."""
    try:
        return _is_literal(name) and bool(reverse(name.resolve(Context())))
    except NoReverseMatch:
        return False
