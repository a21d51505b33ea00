"""Whether a weakness is known in a package of the locks, and whether it should be mended by now.

Asked is the package index that pip is set to, package by package at its locked version (the field
`vulnerabilities` of its JSON). By when a weakness has to be mended, what was judged of it and what
was accepted until when is data (weaknesses.toml). What could not be asked is never counted as good.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

RULES: Final = "src/recoup/data/weaknesses.toml"
FRAMES: Final = ("critical", "high", "other")
UNJUDGED: Final = "critical"

Package = tuple[str, str]  # name and version
Ask = Callable[[str, str], Mapping[str, Any]]


class NotAsked(Exception):
    """Something could not be asked, or its answer is of no use; says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody said of one weakness. moment: known since then, or accepted until then."""

    package: str
    id: str
    moment: datetime
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """The time frames, and what was said of single weaknesses."""

    within: Mapping[str, timedelta]
    answers_last: timedelta
    judged: tuple[Told, ...] = ()
    accepted: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Weakness:
    """One that the index tells of a locked version. mended_at: when its mending came out."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixed_in: tuple[str, ...] = ()
    mended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A weakness under the rules. due_at: none where nothing says since when it is known."""

    weakness: Weakness
    severity: str
    is_judged: bool
    due_at: datetime | None
    accepted_until: datetime | None
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """What the index said, and when: by package its weaknesses, by version when it came out."""

    asked_at: datetime
    told: Mapping[Package, Sequence[Mapping[str, Any]]]
    came_out: Mapping[Package, str] = field(default_factory=dict)


# The rules


def read_rules(text: str) -> Rules:
    """Read weaknesses.toml; raises NotAsked where a time frame or a word of a judgement lacks."""
    table = tomllib.loads(text)
    hours = table["mend_within_hours"]
    if set(hours) != set(FRAMES):
        raise NotAsked(f"{RULES}: mend_within_hours needs {', '.join(FRAMES)}, and nothing else.")
    return Rules(
        within={name: timedelta(hours=hours[name]) for name in FRAMES},
        answers_last=timedelta(days=table["answers"]["last_days"]),
        judged=tuple(_said(row, "known_since") for row in table.get("judged", [])),
        accepted=tuple(_said(row, "until") for row in table.get("accepted", [])),
    )


def _said(row: Mapping[str, Any], when: str) -> Told:
    needed = ["package", "id", when, "by", "why"] + (["severity"] if when == "known_since" else [])
    if lacks := [name for name in needed if not row.get(name)]:
        raise NotAsked(f"{RULES}: {row} lacks {', '.join(lacks)}.")
    day, severity = row[when], row.get("severity", "")
    if not isinstance(day, date) or (severity and severity not in FRAMES):
        raise NotAsked(f"{RULES}: in {row}, {when} is no day or the severity is unknown.")
    return Told(row["package"], row["id"], datetime.combine(day, time(), UTC), severity)


# What the index says


def ask_all(packages: Sequence[Package], ask: Ask, *, at: datetime) -> Answers:
    """Ask for each package, and for each weakness when the first version without it came out."""
    told: dict[Package, Sequence[Mapping[str, Any]]] = {}
    came_out: dict[Package, str] = {}
    for name, version in packages:
        answer = ask(name, version)
        if not isinstance(answer.get("vulnerabilities"), list):
            raise NotAsked(f"Of {name} {version} the index does not tell its weaknesses.")
        told[name, version] = answer["vulnerabilities"]
        for fixed in {one for row in answer["vulnerabilities"] for one in row.get("fixed_in", [])}:
            files = ask(name, fixed).get("urls") or []
            if moments := [file["upload_time_iso_8601"] for file in files]:
                came_out[name, fixed] = min(moments)
    return Answers(at, told, came_out)


def as_text(answers: Answers) -> str:
    """The answers for a file: only what is judged by, and nothing of who was asked."""
    kept = {
        "asked_at": answers.asked_at.isoformat(),
        "weaknesses": {"==".join(one): list(rows) for one, rows in sorted(answers.told.items())},
        "came_out": {"==".join(one): at for one, at in sorted(answers.came_out.items())},
    }
    return json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def from_text(text: str) -> Answers:
    """Read saved answers; raises NotAsked for what is none."""
    try:
        kept = json.loads(text)
        return Answers(
            datetime.fromisoformat(kept["asked_at"]),
            {_package(one): rows for one, rows in kept["weaknesses"].items()},
            {_package(one): at for one, at in kept["came_out"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise NotAsked(f"These are no saved answers ({fault}). Save some with --save.") from None


def _package(text: str) -> Package:
    name, _, version = text.partition("==")
    return name, version


def weaknesses(answers: Answers, packages: Sequence[Package]) -> Iterator[Weakness]:
    """What is known of these packages; raises NotAsked if one of them was not asked for."""
    for name, version in packages:
        if (name, version) not in answers.told:
            raise NotAsked(f"{name} {version} is locked, and nobody asked for it. Ask again.")
        for row in answers.told[name, version]:
            if row.get("withdrawn"):
                continue
            fixed = tuple(row.get("fixed_in") or ())
            came = [answers.came_out[name, one] for one in fixed if (name, one) in answers.came_out]
            yield Weakness(
                name, version, (row["id"], *(row.get("aliases") or ())), fixed,
                datetime.fromisoformat(min(came).replace("Z", "+00:00")) if came else None,
            )  # fmt: skip


# The judgement


def judge(one: Weakness, rules: Rules, *, at: datetime) -> Verdict:
    """By when a weakness has to be mended, and whether that is over."""
    judged, accepted = _of(one, rules.judged), _of(one, rules.accepted)
    severity = judged.severity if judged else UNJUDGED
    since = judged.moment if judged else one.mended_at
    due_at = since + rules.within[severity] if since else None
    until = accepted.moment + timedelta(days=1) if accepted else None  # the last day is one of it
    is_accepted = until is not None and at < until
    is_overdue = not is_accepted and (due_at is None or at > due_at)
    return Verdict(one, severity, judged is not None, due_at, until, is_overdue)


def _of(one: Weakness, said: Sequence[Told]) -> Told | None:
    return next((row for row in said if row.package == one.package and row.id in one.ids), None)


def unneeded(found: Sequence[Weakness], rules: Rules) -> list[str]:
    """What was judged or accepted and is not there any more."""
    return [
        f"{row.package} {row.id}" for row in (*rules.judged, *rules.accepted)
        if not any(_of(one, [row]) for one in found)
    ]  # fmt: skip


def in_words(verdict: Verdict) -> str:
    """One line for a person."""
    one, due_at = verdict.weakness, verdict.due_at
    fixed = f"mended in {', '.join(one.fixed_in)}" if one.fixed_in else "no version without it"
    how = verdict.severity if verdict.is_judged else f"not judged, so {verdict.severity}"
    if verdict.accepted_until is not None and not verdict.is_overdue:
        state = f"accepted, ends {_moment(verdict.accepted_until)}"
    elif due_at is None:
        state = "OVERDUE: nothing says since when it is known; judge it"
    else:
        state = f"{'OVERDUE since' if verdict.is_overdue else 'to be mended by'} {_moment(due_at)}"
    names = " = ".join(one.ids)
    return f"{one.package} {one.version}: {names}: {fixed}; {how}; {state}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


# What is told


def report(
    answers: Answers, packages: Sequence[Package], rules: Rules, *, at: datetime
) -> tuple[int, list[str]]:
    """What the answers mean at a moment: 1 if something is overdue, and the lines to print."""
    if at - answers.asked_at > rules.answers_last:
        raise NotAsked(f"These answers are of {_moment(answers.asked_at)}, too old. Ask again.")
    found = list(weaknesses(answers, packages))
    verdicts = [judge(one, rules, at=at) for one in found]
    verdicts.sort(key=lambda one: not one.is_overdue)
    overdue = sum(one.is_overdue for one in verdicts)
    lines = [in_words(one) for one in verdicts]
    lines += [
        f"{one}: not there any more; take it out of {RULES}" for one in unneeded(found, rules)
    ]
    count = f"{len(packages)} packages, asked {_moment(answers.asked_at)}"
    lines.append(f"{count}: {len(found)} known weaknesses, {overdue} overdue")
    return (1 if overdue else 0), lines
