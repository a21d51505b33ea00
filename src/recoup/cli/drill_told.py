"""What all drills have in common: a seed, a fault that may be planted, and how the outcome is told.

A drill gives its problems in words. Without a fault there must be none; with a fault the words of
that very fault must be among them. Either way the run goes into docs/drills.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from recoup.cli import measured
from recoup.cli.measured import Line

DOCUMENT: Final = measured.DOCS / "drills.md"
OPENING: Final = """\
# Drills

What was tried on purpose to break the hub, and what came of it. Each section is written by its
command; `./recoup drill --help` says how to run it again with another seed.
"""
FAULT_TEXT: Final = "The same drill with a fault planted in the program: it has to be found."
SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that can be planted. shows: the words of the problem it must be found by."""

    meaning: str
    shows: str


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill. told: what is done and what must be so afterwards, for people."""

    name: str
    title: str
    told: str
    faults: Mapping[str, Fault]

    def parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(prog=f"./recoup drill {self.name}", description=self.told)
        parser.add_argument("--seed", type=int, default=1, help="seed of everything random (1)")
        if self.faults:
            parser.add_argument("--fault", choices=sorted(self.faults), help="it must be found")
        else:
            parser.set_defaults(fault=None)
        parser.add_argument(
            "--no-write", dest="write", action="store_false", help="leave docs/drills.md as it is"
        )
        return parser


@dataclass(slots=True)
class Run:
    """What a run came to. problems: everything that is wrong; empty is well."""

    command: str
    lines: list[Line] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    postgres: str = ""
    schedule: list[str] = field(default_factory=list)
    load_before: float = field(default_factory=measured.load_average)

    def line(self, what: str, asked: str, found: object, is_met: bool | None = None) -> None:
        self.lines.append(Line(what, asked, str(found), is_met))


def finish(drill: Drill, run: Run, options: argparse.Namespace) -> int:
    """Tell a run, write it down, and judge it: 0 if it is as it must be."""
    fault = options.fault
    found = found_by(drill.faults, fault, run.problems) if fault else 0
    asked = f"“{drill.faults[fault].shows.strip(': ')}”" if fault else "none"
    is_well = found > 0 if fault else not run.problems
    run.line("problems", asked, len(run.problems), is_well)
    print()
    print(measured.as_text(run.lines))
    for problem in run.problems[:40]:
        print(f"  ✘ {problem}", file=sys.stderr)
    if options.write:
        write(drill, run, options)
    if fault:
        print(f"\nThe planted fault was {'found' if is_well else 'NOT found'}.")
        return 0 if is_well else 1
    return 0 if is_well and measured.is_met(run.lines) else 1


def found_by(faults: Mapping[str, Fault], fault: str, problems: Sequence[str]) -> int:
    """How many of the problems are the planted fault's own; another's do not count as found."""
    return sum(faults[fault].shows in problem for problem in problems)


def write(
    drill: Drill, run: Run, options: argparse.Namespace, *, document: Path | None = None
) -> None:
    """Write the run into docs/drills.md, with its seed, its date and its figures."""
    fault = options.fault
    title = f"{drill.title} with a planted fault: {fault}" if fault else drill.title
    parts = [FAULT_TEXT if fault else drill.told]
    if fault:
        parts.append(f"Planted: {drill.faults[fault].meaning}.")
    parts += [f"```\n{run.command}\n```", measured.as_markdown(run.lines)]
    if run.problems:
        listed = "\n".join(f"- {problem}" for problem in run.problems[:SHOWN])
        parts.append(f"What was found (the first of {len(run.problems)}):\n\n{listed}")
    parts.append(measured.conditions(run.postgres, options.seed, run.load_before))
    if run.schedule:
        schedule = "\n".join(run.schedule)
        parts.append(f"<details><summary>Schedule</summary>\n\n```\n{schedule}\n```\n\n</details>")
    name = f"{drill.name} {fault or ''}".strip()
    text = "\n\n".join(parts)
    measured.write_section(document or DOCUMENT, name, title, text, opening=OPENING)


def command_of(drill: Drill, options: argparse.Namespace, *more: str) -> str:
    """The command that runs the same again."""
    fault = ["--fault", options.fault] if options.fault else []
    return " ".join(["./recoup drill", drill.name, *more, "--seed", str(options.seed), *fault])
