"""What is wrong with what a reporter typed, in the reporter's language.

Core says it in English with a code and facts; here each code that people meet has its sentences.
A code without a row is said in core's words, translated.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from recoup.apps.said import reason
from recoup.core.report import OLDEST_DAYS
from recoup.core.text import NotReadable

SHOWN: Final = 40
COMPARE: Final = _("Compare every character with the payment or the bank’s paper.")
COPY: Final = _("Copy the address again from the wallet or the payment.")
AMOUNT: Final = _("Write digits with a point before the decimals and nothing else, like 480000.00.")
AGAIN: Final = _("Type it again instead of pasting it.")
MOMENT: Final = _("Choose day and time, or write them like 2026-11-21 14:05.")
PHONE: Final = _("Write it with the country, like +381 64 123 4567.")
CARD: Final = _("Give its first six and last four digits, like 411111-1111.")

# code -> (what is wrong, what to do); the facts of the error fill the places.
WORDS: Final = {
    # amounts and currencies
    "negative": (_("An amount below zero cannot be reported."), AMOUNT),
    "zero": (_("The amount is zero."), _("Write what was paid.")),
    "comma": (_("A comma can mean thousands or decimals, so it is not taken."), AMOUNT),
    "space": (_("Spaces stand inside the amount."), AMOUNT),
    "points": (_("The amount has more than one point."), AMOUNT),
    "exponent": (_("The amount is written with an exponent."), AMOUNT),
    "leading_zero": (_("The amount begins with a zero that does not belong there."), AMOUNT),
    "currency_inside": (_("The currency has a field of its own."), AMOUNT),
    "not_an_amount": (_("This is not an amount."), AMOUNT),
    "look_alike": (_("One sign only looks like a digit or a point."), AMOUNT),
    "too_precise": (
        _("%(currency)s has %(decimals)s decimals; the amount has %(given)s."),
        AMOUNT,
    ),
    "unknown_currency": (_("There is no such currency."), _("Choose one from the list.")),
    # moments
    "not_a_moment": (_("This is not a day and time."), MOMENT),
    "not_a_day": (_("This is not a day."), MOMENT),
    "no_such_day": (_("The calendar has no such day."), MOMENT),
    "no_such_time": (_("The clock never shows this time."), MOMENT),
    "in_the_future": (_("This moment has not come yet."), _("Check day and time.")),
    "too_long_ago": (_("This is more than %(days)s days ago."), _("Check the year.")),
    "time_skipped": (
        _("The clock skipped this time when summer time began."),
        _("Write the time an hour later."),
    ),
    # accounts
    "check_digits": (
        _("The check digits do not fit the rest: at least one character is wrong."),
        COMPARE,
    ),
    "unknown_bank": (
        _("The check digits do not fit the rest, and no bank has the code %(bank)s."),
        COMPARE,
    ),
    "iban_form": (
        _("An IBAN begins with two letters of the country and two digits."),
        COMPARE,
    ),
    "iban_country": (_("No country with IBANs has the code %(country)s."), COMPARE),
    "iban_length": (
        _("An IBAN of %(country)s has %(length)s characters; this one has %(given)s."),
        COMPARE,
    ),
    "iban_letters": (
        _("Character %(place)s is the letter %(letter)s, where only digits can stand."),
        COMPARE,
    ),
    "national_check": (_("The account inside this IBAN is not one that is given out."), COMPARE),
    "rs_letters": (
        _("A Serbian account number has digits and hyphens only."),
        _("Write it like 260-56010016113-79."),
    ),
    "rs_length": (
        _("A Serbian account number has 18 digits; this one has %(given)s."),
        _("Write all 18, or with hyphens like 260-56010016113-79."),
    ),
    "card_length": (_("A card number has 12 to 19 digits."), CARD),
    "not_a_phone": (_("This is not a telephone number."), PHONE),
    "no_phone": (_("No such telephone number is given out."), PHONE),
    "not_a_wallet": (_("This is not an address of Bitcoin, Ethereum or TRON."), COPY),
    "wrong_chain": (_("The address belongs to another chain."), COPY),
    "memo": (
        _("A memo or tag has 1 to 64 signs without spaces."),
        _("Write it after #, or leave the # out."),
    ),
    "unknown_form": (
        _("The account is not written in a known way."),
        _(
            "Write an IBAN, the 18 digits of a Serbian account, a card, a telephone number with +, "
            "or a wallet address."
        ),
    ),
    "same_account": (
        _("Money was paid from this account to itself."),
        _("Write the account that got the money."),
    ),
    # any text
    "missing": (_("Nothing was filled in."), _("Fill it in.")),
    "too_long": (_("This is too long."), _("Shorten it.")),
    "character_refused": (
        _("Character %(place)s cannot stand here (%(character)s)."),
        AGAIN,
    ),
    "not_an_email": (
        _("This is not one e-mail address."),
        _("Write it like name@example.org, without other signs."),
    ),
    # references and secrets
    "not_a_reference": (_("This is not a reference."), _("Write it like RP-7Q4M-2K9C.")),
    "other_kind": (_("This is not the reference of a report."), _("Write it like RP-7Q4M-2K9C.")),
    "mistyped": (
        _("This is mistyped: its last character does not fit the rest."),
        _("Compare every character with the page where it was shown."),
    ),
    "not_a_secret": (
        _("This is not a secret."),
        _("Copy all seven groups from the page where it was shown."),
    ),
}
ODD: Final = {
    "looks_like_card": _("The reference may hold a card number."),
    "unusual_currency": _("Accounts of that country are usually in another currency."),
    "time_twice": _("The clock showed this time twice that night; the earlier one was taken."),
}


def say(problem: NotReadable) -> str:
    """What was typed, what is wrong with it, and what to do."""
    code = _code_of(problem)
    facts = {"days": OLDEST_DAYS, **problem.facts}
    own = WORDS.get(code)
    said = " ".join(str(sentence) % facts for sentence in own) if own else reason(problem)
    if not problem.value or code == "missing" or problem.value == "…":
        return said
    value = problem.value if len(problem.value) <= SHOWN else problem.value[:SHOWN] + "…"
    return gettext("You wrote “%(value)s”.") % {"value": value} + " " + said


def _code_of(problem: NotReadable) -> str:
    """The row for a problem: check digits are of a bank, of an account, or of what we gave out."""
    if problem.code != "check_digits":
        return problem.code
    if problem.field in ("reference", "secret"):
        return "mistyped"
    return "unknown_bank" if "bank" in problem.facts else problem.code
