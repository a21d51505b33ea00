"""`./recoup restore DIR --at TIME`: make a hub of a backup, as it was at a moment.

Every file is checked against its digest, the changes are replayed up to the moment, and the
invariants are asked of what came of it, before anything may start on it. Only an empty place is
filled: nothing is overwritten. Without --at, all that was streamed is replayed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from recoup.cli import environment, postgres, progress
from recoup.cli.backup import size_of
from recoup.cli.backup_place import (
    Backup,
    Base,
    CannotBackUp,
    digest_of,
    index_at,
    put_back,
    verify_base,
)
from recoup.cli.keeper import Keeper
from recoup.cli.postgres_place import NoPlace, Place, place_for
from recoup.cli.supervisor import ended_by_signals

REPLAY_SECONDS: Final = 1800.0
SHORT: Final = "recovery ended before configured recovery target was reached"
HARMLESS: Final = {"log", "locale", "static", "environment.lock", "run"}


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it. reached: the newest change that is in it."""

    reached: datetime | None
    seconds: float
    bytes: int
    is_short: bool


def main(argv: Sequence[str]) -> int:
    """Restore into an empty place; returns an exit code."""
    options = read_options(argv)
    if options.into and options.into.resolve() != environment.VAR:
        return again_for(options.into.resolve(), argv)
    try:
        with ended_by_signals():
            done = restore(Backup(options.folder.resolve()), at=options.at, keys=options.keys)
            show(done, options)
            return 0 if options.unchecked else check_invariants()
    except (CannotBackUp, NoPlace, postgres.CannotServe) as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("recoup: broken off; delete what was begun before trying again.", file=sys.stderr)
        return 130


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./recoup restore", description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path, help="the backup")
    parser.add_argument("--at", type=read_time, help="the moment, with its zone (the newest)")
    parser.add_argument("--keys", type=Path, help="the folder of the keys")
    parser.add_argument("--into", type=Path, help="an empty folder (the data of this checkout)")
    parser.add_argument("--unchecked", action="store_true", help="do not ask the invariants")
    return parser.parse_args(argv)


