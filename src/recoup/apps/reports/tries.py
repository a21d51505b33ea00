"""Counts what somebody tries, in the database: a restart or a second process forgets none.

By network, so that nobody guesses in bulk; and by reference, so that many networks together do not
either. A mark is a keyed digest: neither addresses nor references that were tried are stored.
"""

from __future__ import annotations

from django.db import connection
from django.utils.crypto import salted_hmac


class TooManyTries(Exception):
    """Something was tried too often within a while."""


def count(what: str, mark: bytes, *, most: int, seconds: int) -> None:
    """Count one try; raises TooManyTries beyond ``most`` within the stretch of time."""
    if _ask(what, mark, seconds, by_one=True) > most:
        raise TooManyTries


def check(what: str, mark: bytes, *, most: int, seconds: int) -> None:
    """Count nothing; raises TooManyTries where ``most`` was reached."""
    if _ask(what, mark, seconds, by_one=False) >= most:
        raise TooManyTries


def mark_of_reference(reference: str) -> bytes:
    return salted_hmac("recoup.reference", reference, algorithm="sha256").digest()


def _ask(what: str, mark: bytes, seconds: int, *, by_one: bool) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count_try(%s, %s, %s, %s)", [what, mark, seconds, by_one])
        return int(cursor.fetchone()[0])
