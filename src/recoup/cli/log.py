"""`./recoup log`: export the log, show its public key, its checkpoints and its witnesses.

`export` writes a folder that `recoup-verify log` checks anywhere; `key` is what the verifier needs
to know beforehand, `checkpoint` what it should have kept. `witness-key` is what another hub needs
to know of this one as its witness.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from recoup.cli import environment, log_place
from recoup.cli.key_process import CannotSign, read_key
from recoup.cli.log_cosigner import KEY_FILE
from recoup.core.checkpoints import COSIGNATURE, NotSigned, verifier_key


def main(argv: Sequence[str]) -> int:
    """Do one of them; 1 if something is late, 2 if it cannot be done."""
    options = read_options(argv)
    try:
        if options.act == "key":
            print(log_place.last_signed()["key"])
            return 0
        if options.act == "witness-key":
            print(witness_key())
            return 0
        prepare()
    except (environment.NoDatabase, NotSigned, CannotSign) as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    if options.act == "export":
        return export(Path(options.folder))
    return {"checkpoint": checkpoint, "rows": rows, "status": status}[options.act]()


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./recoup log", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("export", help="write the log into a folder").add_argument("folder")
    acts.add_parser("key", help="print the public key")
    acts.add_parser("witness-key", help="print the public key of this hub as a witness of others")
    acts.add_parser("checkpoint", help="print the newest checkpoint")
    acts.add_parser("rows", help="find rows that were changed without a line of the log")
    acts.add_parser("status", help="how far it is placed, signed and witnessed")
    return parser.parse_args(argv)


def witness_key() -> str:
    """Of the key in the cosigner's folder; raises CannotSign where there is none to be read."""
    path = log_place.witness_folder() / KEY_FILE
    try:
        public = read_key(path).public_key().public_bytes_raw()
    except OSError as problem:
        raise CannotSign(
            f"{path} cannot be read ({problem.strerror}). The cosigner makes it when it starts, "
            "and writes the public key into its log."
        ) from None
    return verifier_key(log_place.witness_name(), public, COSIGNATURE)


def prepare() -> None:
    os.environ["RECOUP_ROLE"] = "planner"
    environment.prepare_django()
    import django

    django.setup()


def export(folder: Path) -> int:
    """Write log, checkpoint, checkpoints and files: one moment of the database."""
    from django.db import connection, transaction

    from recoup.apps.audit import queries

    folder.mkdir(parents=True, exist_ok=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        newest = queries.newest()
        if newest is None:
            print("recoup: there is no checkpoint yet; is the hub running?", file=sys.stderr)
            return 2
        count = write(folder / "log", queries.lines()) - 1
        write(folder / "checkpoints", queries.notes())
        write(folder / "checkpoint", [queries.cosigned(newest)])
        files = write_files(folder / "files")
    print(f"{folder}: {count} leaves, {files} files, newest checkpoint of {newest.size} leaves")
    return 0


def write(path: Path, lines: Iterable[bytes]) -> int:
    count = 0
    with path.open("wb") as file:
        for line in lines:
            file.write(line)
            count += 1
    return count


def write_files(folder: Path) -> int:
    """The files that leaves name with their digest, as they are now."""
    from recoup.apps.lawful_requests.models import RequestFile

    folder.mkdir(exist_ok=True)
    rows = RequestFile.objects.values_list("id", "content")
    return sum(write(folder / str(file), [bytes(content)]) for file, content in rows.iterator())


def checkpoint() -> int:
    from recoup.apps.audit import queries

    newest = queries.newest()
    if newest is None:
        print("recoup: there is no checkpoint yet; is the hub running?", file=sys.stderr)
        return 2
    sys.stdout.write(queries.cosigned(newest).decode())
    return 0


def rows() -> int:
    """1 if a row says something else than the log."""
    from recoup.apps.lawful_requests.row_leaves import differing

    found = differing()
    for one in found:
        print(one)
    print(f"{len(found)} rows differ from the log" if found else "every row is as the log tells")
    return 1 if found else 0


def status() -> int:
    """In words; 1 if no witness has a fresh checkpoint."""
    from recoup.apps.audit import foreign_queries, queries
    from recoup.apps.audit.models import AuditTrouble, AuditUnplaced
    from recoup.apps.audit.sequence_operations import last_place
    from recoup.apps.members.scope import database_time

    at, fresh, newest = database_time(), queries.freshness(), queries.newest()
    print(f"placed     {last_place()} leaves, {AuditUnplaced.objects.count()} wait")
    if newest:
        digest = hashlib.sha256(bytes(newest.note)).hexdigest()[:16]
        print(f"signed     {newest.size} leaves at {newest.signed_at:%Y-%m-%d %H:%M:%S} ({digest})")
    print(f"witnessed  {fresh.size} leaves; oldest act not witnessed: {fresh.age(at)} ago")
    for trouble in AuditTrouble.objects.order_by("name"):
        print(f"trouble    {trouble}")
    for other in foreign_queries.witnessed_logs():
        faults = ", ".join(f"{fault.why} ({fault.size})" for fault in other.faults)
        print(f"witness of {other.origin}: {other.size} leaves{faults and '; ' + faults}")
    return 1 if fresh.is_late(at) else 0
