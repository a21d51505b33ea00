"""`./recoup backup DIR`: copy database, files and keys, so that any later moment can be restored.

The database is copied while it runs; with --follow every change is streamed to DIR as it happens,
and files are looked through every half minute, until Ctrl-C. A hub that is started with
RECOUP_BACKUP=DIR does that by itself. Keys go into a folder of their own (--keys): keep the two
apart, since together they open everything. Nothing that is there is overwritten.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from recoup.cli import environment, progress
from recoup.cli.backup_place import (
    Backup,
    Base,
    CannotBackUp,
    copy_files,
    digest_of,
    verify_base,
)
from recoup.cli.keeper import die_with_parent
from recoup.cli.postgres_place import packaged_programs
from recoup.cli.supervisor import ended_by_signals

OWN: Final = "DATABASE_BACKUP_URL"
SLOT: Final = "recoup_backup"
FILES_EVERY_SECONDS: Final = 30.0
BASE_EVERY_SECONDS: Final = 24 * 3600.0
SPARE: Final = 1.2


def main(argv: Sequence[str]) -> int:
    """Make a backup, or keep one up to date; returns an exit code."""
    options = read_options(argv)
    try:
        with ended_by_signals():
            source = find_source()
            if options.follow:
                return follow(source, options)
            base_copy(source, open_backup(source, options.folder))
            files(options)
            warn_of_keys(options)
            print(f"  restore it with: ./recoup restore {options.folder} --into FOLDER")
            return 0
    except (CannotBackUp, environment.NoDatabase) as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress.say("  the backup has ended; what was streamed is there")
        return 0


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./recoup backup", description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path, help="where the backup is kept")
    parser.add_argument("--keys", type=Path, help="where keys are kept (DIR-keys)")
    parser.add_argument("--follow", action="store_true", help="stream every change until Ctrl-C")
    options = parser.parse_args(argv)
    options.folder = options.folder.resolve()
    options.keys = (options.keys or Path(f"{options.folder}-keys")).resolve()
    if options.keys.is_relative_to(options.folder) or options.folder.is_relative_to(options.keys):
        parser.error(f"--keys {options.keys} is not apart from {options.folder}; give another.")
    for folder in (options.folder, options.keys):
        if folder.is_relative_to(environment.VAR):
            parser.error(f"{folder} is inside the data that is copied, {environment.VAR}.")
    return options


def find_source() -> str:
    """The address that copies: the embedded server's, or the one given for an own PostgreSQL."""
    if given := os.environ.get(OWN, "").strip():
        return given
    if environment.given_databases(os.environ):
        raise environment.NoDatabase(
            f"{OWN} is not set. To copy a PostgreSQL of your own it needs a log-in that may "
            "replicate: create role recoup_backup login replication in role pg_monitor;"
        )
    parts = urlsplit(environment.find_databases().owner)
    return urlunsplit(("postgresql", "recoup_super@", "/postgres", parts.query, ""))


def system_of(source: str) -> tuple[str, int]:
    """The database's own number, and how many bytes it has."""
    import psycopg

    try:
        with psycopg.connect(source, connect_timeout=10) as connection:
            row = connection.execute(
                "select (select system_identifier::text from pg_control_system()), "
                "(select sum(pg_database_size(oid)) from pg_database)::bigint"
            ).fetchone()
    except psycopg.Error as problem:
        raise CannotBackUp(f"The database cannot be copied: {problem}") from None
    assert row is not None  # noqa: S101  (a select without a from has a row)
    return str(row[0]), int(row[1])


def open_backup(source: str, folder: Path) -> Backup:
    """The backup in this folder, made for this database; raises CannotBackUp."""
    system, size = system_of(source)
    backup = Backup(folder)
    backup.open_for(system)
    free = shutil.disk_usage(folder).free
    if free < size * SPARE:
        raise CannotBackUp(
            f"{folder} has {free / 1e6:,.0f} MB free; the database needs {size * SPARE / 1e6:,.0f}."
        )
    return backup


