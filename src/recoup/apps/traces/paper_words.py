"""What a paper for court says in words: the method, each rule, and what none of them is.

Everything is a ``Said``, so that a paper speaks the reader's language. The names of judgments and
papers are not translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recoup.core.said import Said


def _(template: str) -> str:
    """Mark a template for the catalogues; its values are put in where it is used."""
    return template


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule in words. limits: what has to be known before anybody relies on it."""

    name: Said
    method: Said
    limits: Said


RULE_WORDS: Final[Mapping[str, RuleWords]] = {
    "fifo": RuleWords(
        Said("first in, first out"),
        Said(
            "What came into an account first is taken to leave it first. The units that leave "
            "arrive in the order in which they were taken, so that this order is kept from "
            "account to account. The opening balance is oldest."
        ),
        Said("It favours whoever kept money in the account for long: that money leaves first."),
    ),
    "lifo": RuleWords(
        Said("last in, first out"),
        Said(
            "What came into an account last is taken to leave it first, and stands in reverse "
            "order at the next account."
        ),
        Said(
            "No court is known to follow it. It shows how far an answer depends on the order of "
            "bookings."
        ),
    ),
    "prorata": RuleWords(
        Said("pro rata"),
        Said(
            "Every payment out of an account takes the same share of everyone's money in it. "
            "Shares are whole units, rounded so that no unit is lost or made."
        ),
        Said("It spreads a claim thinly over many accounts, each of which holds a small part."),
    ),
    "prorata_exact": RuleWords(
        Said("pro rata, in exact fractions"),
        Said(
            "Every payment out of an account takes the same share of everyone's money in it, as "
            "an exact fraction. Sums in this paper are rounded where they are printed."
        ),
        Said("Fractions of a unit cannot be paid out. The rule measures what rounding does."),
    ),
    "poison": RuleWords(
        Said("poison"),
        Said(
            "One traced unit in an account marks all of it. What leaves is marked whole; what "
            "comes in is marked there, until the account has been empty."
        ),
        Said(
            "Marks are no sums of money and no claim to any. They overlap, grow, and do not add "
            "up to the loss. They show what may have been touched."
        ),
    ),
    "libr": RuleWords(
        Said("lowest intermediate balance"),
        Said(
            "Whoever mixed the money is taken to spend his own first. A victim's money leaves "
            "only where nothing else is left, and money that comes later does not replace it."
        ),
        Said("The claim on an account is capped by the lowest balance since the money came."),
    ),
    "tiho": RuleWords(
        Said("taint in, highest out"),
        Said(
            "Traced money leaves first, and of payments that were sent together the largest "
            "takes it first."
        ),
        Said("It was proposed for bitcoin in research. No court is known to follow it."),
    ),
}

NOT_CERTAIN: Final = Said(
    "A tracing rule is a convention for mixed money, not an observation: nobody can see which "
    "units left. Courts differ by country and by the facts. Nothing here says that the rule "
    "applies in this matter; that is for the court. Another rule gives another answer, and "
    "answers of two rules are never added."
)
BY_ROLE: Final = Said(
    "Accounts and persons stand here by their role in the flow. That traced money passed an "
    "account says nothing about what its holder knew or intended."
)
METHOD: Final = (
    Said(
        "Every transfer is taken in the order of time, as a payment out of one account and then "
        "into another. Where it stood in a file means nothing."
    ),
    Said("Each victim's payment marks its units, and every payment is followed apart."),
    Said(
        "Accounts that are outside what is known are marked as such: money from them counts as "
        "clean, and money that reaches them stays there."
    ),
)
POLICIES: Final[Mapping[str, Said]] = {
    "unseen": Said("missing money is unseen"),
    "overdraft": Said("missing money is an overdraft"),
    "time, sequence, id": Said("time, sequence, id"),
    "time, then amount downwards within a batch, sequence, id": Said(
        "time, then amount downwards within a batch, sequence, id"
    ),
}
SHORTFALL: Final[Mapping[str, Said]] = {
    "unseen": Said(
        "Where an account paid out more than it is known to have had, the missing part is taken "
        "for clean money that nobody saw come in. It is shown as unseen."
    ),
    "overdraft": Said(
        "Where an account paid out more than it had, it went into the red: the missing part is "
        "clean, and what comes next repays first. Traced money that repaid is shown as dissipated."
    ),
}
VALUATION: Final = _(
    "Sums are values in %(asset)s as the sources give them: units of account, not money."
)
KINDS: Final[Mapping[str, Said]] = {
    "terminal": Said("end of the flow"),
    "other": Said("elsewhere"),
    "source": Said("back at a source"),
}
ADDS_UP: Final = _(
    "Every unit is accounted for. Added up again payment by payment from the result alone: what "
    "was lost equals what is held, what was dissipated and what exchange changed, in %(n)s of "
    "%(n)s payments."
)
ADDS_UP_NOT: Final = _(
    "NOT every unit is accounted for: %(sum)s differ. Do not use this paper; report the fault."
)
ADDS_UP_EACH: Final = _(
    "Every unit is accounted for in each of %(n)s currencies by itself. Added up again from the "
    "result alone: what was lost and what came from another currency equals what is held, what was "
    "dissipated and what went into another currency. Each exchange gave what the banks told of it."
)
SEVERAL: Final = _(
    "The money was exchanged on its way: %(n)s currencies are shown one after the other. Sums of "
    "two currencies are never added, and no rate is assumed: an exchange is as the banks told both "
    "sides of it."
)
PART: Final = _("What is in %(currency)s")
SHARE: Final = Said("Share in its currency")
EXCHANGED: Final = Said("exchanged into another currency")
LOST: Final = _("%(sum)s lost")
ENTERED: Final = _("%(sum)s from another currency")
HELD: Final = _("%(sum)s held")
GONE: Final = _("%(sum)s dissipated")
LEFT: Final = _("%(sum)s into another currency")
MARKS: Final = Said(
    "These are marks: they overlap and grow, are no claim to money, and do not add up to the loss."
)
REPEAT: Final = Said(
    "Whoever holds the same ledger gets the same bytes of the working from the same version of the "
    "program, and with them these digests. The working (JSON) has every step with exact sums; the "
    "tables (CSV) have every line that is left out here."
)
ONLY_LARGEST: Final = _(
    "The %(shown)s largest of %(all)s, in order; all of them are in the tables (CSV) and in the "
    "working."
)
FLOW: Final = _(
    "The %(drawn)s largest bands of money between two accounts, of %(all)s, true to scale; "
    "%(folded)s smaller ones into ends of the flow are drawn together. The dark end of a bar is "
    "what stayed there. Money that runs back is drawn lighter."
)
OF_PAYMENTS: Final = _("of %(n)s payments")
KOSOVO: Final = Said(
    "This designation is without prejudice to positions on status, and is in line with UNSC 1244 "
    "and the ICJ Opinion on the Kosovo Declaration of Independence."
)
UNKNOWN_GLYPHS: Final = Said(
    "Characters that the fonts of this paper do not have are written by their number, as in "
    "\\u4e2d."
)
