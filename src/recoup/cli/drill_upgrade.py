"""`./recoup drill upgrade` (D13): data of the first release, brought to today while it runs.

The program of the tag `issue-1` is unpacked beside this one and started with this environment (the
packages of its lock that differ are told). It takes reports and plays frauds; then today's
migrations run under it, while hot tables are watched for locks; then today's program takes over.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import psycopg

from recoup.cli import drill_checks, drill_frauds, environment, instance, measured
from recoup.cli.drill_hub import file_report, rows, superuser, wait_for
from recoup.cli.drill_told import Drill, Fault, Run, command_of, finish
from recoup.cli.instance import Instance, own_environment
from recoup.cli.keeper import die_with_parent
from recoup.demo.client import HubRefused, HubSilent

# The end of the first issue; the tag issue-1 names it too.
OLD: Final = "fc9a6bbd82154b67502d8da7314e89e40b3200c6"
LOCKED_SECONDS: Final = 2.0
PLANNED_SECONDS: Final = 120.0
DRILL: Final = Drill(
    "upgrade",
    "Upgrade with data (D13)",
    """\
The program as it was at the end of the first issue (tag `issue-1`) takes reports and follows them;
today's migrations run while it goes on, and each hot table is tried every 20 ms. Whether the old
pages still take reports afterwards is told, not asked. Then today's program starts on the same
data: every report, ticket, answer, hold and line of the trail is what it was, all invariants hold,
and a new report is followed to its tickets.""",
    {
        "rewritten": Fault("a migration rewrites the answers that are there", "is not what it was"),
        "locked": Fault("a migration holds a hot table for three seconds", "was locked for"),
    },
)
# What must be the same after the migrations; of each table what the first release had of it.
KEPT: Final = {
    "reports": "select id::text, reference, amount_minor, currency, payee_ident, received_at::text "
               "from reports_report",
    "tickets": "select id::text, reference, measure, round, asked_minor, currency, "
               "encode(body, 'hex'), sent_at::text from lawful_requests_ticket "
               "where sent_at is not null",
    "answers": "select id::text, code, stage, held_minor, encode(sha256, 'hex'), "
               "encode(body, 'hex') from lawful_requests_answer",
    "holds": "select id::text, asked_minor, asked_at::text, account_id::text from holds_hold",
    "claims": "select id::text, amount_minor, currency from holds_claim",
    "lines": "select id::text, stream, stream_seq, encode(leaf_hash, 'hex'), encode(body, 'hex') "
             "from audit_auditleaf",
}  # fmt: skip
HOT: Final = (
    "lawful_requests_ticket", "lawful_requests_answer", "lawful_requests_dispatch",
    "reports_report", "holds_hold", "audit_auditleaf", "cases_case",
)  # fmt: skip
WAITING: Final = """
select 'reports', count(*), min(received_at) from reports_report where opened_at is null union all
select 'answers', count(*), null from lawful_requests_unplannedanswer union all
select 'cases to plan', count(*), null from holds_planwanted union all
select 'tickets to send', count(*), min(queued_at) from lawful_requests_dispatch
where sent_at is null
"""
REWRITE: Final = "update lawful_requests_answer set body = body || '\\x20'::bytea"


def main(argv: Sequence[str]) -> int:
    """Run the drill; 0 if all is well or, with --fault, if the fault was found."""
    parser = DRILL.parser()
    parser.add_argument("--reports", type=int, default=10, help="reports to the old program (10)")
    parser.add_argument(
        "--lock-seconds", type=float, default=LOCKED_SECONDS, help="the longest lock allowed (2)"
    )
    options = parser.parse_args(argv)
    run = Run(command_of(DRILL, options, "--reports", str(options.reports)))
    folder = environment.VAR / "drill" / "upgrade"
    shutil.rmtree(folder, ignore_errors=True)
    old = folder / "old"
    if problem := unpack(old):
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    run.line("packages of the old lock that differ here", "", ", ".join(differing(old)) or "none")
    half = options.reports
    frauds = drill_frauds.write(
        folder / "banks", count=2 * half + 1, seed=options.seed, at=datetime.now(UTC)
    )
    with old_hub(old, folder / "hub") as hub:
        run.postgres = measured.postgres_version(hub.databases.planner)
        keys = old_keys(old, hub, folder)
        for fraud in frauds[:half]:
            file_report(hub, keys, fraud)
        play(old, hub)
        wait_for(lambda: not waiting(hub), PLANNED_SECONDS)
        before = snapshot(hub)
        for name, kept in before.items():
            run.line(f"{name} of the first release", "", len(kept))
        upgrade(hub, options.fault or "", run, allowed=options.lock_seconds)
        compare(before, snapshot(hub), run)
        if options.fault:  # it shows by now, or never
            return finish(DRILL, run, options)
        taken = sum(takes(hub, keys, fraud) for fraud in frauds[half : 2 * half])
        run.line("reports taken by the old pages after it", "", f"{taken} of {half}")
    today(folder, keys, frauds[-1], before, run)
    shutil.rmtree(folder, ignore_errors=True)
    return finish(DRILL, run, options)


# The old program


def unpack(old: Path) -> str:
    """Unpack the first release; says what is missing if it cannot be."""
    for name in ("issue-1", OLD):
        done = subprocess.run(
            ["git", "-C", str(environment.ROOT), "archive", "--format=tar", name],
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            old.mkdir(parents=True)
            with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
                archive.extractall(old, filter="data")
            return ""
    return (
        f"The first release ({OLD}, tag issue-1) is not in this checkout: fetch its history and "
        f"tags (git fetch --unshallow --tags). git said: {done.stderr.decode().strip()}"
    )


def differing(old: Path) -> list[str]:
    """Packages of the old lock that are here in another version, or not at all."""
    found = []
    for line in (old / "requirements.lock").read_text().splitlines():
        name, pinned, rest = line.partition("==")
        if not pinned or line.startswith((" ", "#")):
            continue
        wanted = rest.split()[0]
        with contextlib.suppress(PackageNotFoundError):
            here = version(name)
            if here != wanted:
                found.append(f"{name} {wanted} (here {here})")
    return found


def old_variables(old: Path, folder: Path) -> dict[str, str]:
    """What the old program gets to know: its own code first, and its data."""
    variables = own_environment(folder, {"RECOUP_BANK_DELAY": "0-1"})
    return {**variables, "PYTHONPATH": str(old / "src")}


@contextlib.contextmanager
def old_hub(old: Path, folder: Path) -> Iterator[Instance]:
    """The hub of the first release, on data of its own."""
    folder.mkdir(parents=True)
    with (folder / "hub.out").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "recoup", "up"], env=old_variables(old, folder), cwd=old,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, process_group=0,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )  # fmt: skip
    hub = Instance(folder, process)
    try:
        instance.wait_until_ready(hub)
        yield hub
    finally:
        process.terminate()  # its server is still ending when a busy machine is asked too early
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(90)
        process.kill()
        process.wait()


def old_keys(old: Path, hub: Instance, folder: Path) -> dict[str, str]:
    """Enrol banks that report, by the old program."""
    import json

    file = folder / "keys.json"
    variables = {**old_variables(old, hub.folder), **hub.databases.as_environment()}
    done = subprocess.run(
        [sys.executable, "-m", "recoup.cli.load_banks", str(file)], cwd=old,
        env={**variables, "RECOUP_ROLE": "owner", "DJANGO_SETTINGS_MODULE": environment.SETTINGS},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"The old program enrolled no banks:\n{done.stderr}")
    keys: dict[str, str] = json.loads(file.read_text())
    return keys


def play(old: Path, hub: Instance) -> None:
    """Let the old program play a fraud over its demo banks to the end: answers, holds, a trail."""
    subprocess.run(
        [sys.executable, "-m", "recoup", "demo"], env=old_variables(old, hub.folder), cwd=old,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=180,
    )  # fmt: skip


def waiting(hub: Instance) -> str:
    """What the planner has still to do, by kind; empty if nothing."""
    found = rows(hub.databases.planner, WAITING)
    return ", ".join(
        f"{n} {kind}" + (f" since {since}" if since else "") for kind, n, since in found if n
    )


def takes(hub: Instance, keys: Mapping[str, str], fraud: drill_frauds.Fraud) -> bool:
    """Whether the pages that run take a report, within five seconds."""
    try:
        return bool(file_report(hub, keys, fraud, seconds=5))
    except (HubSilent, HubRefused):
        return False


# The change


def snapshot(hub: Instance) -> dict[str, dict[str, tuple[Any, ...]]]:
    return {
        name: {str(row[0]): row for row in rows(hub.databases.planner, sql)}
        for name, sql in KEPT.items()
    }


def compare(
    before: Mapping[str, Mapping[str, tuple[Any, ...]]],
    after: Mapping[str, Mapping[str, tuple[Any, ...]]],
    run: Run,
) -> None:
    """Everything that was there is there, byte for byte; what came since does not matter."""
    for name, kept in before.items():
        changed = [one for one, row in kept.items() if after[name].get(one) != row]
        if changed:
            run.problems.append(
                f"{name}: of {len(kept)} are {len(changed)} gone or not the same; {changed[0]} is "
                "not what it was"
            )


@dataclass(slots=True)
class Watch:
    """Tries each hot table again and again; longest: the longest that one was not to be had."""

    dsn: str
    longest: dict[str, float] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self, table: str) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while not self.ended.is_set():
                began = time.monotonic()
                with contextlib.suppress(psycopg.Error), connection.transaction():
                    connection.execute(f"lock table {table} in row exclusive mode".encode())
                took = time.monotonic() - began
                self.longest[table] = max(self.longest.get(table, 0.0), took)
                self.ended.wait(0.02)


@contextlib.contextmanager
def watched(hub: Instance) -> Iterator[Watch]:
    """Watch the hot tables meanwhile."""
    watch = Watch(superuser(hub))
    threads = [threading.Thread(target=watch.run, args=(table,), daemon=True) for table in HOT]
    for thread in threads:
        thread.start()
    try:
        yield watch
    finally:
        watch.ended.set()
        for thread in threads:
            thread.join(30)


def upgrade(hub: Instance, fault: str, run: Run, *, allowed: float) -> None:
    """Run today's migrations under the old program, and watch for locks."""
    began = time.monotonic()
    variables = own_environment(hub.folder, hub.databases.as_environment())
    with watched(hub) as watch:
        done = subprocess.run(
            [sys.executable, "-m", "recoup", "migrate", "--verbosity", "1"], env=variables,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if fault == "locked":
            with psycopg.connect(superuser(hub)) as connection:
                connection.execute("lock table lawful_requests_ticket in access exclusive mode")
                time.sleep(LOCKED_SECONDS + 1)
    if done.returncode:
        run.problems.append(f"the migrations failed: {done.stderr.strip()[-500:]}")
    if fault == "rewritten":
        rows(superuser(hub), REWRITE)
    run.line("migrations", "", sum(line.endswith("OK") for line in done.stdout.splitlines()))
    run.line("seconds for the migrations", "", f"{time.monotonic() - began:.1f}")
    table, longest = max(watch.longest.items(), key=lambda one: one[1])
    run.line("longest lock on a hot table, s", f"≤ {allowed:.0f}",
             f"{longest:.2f} ({table})", longest <= allowed)  # fmt: skip
    if longest > allowed:
        run.problems.append(f"{table} was locked for {longest:.1f} s")


def today(
    folder: Path, keys: Mapping[str, str], fraud: drill_frauds.Fraud,
    before: Mapping[str, Mapping[str, tuple[Any, ...]]], run: Run,
) -> None:  # fmt: skip
    """Today's program on the old data: it starts, it has everything, it works."""
    began = time.monotonic()
    os.environ.pop("RECOUP_STARTED", None)
    try:
        with instance.running(folder / "hub", variables={"RECOUP_BANK_DELAY": "0-1"}) as hub:
            run.line("today's hub answers after, s", "", f"{time.monotonic() - began:.1f}")
            compare(before, snapshot(hub), run)
            reference = file_report(hub, keys, fraud)
            sent = (
                "select 1 from reports_report r join cases_case k on k.report_id = r.id join "
                "lawful_requests_ticket t on t.case_id = k.id and t.sent_at is not null "
                "where r.reference = %s"
            )
            if wait_for(lambda: rows(hub.databases.planner, sent, reference), 60) is None:
                run.problems.append("a new report is not followed after the upgrade")
            if wait_for(lambda: not waiting(hub), PLANNED_SECONDS) is None:
                told = waiting(hub)
                run.problems.append(f"after the upgrade still waits: {told or 'nothing, late'}")
            run.problems += drill_checks.invariants(hub.databases, hub.folder)
    except instance.NotStarted as problem:
        lines = [line.strip() for line in str(problem).splitlines() if "/" not in line]
        told = " ".join([line for line in lines if line][-2:])
        run.problems.append(f"today's hub does not start on the old data: {told}")
