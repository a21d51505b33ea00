"""The one row that a report may add to the directory: an institution abroad that nobody knows.

An IBAN names its country by itself, also where the directory does not know the bank. One row a
country stands for all of them, is no member and is asked nothing; what happens when a bank is named
later says ``docs/adr/0012-an-institution-abroad-that-nobody-knows.md``.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from recoup.apps.members.models import Organisation
from recoup.core.accounts import AccountIdentifier


def institution_abroad(identifier: AccountIdentifier) -> Organisation | None:
    """The row of the country in which an account is kept; None at home, or where nothing says."""
    if not identifier.country or identifier.country == settings.COUNTRY:
        return None
    with connection.cursor() as cursor:
        cursor.execute("select institution_abroad(%s)", [identifier.country])
        return Organisation.objects.get(pk=cursor.fetchone()[0])
