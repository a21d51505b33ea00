"""`./recoup faults`: plant each sabotage of the folder faults/ and see whether the tests find it.

A sabotage changes one line as a careless or a bought hand would: a second person waived, a scope
removed, a sum counted twice. Each is planted in a copy of the checkout, where the test that is said
to find it must fail. First all those tests run on the copy as it is: one that fails then proves
nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recoup.cli import environment, progress, ready, test
from recoup.cli.keeper import Keeper
from recoup.cli.supervisor import ended_by_signals

FOLDER: Final = environment.ROOT / "faults"
COPIED: Final = ("src", "tests", "docs", "faults")
FILES: Final = ("pyproject.toml", "CHANGELOG.md", "README.md", "recoup")
ASKED_SHARE: Final = 0.9  # of the sabotages that must be found
MOST_SECONDS: Final = 600
ANEW: Final = ("--reuse-db", "--create-db")  # making a database takes longer than most tests
FAILED: Final = 1  # pytest's code of tests that ran and failed; any other says that none ran


@dataclass(frozen=True, slots=True)
class Fault:
    """One sabotage. old stands in the file once. test: arguments of pytest; threat: T01 to T25."""

    number: int
    name: str
    title: str
    threat: str
    path: str
    old: str
    new: str
    test: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.number:02} {self.threat} {self.title}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a test said of a planted fault. verdict: found, missed, or broken (no test ran)."""

    fault: Fault
    verdict: str
    seconds: float
    output: str = ""


class BadFault(Exception):
    """A sabotage cannot be planted as it is written; the message says which and why."""


def read(path: Path) -> Fault:
    """Read one sabotage; raises BadFault."""
    number, _, name = path.stem.partition("-")
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return Fault(
            int(number), name, told["title"], told["threat"], told["path"], told["old"],
            told["new"], tuple(told["test"].split()),
        )  # fmt: skip
    except (ValueError, KeyError) as problem:
        raise BadFault(f"{path.name}: {problem!r}") from None


def read_all(folder: Path = FOLDER) -> list[Fault]:
    return sorted((read(path) for path in folder.glob("*.toml")), key=lambda one: one.number)


def planted(fault: Fault, text: str) -> str:
    """The file with the fault in it; raises BadFault unless the line stands there once."""
    times = text.count(fault.old)
    if times != 1:
        raise BadFault(f"{fault.label}: its line stands {times} times in {fault.path}, not once.")
    if fault.old == fault.new:
        raise BadFault(f"{fault.label}: it changes nothing.")
    return text.replace(fault.old, fault.new)


# The copy


def copy_tree(root: Path, to: Path) -> None:
    """Copy what the tests need; what is large and not changed is linked."""
    skipped = shutil.ignore_patterns("__pycache__", "*.pyc", ".hypothesis", ".pytest_cache")
    for name in COPIED:
        if (root / name).exists():
            shutil.copytree(root / name, to / name, ignore=skipped)
    for name in FILES:
        if (root / name).exists():
            shutil.copy2(root / name, to / name)
    (to / "var").mkdir()


