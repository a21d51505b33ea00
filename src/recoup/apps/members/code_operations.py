"""Takes a code from a telephone, each once, and stores the secret that the next ones come from."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from recoup.apps.members import codes
from recoup.apps.members.models import Login
from recoup.apps.members.pass_words import Pass
from recoup.apps.members.sign_in_models import CodeSecret


def check(login: Login, code: str, *, at: datetime) -> None:
    """Take a code of somebody's; it does not count again. Raises CodeRefused."""
    held = CodeSecret.objects.filter(login=login).first()
    if held is None:
        raise codes.CodeRefused("no codes")
    step = codes.step_of(codes.unseal(bytes(held.sealed), login), code, at=at)
    taken = CodeSecret.objects.filter(pk=held.pk, last_step__lt=step).update(last_step=step)
    if not taken:
        raise codes.CodeRefused("used already")


def enrol(found: Pass, secret: bytes, code: str, *, password: str, at: datetime) -> bool:
    """Store a secret and a hashed password under a pass, once its first code was right.

    False if the pass is over by now.
    """
    step = codes.step_of(secret, code, at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            "select code_enrol(%s, %s, %s, %s, %s)",
            [found.first, found.second, codes.seal(secret, found.login), step, password],
        )
        return bool(cursor.fetchone()[0])
