"""`./recoup drill restore` (D12): lose a hub altogether, and make it again of its backup.

Reports arrive while every change is streamed; then the hub and its database are killed with
SIGKILL and never used again. The backup is restored as of a moment between two reports, and as of
the newest change; what is there is compared with what was accepted, by the second.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from recoup.cli import (
    drill_frauds,
    drill_hub,
    environment,
    instance,
    load_banks,
    measured,
    postgres,
)
from recoup.cli.backup_place import Backup, object_of
from recoup.cli.drill_frauds import Fraud
from recoup.cli.drill_told import Drill, Fault, Run, command_of, finish
from recoup.cli.instance import Instance, own_environment

RPO_SECONDS: Final = 60.0
RTO_SECONDS: Final = 1800.0
FIRST_BASE_SECONDS: Final = 600.0
ROW_BYTES: Final = 8_000
DRILL: Final = Drill(
    "restore",
    "Backup and restore (D12)",
    """\
Reports arrive through the API while the hub's backup streams every change to another folder; a
ballast makes the database as large as asked. Then hub and PostgreSQL are killed with SIGKILL, and
their data is never read again. Restored as of a moment between two reports, the hub has exactly the
reports accepted until then; as of the newest change, all but those of the last seconds. It starts,
its invariants hold, its keys were in a folder of their own. A byte changed in the copy, a full
folder and a moment before the first copy are refused.""",
    {
        "nothing_streamed": Fault(
            "changes since the base copy are not in the backup", "accepted reports are lost"
        ),
        "files_not_checked": Fault(
            "the digest of a file is not looked at when it is put back", "a changed file was taken"
        ),
    },
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A report that the hub has taken, and when its answer was here."""

    reference: str
    at: datetime


def main(argv: Sequence[str]) -> int:
    """Run the drill; 0 if all is well or, with --fault, if the fault was found."""
    parser = DRILL.parser()
    parser.add_argument("--megabytes", type=int, default=200, help="size of the database (200)")
    parser.add_argument("--reports", type=int, default=20, help="reports that arrive (20)")
    options = parser.parse_args(argv)
    more = ("--megabytes", str(options.megabytes), "--reports", str(options.reports))
    run = Run(command_of(DRILL, options, *more))
    folder = environment.VAR / "drill" / "restore"
    shutil.rmtree(folder, ignore_errors=True)
    accepted, moment, lost_at = live_and_die(folder, options, run)
    if options.fault == "nothing_streamed":
        for path in (folder / "backup" / "wal").glob("*"):
            path.unlink()
    as_of(folder, moment, accepted, run)
    newest(folder, accepted, lost_at, run)
    refusals(folder, run, is_checked=options.fault != "files_not_checked")
    shutil.rmtree(folder, ignore_errors=True)
    return finish(DRILL, run, options)


def live_and_die(
    folder: Path, options: argparse.Namespace, run: Run
) -> tuple[list[Accepted], datetime, datetime]:
    """Reports arrive, then everything is killed; what was accepted, a moment amid it, the end."""
    variables = {"RECOUP_BACKUP": str(folder / "backup"), "RECOUP_BANK_DELAY": "0-1"}
    with instance.running(folder / "hub", variables=variables) as hub:
        run.postgres = measured.postgres_version(hub.databases.planner)
        keys = load_banks.enrol(hub.databases, folder / "hub")
        wait_for_base(Backup(folder / "backup"))
        ballast(hub, options.megabytes, options.seed)
        copy_again(folder, run)
        frauds = drill_frauds.write(
            folder / "banks", count=options.reports, seed=options.seed, at=datetime.now(UTC)
        )
        half = len(frauds) // 2
        accepted = file_all(hub, keys, frauds[:half])
        time.sleep(1)
        moment = datetime.now(UTC)
        time.sleep(1)
        accepted += file_all(hub, keys, frauds[half:])
        run.line("reports accepted before the end", str(options.reports), len(accepted))
        lost_at = datetime.now(UTC)
        kill_everything(hub)
    copied = _megabytes(folder)
    run.line("megabytes in the base copy", f"≥ {options.megabytes}", copied,
             copied >= options.megabytes)  # fmt: skip
    return accepted, moment, lost_at


