"""Which payments may be recalled: the schemes of Serbia's pack, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from recoup import data
from recoup.core.law import PaymentKind, PaymentScheme, Recall, Side, recall_of

AT = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
RS_BANK, SI_BANK = Side("iban", "RS", "bank"), Side("iban", "SI", "foreign_bank")
US_BANK = Side("iban", "US", "")
CARD = Side("card", "RS", "payment")
WALLET = Side("wallet", "RS", "vasp")


@pytest.fixture
def schemes():
    return data.load_pack("RS").schemes


def asked(schemes, payment, *, paid_at=AT - timedelta(hours=1), at=AT):
    addressees = data.load_measures()["recall"].addressees
    return recall_of(schemes, payment, addressees=addressees, paid_at=paid_at, at=at)


def test_a_euro_payment_between_two_countries_of_sepa_may_be_recalled(schemes):
    found = asked(schemes, PaymentKind("EUR", RS_BANK, SI_BANK))
    assert found.may_ask and found.ground is Recall.AVAILABLE
    assert found.scheme.scheme == "sepa"


def test_of_a_dinar_payment_it_is_not_known_whether_it_may_be_recalled(schemes):
    found = asked(schemes, PaymentKind("RSD", RS_BANK, RS_BANK))
    assert (found.may_ask, found.ground) == (False, Recall.NOT_KNOWN)
    assert found.scheme.scheme == "rs_dinar" and found.scheme.to_check


def test_inside_one_institution_there_is_no_scheme_and_no_recall(schemes):
    found = asked(schemes, PaymentKind("EUR", RS_BANK, RS_BANK, is_inside=True))
    assert (found.may_ask, found.ground) == (False, Recall.NONE)


def test_what_moved_on_a_chain_cannot_be_recalled(schemes):
    found = asked(schemes, PaymentKind("BTC", WALLET, WALLET))
    assert (found.may_ask, found.ground) == (False, Recall.NONE)


def test_a_provider_of_crypto_assets_is_not_asked_whatever_the_scheme_says(schemes):
    """The measure is for banks and payment institutions: ``law/measures.toml``."""
    found = asked(schemes, PaymentKind("EUR", Side("iban", "RS", "vasp"), SI_BANK))
    assert (found.may_ask, found.ground) == (False, Recall.NOT_FOR_ADDRESSEE)


def test_the_recall_of_cards_is_an_assumption_of_the_demonstration(schemes):
    found = asked(schemes, PaymentKind("RSD", RS_BANK, CARD))
    assert found.may_ask and found.scheme.assumed


@pytest.mark.parametrize(
    ("after", "ground"),
    [(timedelta(0), Recall.AVAILABLE), (timedelta(seconds=1), Recall.TOO_LATE)],
)
def test_the_time_of_a_recall_is_counted_from_the_payment(schemes, after, ground):
    payment = PaymentKind("EUR", RS_BANK, SI_BANK)
    within = next(s for s in schemes if s.scheme == "sepa").within
    at = AT + timedelta(days=730)
    found = asked(schemes, payment, paid_at=at - within - after, at=at)
    assert (found.ground, found.may_ask) == (ground, ground is Recall.AVAILABLE)


def test_a_payment_before_the_country_took_part_is_not_of_that_scheme(schemes):
    """The day is the payment's: Serbia joined SEPA's schemes in 2026."""
    payment = PaymentKind("EUR", RS_BANK, SI_BANK)
    since = next(s for s in schemes if s.scheme == "sepa").law_from
    assert since == date(2026, 6, 1)
    before = datetime(2026, 5, 31, 23, tzinfo=UTC)
    found = asked(schemes, payment, paid_at=before, at=before + timedelta(hours=1))
    assert found.scheme.scheme != "sepa"


def test_dollars_abroad_go_by_correspondent_banks_which_have_a_recall_for_days(schemes):
    found = asked(schemes, PaymentKind("USD", RS_BANK, US_BANK))
    assert found.may_ask and found.scheme.within == timedelta(hours=72)


def test_a_payment_that_no_scheme_describes_is_not_recalled(schemes):
    found = asked(schemes, PaymentKind("RSD", RS_BANK, Side("cash_reference", "RS", "")))
    assert (found.may_ask, found.ground, found.scheme) == (False, Recall.NOT_KNOWN, None)


def test_each_scheme_says_where_it_is_from_and_that_nobody_confirmed_it(schemes):
    assert schemes
    for scheme in schemes:
        assert not scheme.confirmed
        assert scheme.assumed or (scheme.to_check and scheme.source.startswith("https://"))
        assert (scheme.within is None) == (scheme.recall != "available")


SCHEME = PaymentScheme(
    scheme="s", name="n", currencies=("EUR",), payer_schemes=("iban",), payee_schemes=("card",),
    payer_countries=("RS",), payee_countries=("SI",), inside=False, across=True,
    recall="available", within=timedelta(days=10), confirmed=False, assumed=False,
    source="https://x", law_from=date(2026, 11, 21),
)  # fmt: skip
FITS = PaymentKind("EUR", Side("iban", "RS", "bank"), Side("card", "SI", "bank"))


@pytest.mark.parametrize(
    "other",
    [
        replace(FITS, currency="RSD"),
        replace(FITS, payer=Side("card", "RS", "bank")),
        replace(FITS, payer=Side("iban", "ME", "bank")),
        replace(FITS, payee=Side("iban", "SI", "bank")),
        replace(FITS, payee=Side("card", "HR", "bank")),
        replace(FITS, payee=Side("card", "RS", "bank")),
        replace(FITS, is_inside=True),
    ],
)
def test_each_trait_of_a_scheme_has_to_fit(other):
    assert SCHEME.fits(FITS, on=date(2026, 11, 21))
    assert not SCHEME.fits(FITS, on=date(2026, 11, 20))
    assert not SCHEME.fits(other, on=date(2026, 11, 21))


def test_the_advice_names_the_scheme_that_it_is_about():
    for change, ground in (
        ({"recall": "unknown"}, Recall.NOT_KNOWN),
        ({"recall": "none"}, Recall.NONE),
        ({"within": None}, Recall.NONE),
        ({}, Recall.AVAILABLE),
    ):
        scheme = replace(SCHEME, **change)
        found = asked([scheme], FITS, paid_at=AT)
        assert (found.ground, found.scheme) == (ground, scheme)
    crypto = replace(FITS, payer=Side("iban", "RS", "vasp"))
    found = asked([SCHEME], crypto, paid_at=AT)
    assert (found.ground, found.scheme) == (Recall.NOT_FOR_ADDRESSEE, SCHEME)
