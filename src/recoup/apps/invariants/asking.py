"""How an invariant is asked: rules that must return no row, and the verdict that comes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.db import connection

AT_MOST: Final = 20
# What the rules about the trail look at: every line, read once for the whole statement.
LEAVES: Final = """
with leaf as materialized (
  select id, stream, stream_seq, organisation_id, recorded_at, leaf_hash, prev_stream_hash,
    convert_from(body, 'UTF8')::jsonb as said
  from audit_auditleaf
), line as materialized (select stream, stream_seq, said ->> 'what' as what from leaf)
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement that must return no row; wrong: what the rows that it returns break.

    of_trail: it reads ``leaf`` or ``line``. needs_worker: only where a worker runs, and
    nobody moves its clock by hand.
    """

    wrong: str
    sql: str
    of_trail: bool = False
    needs_worker: bool = False


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong, and where: the ids or names that it was found at, at most twenty."""

    what: str
    where: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.what}: {', '.join(self.where)}" if self.where else self.what


@dataclass(frozen=True, slots=True)
class NotYet:
    """What cannot be asked yet, and why; said by name, so that nobody takes it for held."""

    what: str

    def __str__(self) -> str:
        return f"not applicable yet: {self.what}"


Said = Wrong | NotYet


@dataclass(frozen=True, slots=True)
class Ask:
    """Whom the checks ask, and what of the surroundings they may know.

    as_app: a block in which the pages' log-in gives the rows of a statement in the name of an
    organisation; without it what needs it is left out. worker_runs: whether what waits is done in
    time. logs: where the parts write. canaries: secrets that were planted and must be nowhere.
    vault_bytes: how many bytes of evidence are read again; 0 leaves the vault's storage alone.
    """

    as_app: Callable[[], AbstractContextManager[Callable[[int, str], list[tuple[Any, ...]]]]] | None
    worker_runs: bool = True
    with_money: bool = True
    logs: Path | None = None
    canaries: tuple[str, ...] = field(default=())
    vault_bytes: int = 0

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def broken(self, rules: Iterable[Rule]) -> Iterator[Wrong]:
        """Ask rules; gives what they found."""
        for rule in rules:
            if rule.needs_worker and not self.worker_runs:
                continue
            prelude = LEAVES if rule.of_trail else ""
            found = self.rows(f"{prelude} {rule.sql} limit {AT_MOST}")  # noqa: S608
            if found:
                yield Wrong(rule.wrong, tuple(" ".join(map(str, row)) for row in found))

    def tables(self, like: str) -> list[str]:
        """The names of tables of the hub that are like this."""
        found = self.rows(
            "select relname from pg_class where relnamespace = 'public'::regnamespace "
            "and relkind in ('r', 'p') and relname like %(like)s order by 1",
            {"like": like},
        )
        return [str(row[0]) for row in found]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One invariant as it was found."""

    number: str
    meaning: str
    wrong: tuple[Wrong, ...]
    not_yet: tuple[NotYet, ...]
    asked: bool

    def lines(self) -> list[str]:
        return [f"{self.number} {wrong}" for wrong in self.wrong]


Check = Callable[[Ask], Iterator[Said]]
_CHECKS: dict[str, tuple[str, Check, bool]] = {}


def invariant(number: str, meaning: str, *, asked: bool = True) -> Callable[[Check], Check]:
    """Enter a check into the table. asked: false if nothing of it can be asked yet."""

    def enter(check: Check) -> Check:
        _CHECKS[number] = (meaning, check, asked)
        return check

    return enter


def checks() -> list[str]:
    return sorted(_CHECKS)


def verdict_of(number: str, ask: Ask) -> Verdict:
    """Ask one invariant."""
    meaning, check, asked = _CHECKS[number]
    said = list(check(ask))
    wrong = tuple(one for one in said if isinstance(one, Wrong))
    not_yet = tuple(one for one in said if isinstance(one, NotYet))
    return Verdict(number, meaning, wrong, not_yet, asked)