def base_copy(source: str, backup: Backup) -> Base:
    """Copy the whole database as it runs, then check every file of the copy."""
    began = datetime.now(UTC)
    name = f"{began:%Y%m%dT%H%M%S.%fZ}"
    unfinished = backup.base(f"{name}.unfinished")
    command = [
        program("pg_basebackup"), "-d", source, "-D", str(unfinished), "--format=plain",
        "--checkpoint=fast", "--wal-method=stream", "--manifest-checksums=SHA256", "--no-password",
    ]  # fmt: skip
    with progress.step("database") as step:
        watch(command, unfinished, step)
    with progress.step("verify the copy"):
        verify_base(unfinished)
    unfinished.rename(backup.base(name))
    where = backup.base(name)
    digest = digest_of(where / "backup_manifest")
    base = Base(name, began, datetime.now(UTC), size_of(where), digest)
    backup.add(base)
    return base


def watch(command: Sequence[str], folder: Path, step: progress.Step) -> None:
    """Run a copying program; show how far it is. What it leaves behind on failure is removed."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, preexec_fn=die_with_parent(signal.SIGTERM),
    )  # fmt: skip
    try:
        while process.poll() is None:
            step.note = f"{size_of(folder) / 1e6:,.0f} MB"
            step.show()
            time.sleep(0.2)
        said = process.stderr.read() if process.stderr else ""
        if process.returncode:
            raise CannotBackUp(f"The database could not be copied:\n{said.strip()}")
    except BaseException:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    step.note = f"{size_of(folder) / 1e6:,.0f} MB"


def files(options: argparse.Namespace) -> None:
    with progress.step("files") as step:
        count, keys, copied = copy_files(environment.VAR, options.folder / "files", options.keys)
        step.note = f"{count} files, {keys} keys, {copied / 1e6:,.1f} MB new"


def warn_of_keys(options: argparse.Namespace) -> None:
    print(
        f"\n  !! The keys are in {options.keys}. Take them to another place than\n"
        f"  !! {options.folder}: who has both has everything.\n"
    )


# Following


def follow(source: str, options: argparse.Namespace) -> int:
    """Stream changes and copy files until Ctrl-C; a base copy first, and one each day."""
    backup = open_backup(source, options.folder)
    make_slot(source)
    stream = start_stream(source, backup)
    try:
        while True:
            if is_base_wanted(backup):
                base_copy(source, backup)
                warn_of_keys(options)
            copy_files(environment.VAR, options.folder / "files", options.keys)
            for _ in range(int(FILES_EVERY_SECONDS)):
                time.sleep(1)
                if stream.poll() is not None:
                    raise CannotBackUp(
                        f"The stream of changes ended ({stream.returncode}); "
                        f"{backup.folder / 'stream.log'} says why."
                    )
    finally:
        with contextlib.suppress(ProcessLookupError):
            stream.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            stream.wait(5)
        stream.kill()
        stream.wait()


def is_base_wanted(backup: Backup) -> bool:
    bases = backup.bases()
    if not bases:
        return True
    return (datetime.now(UTC) - bases[-1].ended_at).total_seconds() > BASE_EVERY_SECONDS


def make_slot(source: str) -> None:
    """Have the server keep what was not streamed yet."""
    command = [
        program("pg_receivewal"), "-d", source, "--create-slot", "--if-not-exists",
        "-S", SLOT, "--no-password",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotBackUp(f"Changes cannot be streamed:\n{done.stderr.strip()}")


def start_stream(source: str, backup: Backup) -> subprocess.Popen[bytes]:
    """Write every change to the backup as it is committed; survives restarts of the server."""
    command = [
        program("pg_receivewal"), "-d", source, "-D", str(backup.wal), "-S", SLOT,
        "--synchronous", "--status-interval=5", "--no-password",
    ]  # fmt: skip
    with (backup.folder / "stream.log").open("ab") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )  # fmt: skip


def program(name: str) -> str:
    return str(packaged_programs() / "bin" / name)


def size_of(folder: Path) -> int:
    """Bytes under a folder; files that vanish meanwhile do not count."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total
