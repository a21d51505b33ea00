"""``{% drawn row %}…{% enddrawn %}``: a row of a list, drawn once for all who are shown the same.

To draw fifty rows takes longer than to read them, and whoever looks at a list sees nearly the rows
that others saw a moment ago: after each change a desk reads its queue anew. What is between knows
the one value only, nothing of who asks, and is kept under all that is in the value, so nobody gets
a word that was not read for them. It is drawn anew after seconds, since clocks are among it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final
from uuid import UUID

from django import template
from django.template import Context, Node, NodeList
from django.template.base import FilterExpression, Parser, Token
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

KEPT_SECONDS: Final = 5
MOST: Final = 10_000
PLAIN: Final = frozenset((str, SafeString, int, bool, type(None), UUID, date, timedelta))
SAID: Final = frozenset((datetime, Decimal, float))


class NotPlain(Exception):
    """Something in a value can change unseen, or is compared by less than it says."""


def frozen(value: object) -> object:
    """All that is in a value, to compare by; a text that is safe is another. Raises NotPlain."""
    kind = type(value)
    if kind in PLAIN:
        return kind, value
    if kind in SAID:  # 1.0 is 1.00 and noon here is noon there, but not as they are written
        return kind, str(value)
    if isinstance(value, dict):
        return kind, tuple((name, frozen(one)) for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return kind, tuple(frozen(one) for one in value)
    if isinstance(value, Promise):
        return kind, str(value)
    told = getattr(kind, "__dataclass_fields__", None)
    if told is None:
        raise NotPlain(kind.__name__)
    return kind, tuple(frozen(getattr(value, name)) for name in told)


class Drawn(Node):
    """What is between the tags."""

    # What was drawn in these seconds, of all lists; replaced as one, since others draw meanwhile.
    kept: ClassVar[tuple[int, dict[object, SafeString]]] = 0, {}

    def __init__(self, name: str, value: FilterExpression, nodelist: NodeList) -> None:
        self.name, self.value, self.nodelist = name, value, nodelist

    def render(self, context: Context) -> SafeString:
        value: Any = self.value.resolve(context)
        try:
            key = self, frozen(value), get_language(), timezone.get_current_timezone_name()
        except NotPlain:
            return self._draw(context, value)
        kept = self._of_now()
        text = kept.get(key)
        if text is None:
            text = kept[key] = self._draw(context, value)
        return text

    def _of_now(self) -> dict[object, SafeString]:
        now = int(timezone.now().timestamp()) // KEPT_SECONDS
        since, kept = Drawn.kept
        if since != now or len(kept) >= MOST:
            kept = {}
            Drawn.kept = now, kept
        return kept

    def _draw(self, context: Context, value: object) -> SafeString:
        return self.nodelist.render(context.new({self.name: value}))


@register.tag
def drawn(parser: Parser, token: Token) -> Drawn:
    """Read ``{% drawn row %}``: the name of what is between, and its only value."""
    name = token.split_contents()[1]
    between = parser.parse(("enddrawn",))
    parser.delete_first_token()
    return Drawn(name, parser.compile_filter(name), between)