def run_tests(
    copy: Path, arguments: Sequence[str], databases: environment.Databases, *,
    in_tables: bool = False,
) -> tuple[int, str]:  # fmt: skip
    """Run pytest in the copy, whose own code comes first; its code and what it printed.

    in_tables: what is planted is in a migration, so the tables are not copied but made.
    """
    variables = environment.child_environment(databases, DJANGO_SETTINGS_MODULE=test.SETTINGS)
    variables |= {
        "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy / 'tests'}",
        "RECOUP_VAR": str(copy / "var"), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    if in_tables:
        variables = {k: v for k, v in variables.items() if k not in (ready.COPY_OF, ready.TABLES)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    try:
        done = subprocess.run(
            command, cwd=copy, env=variables, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=MOST_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return FAILED, f"not done within {MOST_SECONDS} seconds"
    return done.returncode, done.stdout[-3000:] + done.stderr[-1000:]


def tried(
    fault: Fault, copy: Path, databases: environment.Databases, *, anew: bool = False
) -> Outcome:  # fmt: skip
    """Plant one fault, run its test, take it back. anew: in a database made with the fault."""
    began, path = time.monotonic(), copy / fault.path
    before = path.read_text(encoding="utf-8")
    path.write_text(planted(fault, before), encoding="utf-8")
    try:
        made = ANEW if anew else ANEW[:1]
        code, output = run_tests(
            copy, [*made, "-x", *fault.test], databases, in_tables="/migrations/" in fault.path
        )
    finally:
        path.write_text(before, encoding="utf-8")
    verdict = {FAILED: "found", 0: "missed"}.get(code, "broken")
    return Outcome(fault, verdict, time.monotonic() - began, output)


# The command


def main(argv: Sequence[str]) -> int:
    """Try all sabotages or those asked for; 0 if at least nine in ten are found."""
    asked = _arguments(argv)
    try:
        faults = _chosen(read_all(), asked.only)
        for fault in faults:
            planted(fault, (environment.ROOT / fault.path).read_text(encoding="utf-8"))
        if asked.list:
            print("\n".join(fault.label for fault in faults))
            return 0
        with (
            ended_by_signals(),
            contextlib.closing(Keeper()) as keeper,
            test.database(keeper) as databases,
        ):
            return _run(faults, databases, is_sound=asked.sure)
    except (BadFault, OSError, test.CannotTest, environment.NoDatabase) as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./recoup faults", description=__doc__)
    parser.add_argument(
        "--only", default="", metavar="N[,N]", help="numbers or threats (3,7 or T02)"
    )
    parser.add_argument("--list", action="store_true", help="name them, plant none")
    parser.add_argument(
        "--sure", action="store_true", help="the tests are known to pass: begin at once"
    )
    return parser.parse_args(argv)


def _chosen(faults: Sequence[Fault], only: str) -> list[Fault]:
    wanted = set(filter(None, only.split(",")))
    known = {str(fault.number) for fault in faults} | {fault.threat for fault in faults}
    if unknown := wanted - known:
        raise BadFault(f"There is no sabotage {', '.join(sorted(unknown))}. See --list.")
    return [f for f in faults if not wanted or {str(f.number), f.threat} & wanted]


def _run(faults: Sequence[Fault], databases: environment.Databases, *, is_sound: bool) -> int:
    with tempfile.TemporaryDirectory(prefix="recoup-faults-") as name:
        copy = Path(name)
        copy_tree(environment.ROOT, copy)
        if not is_sound and not _sound(faults, copy, databases):
            return 1
        outcomes: list[Outcome] = []
        anew = is_sound
        for fault in faults:
            in_tables = "/migrations/" in fault.path
            outcomes.append(outcome := tried(fault, copy, databases, anew=anew or in_tables))
            anew = in_tables  # the next one needs a database without it
            progress.say(f"  {outcome.verdict:7} {fault.label}  {outcome.seconds:.0f} s")
            if outcome.verdict == "broken":
                progress.say(outcome.output)
    return _judged(outcomes)


def _sound(faults: Sequence[Fault], copy: Path, databases: environment.Databases) -> bool:
    """Whether every test that is said to find something passes without any fault."""
    wanted = dict.fromkeys(one for fault in faults for one in fault.test)
    code, output = run_tests(copy, [*ANEW, *wanted], databases)
    if code:
        progress.say(f"Without any sabotage tests fail, so none proves anything:\n{output}")
        return False
    progress.say("  without a sabotage all named tests pass")
    return True


def _judged(outcomes: Sequence[Outcome]) -> int:
    found = sum(1 for outcome in outcomes if outcome.verdict == "found")
    share = found / len(outcomes) if outcomes else 0.0
    progress.say(f"\n{found} of {len(outcomes)} sabotages were found ({share:.0%}).")
    return 0 if share >= ASKED_SHARE else 1
