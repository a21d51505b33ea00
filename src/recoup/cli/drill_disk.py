"""`./recoup drill disk` (D8): the disk of the database is full, then there is room again.

The database lives on a small file system in memory, which is filled to the last byte while reports
arrive. Needs root, since it mounts; elsewhere it says so and is not done.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import psycopg

from recoup.cli import drill_checks, drill_frauds, environment, instance, load_banks, measured
from recoup.cli.drill_frauds import Fraud
from recoup.cli.drill_hub import file_report, rows, status_of, superuser, wait_for
from recoup.cli.drill_told import Drill, Fault, Run, command_of, finish
from recoup.cli.instance import Instance
from recoup.cli.postgres_place import Place, place_for
from recoup.demo.client import HubRefused, HubSilent

MEGABYTES: Final = 400
AGAIN_SECONDS: Final = 60.0
TRIES: Final = 40
DRILL: Final = Drill(
    "disk",
    "Disk full (D8)",
    f"""\
The database lives on a file system of {MEGABYTES} MB in memory, filled to the last byte while
reports arrive, each sent again with its own key until it is taken. Meanwhile nothing is answered
with 500, and no report is taken that is not stored. When there is room again, the hub goes on by
itself within a minute: every accepted report is there once, the others can be sent again, and all
invariants hold.""",
    {
        "taken_before_stored": Fault(
            "what was accepted is not on the disk yet, and the machine ends", "are gone"
        )
    },
)
CASES: Final = """
select count(distinct r.id) from reports_report r join cases_case k on k.report_id = r.id
join lawful_requests_ticket t on t.case_id = k.id and t.sent_at is not null
where r.reference = any(%s)
"""


def main(argv: Sequence[str]) -> int:
    """Run the drill; 0 if all is well or, with --fault, if the fault was found."""
    options = DRILL.parser().parse_args(argv)
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        print("recoup: the disk drill mounts a file system, which only root on Linux may.",
              file=sys.stderr)  # fmt: skip
        return 2
    run = Run(command_of(DRILL, options))
    folder = environment.VAR / "drill" / "disk"
    shutil.rmtree(folder, ignore_errors=True)
    place = place_for(folder / "hub" / "pg")
    with small_disk(place), instance.running(folder / "hub") as hub:
        run.postgres = measured.postgres_version(hub.databases.planner)
        keys = load_banks.enrol(hub.databases, folder / "hub")
        frauds = drill_frauds.write(
            folder / "banks", count=2 * TRIES, seed=options.seed, at=datetime.now(UTC)
        )
        taken = dict(until_full(hub, keys, frauds, place, run))
        (place.base / "filler").unlink()
        again(hub, keys, frauds, taken, run)
        if options.fault:
            forget_one(hub, next(iter(taken.values())))
        check_all(hub, taken, run)
        if not options.fault:
            run.problems += drill_checks.invariants(hub.databases, hub.folder)
    shutil.rmtree(folder, ignore_errors=True)
    return finish(DRILL, run, options)


@contextlib.contextmanager
def small_disk(place: Place) -> Iterator[None]:
    """Put a small file system where the server's data will be."""
    size = f"size={MEGABYTES}m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place.base)], check=True)
    try:
        place.give(place.base)
        place.socket.mkdir(mode=0o700, exist_ok=True)
        place.give(place.socket)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place.base)], check=False)


def fill(place: Place) -> int:
    """Write until nothing more fits; returns how many bytes that was."""
    written = 0
    with contextlib.suppress(OSError), (place.base / "filler").open("ab", buffering=0) as file:
        for block in (2**20, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    written += file.write(bytes(1) * block)
    return written


def until_full(
    hub: Instance, keys: Mapping[str, str], frauds: Sequence[Fraud], place: Place, run: Run
) -> Iterator[tuple[int, str]]:
    """Reports before and while the disk is full; gives those that were taken, by number."""
    refused, wrong = 0, []
    for number, fraud in enumerate(frauds[: 2 * TRIES]):
        if number == TRIES // 2:
            run.line("megabytes written to fill the disk", "", fill(place) // 1_000_000)
        if number > TRIES // 2:
            fill(place)  # what was freed meanwhile
        if number >= TRIES:
            break
        try:
            yield number, file_report(hub, keys, fraud, key=key_of(number), seconds=5)
        except HubSilent as silent:
            refused += 1
            if "(500)" in str(silent):
                wrong.append(str(silent))
        except HubRefused as answer:
            wrong.append(str(answer))
    run.line("reports refused while it was full", "≥ 1", refused, refused > 0)
    status, took, retry = status_of(f"{hub.address}/")
    run.line("the front page while it was full", "200 or 503", f"{status} after {took:.1f} s",
             status in (200, 503))  # fmt: skip
    if status == 503 and not retry:
        run.problems.append("503 while the disk was full does not say when to try again")
    run.problems += [f"refused in other words while the disk was full: {one}" for one in wrong]


def key_of(number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"disk {number}"))


def again(
    hub: Instance, keys: Mapping[str, str], frauds: Sequence[Fraud], taken: dict[int, str], run: Run
) -> None:
    """With room again, everything that was refused is sent again, and taken."""

    def all_taken() -> bool:
        for number in range(TRIES):
            if number not in taken:
                try:
                    taken[number] = file_report(
                        hub, keys, frauds[number], key=key_of(number), seconds=5
                    )
                except (HubSilent, HubRefused):
                    return False
        return True

    took = wait_for(all_taken, AGAIN_SECONDS)
    run.line("all taken after there was room, s", f"≤ {AGAIN_SECONDS:.0f}",
             "never" if took is None else f"{took:.1f}", took is not None)  # fmt: skip
    if took is None:
        run.problems.append("a minute after there was room, reports are still refused")


def forget_one(hub: Instance, reference: str) -> None:
    """Plant the fault: a report that was accepted was never on the disk."""
    with psycopg.connect(superuser(hub)) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from reports_report where reference = %s", [reference])


def check_all(hub: Instance, taken: Mapping[int, str], run: Run) -> None:
    """What was accepted is stored, once, and followed."""
    references = sorted(taken.values())
    planner = hub.databases.planner

    def planned() -> bool:
        return bool(rows(planner, CASES, references)[0][0] == len(references))

    wait_for(planned, AGAIN_SECONDS)
    stored = {row[0] for row in rows(planner, "select reference from reports_report")}
    run.line("reports accepted, and stored", str(len(references)), len(stored & set(references)))
    if gone := set(references) - stored:
        run.problems.append(f"{len(gone)} accepted reports are gone: {sorted(gone)[:3]}")
    if more := stored - set(references):
        run.problems.append(f"{len(more)} reports are stored that nobody was told of")
    followed = rows(planner, CASES, references)[0][0]
    if followed != len(references) - len(gone):
        run.problems.append(f"only {followed} of {len(references)} reports have tickets")