def _megabytes(folder: Path) -> int:
    return Backup(folder / "backup").bases()[-1].bytes // 1_000_000


def ballast(hub: Instance, megabytes: int, seed: int) -> None:
    """Fill the database up with rows that do not compress."""
    dsn = hub.databases.owner
    with psycopg.connect(dsn) as connection:
        connection.execute("create table drill_ballast (id bigint primary key, content text)")
        connection.execute("alter table drill_ballast alter content set storage external")
        connection.execute("select setseed(%s)", [(seed % 1000) / 1000])
        connection.execute(
            "insert into drill_ballast select n, "
            "(select string_agg(md5(random()::text || g || n), '') "
            "from generate_series(1, %s) g) from generate_series(1, %s) n",
            [ROW_BYTES // 32, max(1, megabytes * 1_000_000 // ROW_BYTES)],
        )


def wait_for_base(backup: Backup) -> None:
    """Wait until the first base copy is whole and checked."""
    limit = time.monotonic() + FIRST_BASE_SECONDS
    while not (backup.note.exists() and backup.bases()):
        if time.monotonic() > limit:
            raise TimeoutError(f"There is no base copy after {FIRST_BASE_SECONDS:.0f} s.")
        time.sleep(0.2)


def copy_again(folder: Path, run: Run) -> None:
    """A second base copy, by command, beside the hub that runs and follows."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "recoup", "backup", str(folder / "backup")],
        env=own_environment(folder / "hub", {}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    run.line("a base copy beside the running hub, s", "", f"{time.monotonic() - began:.1f}")
    if done.returncode:
        run.problems.append(f"no base copy: {(done.stdout + done.stderr)[-400:]}")


def file_all(hub: Instance, keys: Mapping[str, str], frauds: Sequence[Fraud]) -> list[Accepted]:
    return [
        Accepted(drill_hub.file_report(hub, keys, fraud), datetime.now(UTC)) for fraud in frauds
    ]


def kill_everything(hub: Instance) -> None:
    """The machine is gone: nothing ends in order."""
    for pid in (hub.processes["postgres"], hub.processes.get("backup", 0), hub.process.pid):
        if pid:
            os.kill(pid, signal.SIGKILL)
    hub.process.wait()


# What comes back


def restored(folder: Path, name: str, *arguments: str) -> tuple[subprocess.CompletedProcess, float]:
    """Restore into a folder of this name; how it ended, and how long it took."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "recoup", "restore", str(folder / "backup"), "--keys",
         str(folder / "backup-keys"), "--into", str(folder / name), *arguments],
        env=own_environment(folder / name, {}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done, time.monotonic() - began


def as_of(folder: Path, moment: datetime, accepted: Sequence[Accepted], run: Run) -> None:
    """As of the moment: exactly what was accepted until then; and it is a hub that starts."""
    done, seconds = restored(folder, "as-of", "--at", moment.isoformat())
    run.line("restored as of a moment, s", f"≤ {RTO_SECONDS:.0f}", f"{seconds:.1f}",
             seconds <= RTO_SECONDS)  # fmt: skip
    if done.returncode:
        run.problems.append(f"not restored as of {moment}: {(done.stdout + done.stderr)[-400:]}")
        return
    compare(references(folder / "as-of"), [one for one in accepted if one.at <= moment],
            [one for one in accepted if one.at > moment], run)  # fmt: skip
    for place in ("secret_key", "authority"):
        if not (folder / "as-of" / place).exists():
            run.problems.append(f"{place} was not put back from the keys")
        if any(place in told for told in _places(folder / "backup" / "files")):
            run.problems.append(f"a key is in the backup itself: {place}")
    began = time.monotonic()
    with instance.running(folder / "as-of") as hub:
        run.line("the restored hub answers after, s", "", f"{time.monotonic() - began:.1f}")
        if not hub.read().get("is_ready"):
            run.problems.append("the restored hub does not start")


def _places(store: Path) -> list[str]:
    from recoup.cli.backup_place import index_at

    return list(index_at(store, None))


def compare(
    found: set[str], wanted: Sequence[Accepted], too_new: Sequence[Accepted], run: Run
) -> None:
    lost = [one.reference for one in wanted if one.reference not in found]
    if lost:
        run.problems.append(f"{len(lost)} accepted reports are lost: {', '.join(lost[:5])}")
    early = [one.reference for one in too_new if one.reference in found]
    if early:
        run.problems.append(f"{len(early)} reports of after the moment are there: {early[:5]}")


def newest(folder: Path, accepted: Sequence[Accepted], lost_at: datetime, run: Run) -> None:
    """As of the newest change: what was accepted up to some seconds before the end."""
    done, seconds = restored(folder, "newest")
    run.line("restored as of the newest change, s", f"≤ {RTO_SECONDS:.0f}", f"{seconds:.1f}",
             seconds <= RTO_SECONDS)  # fmt: skip
    if done.returncode:
        run.problems.append(f"not restored: {(done.stdout + done.stderr)[-400:]}")
        return
    found = references(folder / "newest")
    lost = [one for one in accepted if one.reference not in found]
    span = (lost_at - min(one.at for one in lost)).total_seconds() if lost else 0.0
    run.line("reports lost as of the newest change", "", len(lost))
    run.line("what was lost is no older than, s", f"≤ {RPO_SECONDS:.0f}", f"{span:.1f}",
             span <= RPO_SECONDS)  # fmt: skip
    if span > RPO_SECONDS:
        run.problems.append(f"{len(lost)} accepted reports are lost, the oldest of {span:.0f} s")


def references(data: Path) -> set[str]:
    """The reports of a restored hub, asked of its database alone."""
    server = postgres.start(data / "pg", "drill-restored", share=False)
    try:
        with psycopg.connect(server.databases.planner) as connection:
            rows = connection.execute("select reference from reports_report").fetchall()
        return {str(row[0]) for row in rows}
    finally:
        server.stop()


def refusals(folder: Path, run: Run, *, is_checked: bool) -> None:
    """What must be refused: a place with data, a moment too early, a copy that was changed."""
    done, _ = restored(folder, "newest")
    if done.returncode == 0 or "nothing is overwritten" not in done.stderr:
        run.problems.append("a folder with data was overwritten")
    done, _ = restored(folder, "early", "--at", "2020-01-01T00:00:00Z")
    if done.returncode == 0 or "nothing before that" not in done.stderr:
        run.problems.append("a moment before the first copy was not refused")
    changed_file(folder, run, is_checked=is_checked)
    backup = Backup(folder / "backup")
    flip(largest(backup.base(backup.bases()[-1].name)))
    done, _ = restored(folder, "changed-base")
    if done.returncode == 0 or "damaged" not in done.stderr:
        run.problems.append(f"a changed copy was taken: {done.stderr[-200:]}")
    run.line("refused: full folder, early moment, changed file, changed copy", "4", "4"
             if not any("was" in p and "not restored" not in p for p in run.problems) else "fewer",
             )  # fmt: skip


def changed_file(folder: Path, run: Run, *, is_checked: bool) -> None:
    """One byte of one stored file is changed; is_checked: false plants the fault."""
    import json

    from recoup.cli import backup_place

    store = folder / "backup-keys"
    index = backup_place.index_at(store, None)
    if not index:
        run.problems.append("no key was backed up")
        return
    place, told = next(one for one in sorted(index.items()) if one[1]["size"])
    flip(object_of(store, told["sha256"]))
    before = backup_place.digest_of
    if not is_checked:
        backup_place.digest_of = lambda path: json.loads(json.dumps(told["sha256"]))
    try:
        backup_place.put_back(store, {place: told}, folder / "one-file")
        run.problems.append(f"a changed file was taken: {place}")
    except backup_place.CannotBackUp:
        pass
    finally:
        backup_place.digest_of = before


def largest(folder: Path) -> Path:
    files = [p for p in folder.rglob("*") if p.is_file() and "/base/" in str(p.parent) + "/"]
    return max(files, key=lambda path: path.stat().st_size)


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        middle = path.stat().st_size // 2
        file.seek(middle)
        byte = file.read(1)
        file.seek(middle)
        file.write(bytes([byte[0] ^ 1]))
