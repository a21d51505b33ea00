"""Known weaknesses of the locked packages: what is overdue fails, what was not asked is not good.

Every answer here is our own, with planted weaknesses; no index is asked but one of the test's own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from recoup.cli import package_index, sbom, weaknesses
from recoup.cli.environment import ROOT
from recoup.cli.package_index import Index
from recoup.cli.weaknesses import Answers, NotAsked, Rules, read_rules

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES_TEXT = (ROOT / weaknesses.RULES).read_text(encoding="utf-8")
RULES = read_rules(RULES_TEXT)
PACKAGES = [("plum", "1.0"), ("quince", "2.1")]
HOLE: dict[str, Any] = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-7"], "fixed_in": ["1.1"]}


def answers(*holes: dict[str, Any], came_out: str = "", asked_at: datetime = NOW) -> Answers:
    """What an index says: these weaknesses of plum, none of quince."""
    told = {PACKAGES[0]: list(holes), PACKAGES[1]: []}
    return Answers(asked_at, told, {("plum", "1.1"): came_out} if came_out else {})


def said(told: Answers, rules: Rules = RULES) -> tuple[int, str]:
    status, lines = weaknesses.report(told, PACKAGES, rules, at=NOW)
    return status, "\n".join(lines)


def with_rows(rows: str) -> Rules:
    return read_rules(RULES_TEXT + rows)


JUDGED = """
[[judged]]
package = "plum"
id = "CVE-2026-7"
severity = "{severity}"
known_since = {since}
by = "Ana, the maintainers"
why = "Only a desk that is signed in reaches it."
"""
ACCEPTED = """
[[accepted]]
package = "plum"
id = "PYSEC-2026-1"
until = {until}
by = "Ana, the maintainers"
why = "The hub never calls that part."
"""


def test_without_a_weakness_all_is_well() -> None:
    status, text = said(answers())
    assert status == 0
    assert text == "2 packages, asked 2026-11-22 12:00 UTC: 0 known weaknesses, 0 overdue"


def test_a_weakness_is_told_with_its_names_and_the_version_without_it() -> None:
    status, text = said(answers(HOLE, came_out="2026-11-20T12:00:00Z"))
    assert status == 0
    assert "plum 1.0: PYSEC-2026-1 = CVE-2026-7: mended in 1.1; not judged, so critical; " in text
    assert "to be mended by 2026-11-23 12:00 UTC" in text and "1 known weaknesses, 0 over" in text


def test_what_nobody_judged_counts_as_critical_from_when_its_mending_came_out() -> None:
    status, text = said(answers(HOLE, came_out="2026-11-19T11:59:59Z"))
    assert status == 1 and "OVERDUE since 2026-11-22 11:59 UTC" in text


def test_what_nothing_tells_the_age_of_is_overdue_until_it_is_judged() -> None:
    status, text = said(answers(HOLE | {"fixed_in": []}))
    assert status == 1 and "no version without it" in text and "judge it" in text


@pytest.mark.parametrize(
    ("severity", "since", "is_overdue"),
    [
        ("critical", "2026-11-20", False), ("critical", "2026-11-19", True),
        ("high", "2026-11-16", False), ("high", "2026-11-15", True),
        ("other", "2026-10-24", False), ("other", "2026-10-23", True),
    ],
)  # fmt: skip
def test_each_severity_has_its_time_from_the_day_it_is_known(
    severity: str, since: str, is_overdue: bool
) -> None:
    rules = with_rows(JUDGED.format(severity=severity, since=since))
    assert said(answers(HOLE), rules)[0] == int(is_overdue)


def test_the_time_frames_are_those_of_the_document() -> None:
    assert [RULES.within[name] for name in weaknesses.FRAMES] == [
        timedelta(hours=72), timedelta(days=7), timedelta(days=30),
    ]  # fmt: skip
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert "critical 72 hours, high 7 days, all others 30 days" in page


def test_what_was_accepted_is_no_failure_up_to_its_last_day_and_is_one_after_it() -> None:
    told = answers(HOLE | {"fixed_in": []})
    status, text = said(told, with_rows(ACCEPTED.format(until="2026-11-22")))
    assert status == 0 and "accepted, ends 2026-11-23 00:00 UTC" in text
    assert said(told, with_rows(ACCEPTED.format(until="2026-11-21")))[0] == 1


def test_what_was_accepted_of_another_package_or_weakness_does_not_count() -> None:
    rows = ACCEPTED.format(until="2027-01-01")
    for other in (rows.replace('"plum"', '"quince"'), rows.replace("PYSEC-2026-1", "PYSEC-2026-2")):
        status, text = said(answers(HOLE | {"fixed_in": []}), with_rows(other))
        assert status == 1 and "not there any more" in text


@pytest.mark.parametrize("lacks", ["by", "why", "until", "id", "package"])
def test_nothing_is_accepted_without_reason_end_and_name(lacks: str) -> None:
    rows = "\n".join(
        line for line in ACCEPTED.format(until="2027-01-01").splitlines()
        if not line.startswith(f"{lacks} =")
    )  # fmt: skip
    with pytest.raises(NotAsked, match=f"lacks {lacks}"):
        with_rows(rows)


def test_a_severity_that_has_no_time_frame_is_refused() -> None:
    with pytest.raises(NotAsked, match="severity is unknown"):
        with_rows(JUDGED.format(severity="low", since="2026-11-01"))


def test_what_was_withdrawn_is_no_weakness() -> None:
    assert said(answers(HOLE | {"withdrawn": "2026-11-21T00:00:00Z"}))[0] == 0


def test_a_locked_package_that_nobody_asked_for_is_not_good() -> None:
    told = Answers(NOW, {PACKAGES[0]: []})
    with pytest.raises(NotAsked, match=r"quince 2\.1 is locked, and nobody asked"):
        said(told)


def test_old_answers_say_nothing_of_today() -> None:
    assert said(answers(asked_at=NOW - timedelta(days=7)))[0] == 0
    with pytest.raises(NotAsked, match="too old"):
        said(answers(asked_at=NOW - timedelta(days=7, seconds=1)))


def test_saved_answers_say_the_same() -> None:
    told = answers(HOLE, came_out="2026-11-01T00:00:00Z")
    assert weaknesses.from_text(weaknesses.as_text(told)) == told
    for text in ("", "[]", "{}", '{"asked_at": 1}', '{"asked_at": "2026-11-22T12:00:00+00:00"}'):
        with pytest.raises(NotAsked):
            weaknesses.from_text(text)


# An index


class Planted(BaseHTTPRequestHandler):
    """An index of our own: what stands in `pages` by path, else 404."""

    pages: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        found = self.pages.get(self.path)
        self.send_response(200 if found is not None else 404)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def index() -> Iterator[str]:
    Planted.asked.clear()
    Planted.pages.clear()
    Planted.pages |= {
        "/a/pypi/plum/1.0/json": {"vulnerabilities": [HOLE]},
        "/a/pypi/plum/1.1/json": {"vulnerabilities": [], "urls": [
            {"upload_time_iso_8601": "2026-11-03T10:00:00Z"},
            {"upload_time_iso_8601": "2026-11-02T10:00:00Z"},
        ]},
        "/a/pypi/quince/2.1/json": {"vulnerabilities": []},
    }  # fmt: skip
    server = HTTPServer(("127.0.0.1", 0), Planted)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}/a/simple/"
    server.shutdown()
    server.server_close()


def test_the_index_of_pip_is_asked_for_every_locked_version(index: str) -> None:
    told = weaknesses.ask_all(PACKAGES, Index(f"http://{index}").ask, at=NOW)
    assert told == answers(HOLE, came_out="2026-11-02T10:00:00Z")
    assert len(Planted.asked) == 3


def test_a_name_and_password_of_pip_go_to_the_index_and_nowhere_else(index: str) -> None:
    asked = Index(f"http://ana:s%40fe@{index}").ask
    asked("plum", "1.0")
    assert Planted.asked == [("/a/pypi/plum/1.0/json", "Basic YW5hOnNAZmU=")]
    with pytest.raises(NotAsked) as refused:
        asked("walnut", "3")
    assert "walnut 3: it answered 404" in str(refused.value)
    assert "s@fe" not in str(refused.value) and "127.0.0.1" not in str(refused.value)


@pytest.mark.parametrize("answer", [[], {"vulnerabilities": None}, {"info": {}}])
def test_an_index_that_does_not_tell_weaknesses_is_not_taken_for_one_without(
    index: str, answer: Any
) -> None:
    Planted.pages["/a/pypi/quince/2.1/json"] = answer
    with pytest.raises(NotAsked):
        weaknesses.ask_all(PACKAGES, Index(f"http://{index}").ask, at=NOW)


def test_an_index_without_tls_is_asked_on_this_machine_only() -> None:
    with pytest.raises(NotAsked, match="https"):
        Index("http://index.invalid/simple")


def test_pip_says_which_index(monkeypatch: pytest.MonkeyPatch, index: str) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{index}")
    assert package_index.of_pip().ask("quince", "2.1") == {"vulnerabilities": []}


# The command


def saved(folder: Path, *, hole: bool) -> str:
    """Answers of just now for the whole lock; with a weakness that has no mending, if asked."""
    text = (ROOT / sbom.LOCKS[""]).read_text(encoding="utf-8")
    told: dict[tuple[str, str], list[Any]] = {entry[:2]: [] for entry in sbom.locked(text)}
    if hole:
        told[next(iter(told))].append({"id": "PYSEC-2026-1", "aliases": [], "fixed_in": []})
    path = folder / "answers.json"
    path.write_text(weaknesses.as_text(Answers(datetime.now(UTC), told)), encoding="utf-8")
    return str(path)


def test_the_command_fails_for_what_is_overdue_in_the_lock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--known-weaknesses", "--answers"]
    assert sbom.main([*command, saved(tmp_path, hole=False)]) == 0
    assert sbom.main([*command, saved(tmp_path, hole=True)]) == 1
    assert "1 known weaknesses, 1 overdue" in capsys.readouterr().out


def test_the_command_says_what_could_not_be_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], index: str
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{index}")
    assert sbom.main(["--known-weaknesses"]) == 2
    assert "does not tell of" in capsys.readouterr().err
    assert len(Planted.asked) == 1
