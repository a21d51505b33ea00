"""What an answer tells, all of it: two answers that must agree are compared by this."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class Told:
    """What an answer tells: status, headers, body, and what the database was asked for it.

    Whether time tells more is judged by the statements: a clock would fail on a busy machine.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statements: tuple[str, ...]


class Asked:
    """The statements within a block, without their values."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.wrapped = connection.execute_wrapper(self.note)

    def note(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.statements.append(re.sub(r'"?s\d+_x\d+"?', "savepoint", str(sql)))
        return execute(sql, params, many, context)

    def __enter__(self) -> Asked:
        self.wrapped.__enter__()
        return self

    def __exit__(self, *fault: Any) -> None:
        self.wrapped.__exit__(*fault)


def told(response: Any, value: object, asked: Asked) -> Told:
    """An answer without what differs from one request to the next."""
    body = b"" if response.streaming else response.content
    kept = {k: v for k, v in response.headers.items() if k not in ("Set-Cookie", "Date")}
    headers = tuple((k, NONCE.sub("", v.replace(str(value), ""))) for k, v in kept.items())
    body = TOKENS.sub(b"", body.replace(str(value).encode(), b""))
    statements = tuple(s for s in asked.statements if not KEPT_FOR_A_WHILE.search(s))
    return Told(response.status_code, headers, body, statements)


TOKENS = re.compile(
    rb'(name="csrfmiddlewaretoken" value=|nonce=)"[^"]+"|(?<=sought=)[A-Za-z0-9_-]+'
)
NONCE = re.compile(r"'nonce-[^']+'")
# What is asked again after some seconds by whoever comes first: keys, sign-ins, the directory.
KEPT_FOR_A_WHILE = re.compile(r'FROM "(members_apikey|members_organisation|django_session)"')


def differ(where: str, bodies: dict[str, Told]) -> list[str]:
    """In what the answers for foreign and missing differ."""
    foreign, missing = bodies.get("foreign"), bodies.get("missing")
    if foreign is None or missing is None:
        return []
    parts = [
        name for name in ("status", "headers", "body", "statements")
        if getattr(foreign, name) != getattr(missing, name)
    ]  # fmt: skip
    return [f"{where}: foreign and missing differ in {', '.join(parts)}"] if parts else []
