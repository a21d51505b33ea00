"""What is kept, how, and for how long: I10, I11, I15, I17, I18 and I20."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from recoup.apps.evidence import vault_operations
from recoup.apps.invariants.asking import AT_MOST, Ask, NotYet, Rule, Said, Wrong, invariant

I11: Final = (
    Rule(
        "the bytes of a file are not those of its digest, or not as many",
        "select id from lawful_requests_requestfile "
        "where sha256 <> sha256(content) or size <> octet_length(content)",
    ),
    Rule(
        "one digest stands for two contents",
        "select encode(sha256, 'hex') from lawful_requests_requestfile "
        "group by sha256 having count(distinct content) > 1",
    ),
    Rule(
        "the bytes of a request abroad are not those of its digest",
        "select id from cases_requestabroad where sha256 <> sha256(body)",
    ),
    Rule(
        "a version of the law is not what its digest says",
        "select id from lawful_requests_packversion where digest <> sha256(body)",
    ),
)
PIECES: Final = (
    Rule(
        "a file that is kept has not all its pieces",
        """
        select f.id from evidence_evidencefile f left join evidence_filepiece p on p.file_id = f.id
        where f.state not in ('arriving', 'erased', 'given_up') group by f.id
        having count(p.number) <> (f.size + f.piece_bytes - 1) / f.piece_bytes
          or max(p.number) <> count(p.number) - 1 or sum(p.size) <> f.size
        """,
    ),
    Rule(
        "one stored piece is two files'",
        "select stored_as from evidence_filepiece group by stored_as having count(*) > 1",
    ),
    Rule(
        "a file has another digest than its receipt in the trail",
        """
        select f.id from evidence_evidencefile f join leaf l on l.stream = 'evidence:' || f.id
        where l.said ->> 'what' = 'evidence:receive'
          and l.said -> 'facts' ->> 'digest' <> encode(f.digest, 'hex')
        """,
        of_trail=True,
    ),
)
I10: Final = (
    Rule(
        "a file was erased before its term had ended",
        "select id from evidence_evidencefile where state = 'erased' "
        "and keep_until >= (erased_at at time zone 'UTC')::date",
    ),
    Rule(
        "a file was erased while a legal hold stood",
        """
        select f.id from evidence_evidencefile f join evidence_legalhold h
          on h.file_id = f.id or (h.file_id is null and h.case_id = f.case_id)
        where f.state = 'erased' and h.set_at <= f.erased_at
          and coalesce(h.lifted_at, 'infinity') > f.erased_at
        """,
    ),
    Rule(
        "a file was erased without two persons, a certificate and a line of the trail",
        """
        select f.id from evidence_evidencefile f where f.state = 'erased' and (not exists (
          select 1 from evidence_erasure e where e.file_id = f.id and e.is_done
            and e.certificate is not null and e.asked_by_id <> e.ended_by_id)
          or not exists (select 1 from line l where l.stream = 'evidence:' || f.id
            and l.what = 'evidence:erase'))
        """,
        of_trail=True,
    ),
    Rule(
        "of a file that was erased more is left than the proof",
        "select id from evidence_evidencefile where state = 'erased' "
        "and (wrapped_key is not null or name <> '' or what <> '' or said <> '{}')",
    ),
    Rule(
        "a file is kept a day after its term, and nothing holds it",
        """
        select f.id from evidence_evidencefile f join cases_case k on k.id = f.case_id
        where f.state not in ('erased', 'given_up', 'arriving')
          and f.keep_until + 2 <= (now() at time zone 'UTC')::date
          and not (k.state = 'open' and k.handed_over_at is not null)
          and not exists (select 1 from evidence_legalhold h where h.lifted_at is null
            and (h.file_id = f.id or (h.file_id is null and h.case_id = f.case_id)))
        """,
        needs_worker=True,
    ),
)
# API keys begin so; nothing that is kept may hold one.
KEY: Final = r"rk_[a-z0-9-]+_[A-Za-z0-9_-]{24,}"
PRIVATE: Final = "-----BEGIN [A-Z ]*PRIVATE KEY-----"
TEXTS: Final = (
    ("audit_auditleaf", "convert_from(body, 'UTF8')"),
    ("audit_auditcommitment", "value"),
    ("procrastinate_jobs", "args::text"),
    ("cases_task", "values::text"),
    ("cases_caseevent", "values::text"),
    ("holds_plantrouble", "trouble"),
    ("reports_reportstory", "story"),
    ("lawful_requests_ticketnote", "text"),
)
I18: Final = (
    Rule(
        "a moment is kept without its zone",
        """
        select c.relname || '.' || a.attname from pg_class c
        join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
          and not a.attisdropped
          and a.atttypid in ('timestamp'::regtype, 'time'::regtype, 'timetz'::regtype)
        """,
    ),
    Rule(
        "a line of the trail tells its moment in another zone than UTC",
        "select id, said ->> 'at' from leaf where said ->> 'at' not like '%+00:00' "
        "and said ->> 'at' not like '%Z'",
        of_trail=True,
        needs_worker=True,
    ),
)
LOG_BYTES: Final = 50_000_000


@invariant("I10", "nothing is erased too early, and nothing is kept too long")
def check_i10(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I10)
    yield NotYet("terms of other rows than evidence (they have none)")


@invariant("I11", "each file's bytes are those of its digest")
def check_i11(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I11)
    yield from ask.broken(PIECES)
    if not ask.vault_bytes:
        yield NotYet("the bytes in the vault's storage (it was not asked to be read)")
        return
    found: dict[str, list[str]] = {}
    for trouble in vault_operations.look(most_bytes=ask.vault_bytes):
        found.setdefault(f"the vault: {trouble.what}", []).append(trouble.where)
    yield from (Wrong(what, tuple(where[:AT_MOST])) for what, where in found.items())


@invariant("I15", "no key, token, password or planted canary is readable anywhere")
def check_i15(ask: Ask) -> Iterator[Said]:
    patterns = {"canary": "|".join(map(_literal, ask.canaries)), "key": f"{KEY}|{PRIVATE}"}
    for name, pattern in patterns.items():
        if pattern:
            yield from _in_rows(ask, name, pattern)
            yield from _in_logs(ask, name, pattern)
    digests = ask.rows("select id::text from members_apikey where octet_length(key_sha256) <> 32")
    if digests:
        yield Wrong("a key is kept other than as a digest", tuple(row[0] for row in digests))


def _in_rows(ask: Ask, name: str, pattern: str) -> Iterator[Wrong]:
    parts = [
        f"select '{table}' from {table} where {text} ~ %(pattern)s"  # noqa: S608
        for table, text in TEXTS
    ]
    found = ask.rows(" union all ".join(parts) + " limit 20", {"pattern": pattern})
    if found:
        yield Wrong(f"a {name} is readable in the database", tuple(sorted({r[0] for r in found})))


def _in_logs(ask: Ask, name: str, pattern: str) -> Iterator[Wrong]:
    import re

    if ask.logs is None or not ask.logs.is_dir():
        return
    search = re.compile(pattern.encode()).search
    found = tuple(path.name for path in sorted(ask.logs.glob("*.log*")) if search(_end(path)))
    if found:
        yield Wrong(f"a {name} is readable in a log", found)


def _end(path: Path) -> bytes:
    """The last part of a log; what was before it has been looked at an hour ago."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_BYTES))
        return file.read()


def _literal(text: str) -> str:
    return "".join(f"\\{sign}" if not sign.isalnum() else sign for sign in text)


@invariant("I17", "what is not yours answers as what is not there", asked=False)
def check_i17(ask: Ask) -> Iterator[Said]:
    yield NotYet("asked of the database (it is of answers over HTTP: the matrix of rights asks it)")


@invariant("I18", "every moment is kept in UTC")
def check_i18(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I18)


@invariant("I20", "a case leaves as files that anybody can check, the same each time", asked=False)
def check_i20(ask: Ask) -> Iterator[Said]:
    yield NotYet("bundles of a case (none is made; papers are checked one by one)")