def read_time(text: str) -> datetime:
    """A moment as ISO 8601 with a zone; what is without one could be hours off."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no moment; write it like 2026-11-22T14:30:00+01:00"
        ) from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no zone; add Z or +01:00")
    return moment.astimezone(UTC)


def again_for(folder: Path, argv: Sequence[str]) -> int:
    """The same with another data folder, in a process that knows only that one."""
    variables = {**os.environ, "RECOUP_VAR": str(folder)}
    for name in (environment.APP, environment.PLANNER, environment.OWNER):
        variables.pop(name, None)
    command = [sys.executable, "-m", "recoup", "restore", *argv]
    return subprocess.run(command, env=variables, check=False).returncode


def restore(backup: Backup, *, at: datetime | None, keys: Path | None) -> Restored:
    """Check, copy, replay; raises CannotBackUp before anything is written if it cannot be."""
    began = time.monotonic()
    base = choose(backup, at)
    refuse_to_overwrite(environment.VAR)
    with progress.ticking("verify the backup") as step:
        verify(backup, base)
        step.note = f"{base.bytes / 1e6:,.0f} MB of {base.started_at:%Y-%m-%d %H:%M:%S} UTC"
    place = place_for(environment.VAR / "pg")
    with progress.ticking("copy the database"):
        copy_base(backup, base, place)
    with progress.step("replay what changed") as step:
        reached, is_short = replay(place, at=at, step=step)
        step.note = f"up to {reached:%Y-%m-%d %H:%M:%S.%f} UTC" if reached else "nothing"
    with progress.ticking("files") as step:
        count = put_back(
            backup.folder / "files", index_at(backup.folder / "files", at), environment.VAR
        )
        secret = put_back(keys, index_at(keys, at), environment.VAR) if keys else 0
        step.note = f"{count} files, {secret} keys"
    note_fork(backup, at, reached)
    return Restored(reached, time.monotonic() - began, size_of(place.data), is_short)


def choose(backup: Backup, at: datetime | None) -> Base:
    """The newest base copy that was whole by that moment; raises CannotBackUp."""
    bases = backup.bases()
    fitting = [base for base in bases if at is None or base.ended_at <= at]
    if fitting:
        return fitting[-1]
    if not bases:
        raise CannotBackUp(f"{backup.folder} has no base copy yet.")
    raise CannotBackUp(
        f"The oldest base copy was whole at {bases[0].ended_at.isoformat()}; nothing before that "
        "can be made again. Give that moment or a later one."
    )


def refuse_to_overwrite(data: Path) -> None:
    """Raise CannotBackUp if a hub or its data is where the restored one would go."""
    if environment.running_hub() is not None:
        raise CannotBackUp(f"A hub runs on {data}. End it, and restore into another folder.")
    there = {path.name for path in data.iterdir()} - HARMLESS if data.is_dir() else set()
    if "pg" in there and not (place_for(data / "pg").data / "PG_VERSION").exists():
        there.remove("pg")
    if there:
        raise CannotBackUp(
            f"{data} holds data ({', '.join(sorted(there)[:5])}), and nothing is overwritten. "
            "Restore into an empty folder: --into FOLDER, then RECOUP_VAR=FOLDER ./recoup."
        )


def verify(backup: Backup, base: Base) -> None:
    """Every file of the base copy against its manifest, and the manifest against our note."""
    folder = backup.base(base.name)
    manifest = folder / "backup_manifest"
    if not manifest.exists() or digest_of(manifest) != base.manifest_sha256:
        raise CannotBackUp(f"{manifest} is not the one that was written with this copy.")
    verify_base(folder)


def copy_base(backup: Backup, base: Base, place: Place) -> None:
    """Copy the base and the streamed changes to where the server can read them."""
    if shutil.disk_usage(place.base).free < base.bytes * 1.3:
        raise CannotBackUp(f"{place.base} has too little room for {base.bytes / 1e6:,.0f} MB.")
    shutil.copytree(backup.base(base.name), place.data)
    changes = changes_of(place)
    changes.mkdir(mode=0o700)
    for path in sorted(backup.wal.glob("*")):
        # The newest is not full yet; what is in it counts, too.
        shutil.copyfile(path, changes / path.name.removesuffix(".partial"))
    (place.data / "recovery.signal").touch()
    for folder in (place.data, changes):
        for path in [folder, *folder.rglob("*")]:
            place.give(path)
    place.data.chmod(0o700)


def changes_of(place: Place) -> Path:
    return place.base / "changes"


def replay(
    place: Place, *, at: datetime | None, step: progress.Step
) -> tuple[datetime | None, bool]:
    """Replay up to the moment, then end recovery; says what was reached, and if that is short."""
    own = (place.data / "postgresql.auto.conf").read_text()
    is_short = False
    try:
        if not _replayed(place, own, at, step):
            is_short = True  # nothing was streamed of the time up to the moment
            (place.data / "recovery.signal").touch()
            place.give(place.data / "recovery.signal")
            _replayed(place, own, None, step)
        reached = _newest(place)
    finally:
        (place.data / "postgresql.auto.conf").write_text(own)
    shutil.rmtree(changes_of(place))
    return reached, is_short


def _replayed(place: Place, own: str, at: datetime | None, step: progress.Step) -> bool:
    """Run the server until it has left recovery; false if the changes end before the moment."""
    lines = [f'restore_command = \'cp "{changes_of(place)}/%f" "%p"\'']
    if at is not None:
        lines += [f"recovery_target_time = '{at.isoformat()}'", "recovery_target_action = promote"]
    (place.data / "postgresql.auto.conf").write_text(own + "\n".join(lines) + "\n")
    log = environment.LOGS / "restore.log"
    environment.LOGS.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    keeper = Keeper()
    server = postgres.Server(place, log, keeper=keeper, owns_keeper=True)
    server.lock = postgres.take_lock(place)
    if server.lock is None:
        raise CannotBackUp(f"Another process uses {place.base}.")
    try:
        place.make_cluster(durable=True)  # who may connect
        process = server.launch()
        limit = time.monotonic() + REPLAY_SECONDS
        while not place.is_ready(process.pid):
            if process.poll() is not None:
                return _ended(server, log)
            if time.monotonic() > limit:
                raise CannotBackUp(f"Not replayed after {REPLAY_SECONDS:.0f} s.")
            step.show()
            time.sleep(0.05)
        return wait_until_left(server) or _ended(server, log)
    finally:
        server.stop()


def _ended(server: postgres.Server, log: Path) -> bool:
    """The server has ended by itself: false if the changes end before the moment, else raises."""
    if SHORT in log.read_text(errors="replace"):
        return False
    raise CannotBackUp(f"The changes could not be replayed. {server.last_words()}")


def wait_until_left(server: postgres.Server) -> bool:
    """Wait until recovery has ended for good: else a next start would replay what came after.

    False if the server went away: it may be read before it notices that the changes are short.
    """
    import psycopg

    limit = time.monotonic() + REPLAY_SECONDS
    try:
        address = server.dsn("recoup_super", "postgres")
        with psycopg.connect(address, autocommit=True) as connection:
            while connection.execute("select pg_is_in_recovery()").fetchone() != (False,):
                if time.monotonic() > limit:
                    raise CannotBackUp(f"Recovery did not end. {server.last_words()}")
                time.sleep(0.05)
            connection.execute("checkpoint")
    except psycopg.OperationalError:
        return False
    if (server.place.data / "recovery.signal").exists():
        raise CannotBackUp(f"Recovery did not end: {server.place.data} still asks for it.")
    return True


def _newest(place: Place) -> datetime | None:
    """The newest change that was replayed, as the server's log says."""
    for line in reversed((environment.LOGS / "restore.log").read_text().splitlines()):
        if "last completed transaction was at log time" in line:
            return datetime.fromisoformat(line.rpartition("log time ")[2]).astimezone(UTC)
    return None


def note_fork(backup: Backup, at: datetime | None, reached: datetime | None) -> None:
    """Leave word that this hub goes on from a copy: what others hold may be newer."""
    told = {
        "from": str(backup.folder), "asked_for": at.isoformat() if at else None,
        "reached": reached.isoformat() if reached else None,
        "restored_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    (environment.VAR / "restored.json").write_text(json.dumps(told, indent=1))


def show(done: Restored, options: argparse.Namespace) -> None:
    print(f"\n  restored in {done.seconds:.1f} s, {done.bytes / 1e6:,.0f} MB")
    if done.is_short:
        print(f"  !! The changes end at {done.reached}: later ones were not streamed.")
    if not options.keys:
        print("  !! No keys were restored (--keys): sign-ins end, and papers cannot be signed.")
    print("  !! What was done after that moment is gone here. Banks and partners may know of it:")
    print("  !! have each reconcile (GET /api/v1/holds) before desks go on.")


def check_invariants() -> int:
    """Start what was restored, ask the invariants of it, and end it again."""
    with progress.step("invariants") as step:
        server = postgres.start(environment.VAR / "pg", "restore")
        try:
            variables = {**os.environ, **server.databases.as_environment()}
            done = subprocess.run(
                [sys.executable, "-m", "recoup", "invariants", "--as-left"],
                env=variables, capture_output=True, text=True, check=False,
            )  # fmt: skip
        finally:
            server.stop()
        step.note = (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1]
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
    return done.returncode
