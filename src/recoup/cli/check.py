"""`./recoup check`: everything about the code that needs no test run, one line a check.

All checks run even if one fails; the output of a failed one stands below its line.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from recoup.cli import docs_check, environment, law_document, progress

PYTHON_FILES = ("src", "tests", "recoup")


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, and what finds the problems (no line: none)."""

    name: str
    problems: Callable[[], Sequence[str]]


def main(argv: Sequence[str]) -> int:
    """Run all checks, or those that are named; returns 1 if one failed."""
    if set(argv) & {"-h", "--help"}:
        names = ", ".join(check.name for check in CHECKS)
        print(f"{__doc__}\nusage: ./recoup check [NAME...]\nchecks: {names}")
        return 0
    unknown = set(argv) - {check.name for check in CHECKS}
    if unknown:
        print(f"recoup: no such check: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    chosen = [check for check in CHECKS if not argv or check.name in argv]
    failed = [check.name for check in run(chosen)]
    if failed:
        print(f"\n{len(failed)} of {len(chosen)} checks failed: {', '.join(failed)}")
        return 1
    print(f"\nall {len(chosen)} checks passed")
    return 0


def run(checks: Sequence[Check]) -> Iterator[Check]:
    """Run them two at a time, print them in order; yields those that failed."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = [(check, pool.submit(timed, check)) for check in checks]
        for check, future in running:
            problems, seconds = future.result()
            progress.say(f"  {'✗' if problems else '✓'} {check.name}  {seconds:.1f} s")
            if problems:
                progress.say("\n".join(f"      {line}" for line in problems))
                yield check


def timed(check: Check) -> tuple[list[str], float]:
    step = progress.Step(check.name)
    return list(check.problems()), step.seconds


def tool(*arguments: str, **variables: str) -> Callable[[], list[str]]:
    """A check that is a program: its output are the problems if it fails."""

    def problems() -> list[str]:
        paths = [str(environment.ROOT / "src"), os.environ.get("PYTHONPATH", "")]
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=environment.ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return []
        lines = (done.stdout + done.stderr).splitlines()
        return lines or [f"it ended with exit code {done.returncode} and said nothing"]

    return problems


def module(name: str, *arguments: str, **variables: str) -> Callable[[], list[str]]:
    return tool("-m", name, *arguments, **variables)


# A log-in that no server has: these checks read the code, and must not need a database.
NO_DATABASE = {
    "DJANGO_SETTINGS_MODULE": environment.SETTINGS,
    "RECOUP_SECRET_KEY": "only-for-checks",
    "DATABASE_URL": "postgresql://nobody@/none?host=/nonexistent",
}
CONTRACTS = "from importlinter.cli import lint_imports_command as run; run()"

CHECKS: tuple[Check, ...] = (
    Check("types", module("mypy", **NO_DATABASE)),
    Check("format", module("ruff", "format", "--check", "--output-format=concise", *PYTHON_FILES)),
    Check("lint", module("ruff", "check", "--quiet", "--output-format=concise", *PYTHON_FILES)),
    Check("imports", tool("-c", CONTRACTS)),
    Check("migrations", module("django", "makemigrations", "--check", "--dry-run", **NO_DATABASE)),
    Check("docs", docs_check.broken_links),
    Check("law", law_document.problems),
    Check("modules", docs_check.untidy_modules),
    Check("locks", docs_check.unsafe_locks),
)
