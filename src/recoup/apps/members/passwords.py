"""Proves a password without reading its hash: the pages' log-in has no right to that column.

The database tells how a password was hashed (algorithm, work factor, salt), the hash is made here,
and the database says whether it is the stored one. Who can run statements as the pages do can
therefore read no hash, and change no password without the one before.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.hashers import BasePasswordHasher, get_hasher, make_password
from django.db import connection

PARAMETERS = {
    "work_factor": "n", "block_size": "r", "parallelism": "p", "iterations": "iterations",
}  # fmt: skip


class NotProved(Exception):
    """A password may be changed only right after the one before was given."""


def proof(username: str, password: str) -> str:
    """The encoded password if it is the login's; empty if it is not, or there is no such login."""
    with connection.cursor() as cursor:
        cursor.execute("select login_recipe(%s)", [username])
        recipe = cursor.fetchone()[0]
        if not recipe:
            return ""
        encoded = _encoded(password, recipe)
        cursor.execute("select login_proved(%s, %s)", [username, encoded])
        return encoded if cursor.fetchone()[0] else ""


def change(login_id: int, *, proved: str, password: str) -> UUID:
    """Store a new password, and end the login's other sessions; gives their new mark."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select login_change_password(%s, %s, %s)", [login_id, proved, make_password(password)]
        )
        mark: UUID | None = cursor.fetchone()[0]
    if mark is None:
        raise NotProved("The password that was given before is not the stored one. Sign in again.")
    return mark


def _encoded(password: str, recipe: str) -> str:
    """Hash a password as another one was; recipe: its encoded form without the hash itself."""
    hasher: BasePasswordHasher = get_hasher(recipe.split("$", 1)[0])
    found = hasher.decode(f"{recipe}$none")
    more = {name: found[key] for key, name in PARAMETERS.items() if key in found}
    return hasher.encode(password, found["salt"], **more)
