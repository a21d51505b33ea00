"""Bring a database to the state the code expects: tables, then the demo country.

It runs as a process of its own, as the owner of the tables, so that the supervisor never holds
Django in memory. What has been done is noted on the database itself, by a fingerprint of all
that it depends on: when nothing has changed, a start skips this whole process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from recoup.cli import environment, progress

COUNTRY_FILE: Final = environment.VAR / "run" / "country.json"
KEYS: Final = environment.VAR / "demo" / "keys"
LEDGERS: Final = environment.VAR / "demo" / "ledgers"
NOTE: Final = "recoup prepared "

# Everything that tables, law and demo country are made from.
SOURCES: Final = (
    "requirements.lock",
    "src/recoup/apps/*/migrations/*.py",
    "src/recoup/cli/demo_country*.py",
    "src/recoup/cli/prepare.py",
    "src/recoup/demo/country*",
    "src/recoup/data/**/*.toml",
)


def main(argv: Sequence[str]) -> int:
    """Migrate and, unless told otherwise, load the demo country; say both with their times."""
    options = read_options(argv)
    with progress.ticking("load the code"):
        import django

        django.setup()
    with progress.ticking("migrate") as step:
        step.note = migrate()
    if options.tell is not None:
        os.write(options.tell, b"migrated")
    country: dict[str, Any] = {"banks": [], "sign_ins": []}
    if not options.without_demo:
        with progress.ticking("demo country") as step:
            country = load_demo_country()
            step.note = f"{len(country['sign_ins'])} sign-ins"
    remember_country(country)
    done = fingerprint(with_demo=not options.without_demo)
    write_note(os.environ[environment.OWNER], done)
    return 0


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-demo", action="store_true")
    parser.add_argument("--tell", type=int, help="file descriptor to write to after migrating")
    return parser.parse_args(argv)


def migrate() -> str:
    """Apply what is missing; returns how much that was, in words."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.loader.applied_migrations:
        # The banks' own books would speak of tickets that a new database never sent.
        shutil.rmtree(LEDGERS, ignore_errors=True)
    count = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if count:
        call_command("migrate", verbosity=0, interactive=False)
    return f"{count} migrations" if count else "nothing to do"


def load_demo_country() -> dict[str, Any]:
    from recoup.cli import demo_country, demo_country_requests

    demo_country.load()
    demo_country.load_profiles()
    demo_country_requests.load()
    return {
        "banks": [str(code) for code in demo_country.api_banks()],
        "sign_ins": [list(line) for line in demo_country.sign_ins()],
    }


def remember_country(country: dict[str, Any]) -> None:
    """Leave the names and sign-ins for the supervisor, readable by us alone."""
    write_private(COUNTRY_FILE, json.dumps(country, ensure_ascii=False, indent=1))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    beside.replace(path)


def key_file(code: str) -> Path:
    """Where the demo country leaves the API key of one of its banks."""
    return KEYS / f"{code}.key"


def is_country_known() -> bool:
    """Whether the sign-ins and every bank's key are in this checkout."""
    try:
        country = json.loads(COUNTRY_FILE.read_text())
    except (OSError, ValueError):
        return False
    return all(key_file(code).exists() for code in country["banks"])


# What was prepared, noted on the database


def fingerprint(*, with_demo: bool) -> str:
    """One value for the contents of everything that the preparation depends on."""
    digest = hashlib.sha256(f"demo={with_demo}".encode())
    for path in source_files():
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(environment.ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def source_files() -> Iterable[Path]:
    for pattern in SOURCES:
        yield from sorted(path for path in environment.ROOT.glob(pattern) if path.is_file())


def is_prepared(dsn: str, wanted: str) -> bool:
    """Whether the database carries this very fingerprint, and its country is known here."""
    import psycopg

    if not is_country_known():
        return False
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        row = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database "
            "where datname = current_database()"
        ).fetchone()
    return row is not None and row[0] == NOTE + wanted


def write_note(dsn: str, done: str) -> None:
    """Note the fingerprint; where the log-in may not, each start prepares again."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(dsn, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        command = sql.SQL("comment on database {} is {}").format(name, sql.Literal(NOTE + done))
        try:
            connection.execute(command)
        except psycopg.errors.InsufficientPrivilege:
            progress.say("  (this log-in may not note what was done: every start looks again)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
