"""How fast list pages are with many cases, signed in over HTTP, and how many queries each costs."""

from __future__ import annotations

import argparse
import http.client
import json
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

import psycopg

from recoup.cli import bench_request_rows, bench_rows, environment, instance, measured
from recoup.cli.bench_result import Result, milliseconds
from recoup.cli.environment import Databases
from recoup.cli.instance import Instance
from recoup.cli.measured import Line
from recoup.demo import stories
from recoup.demo.client import Hub, body_of
from recoup.demo.load import percentiles

LIMIT_SECONDS: Final = 0.2
MOST_QUERIES: Final = 15
WARM_UP, TIMES = 5, 40
OFFICER, CLERK, AUTHOR = "luka.police", "mila.linden", "jelena.police"
ASKED: Final = "rade.heron"
# Name of the list, who looks at it, and where it is; what stands after `?q=` is typed and sent.
PAGES: Final = (
    ("police: cases", OFFICER, "/cases"),
    ("police: cases of every state", OFFICER, "/cases?state=all"),
    ("police: one account among the cases", OFFICER, "/cases?q=RS35970000000000000777"),
    ("police: reports to adopt", OFFICER, "/reports"),
    ("police: tasks", OFFICER, "/tasks"),
    ("police: home", OFFICER, "/desk"),
    ("police: requests", AUTHOR, "/requests"),
    ("police: requests that wait", AUTHOR, "/requests?view=waiting"),
    ("police: requests that were answered", AUTHOR, "/requests?view=answered"),
    ("police: one request among them", OFFICER, "/requests?q=RQ-177777"),
    ("police: requests of a measure nobody asked", OFFICER, "/requests?view=all&measure=takedown"),
    ("bank: queue", CLERK, "/desk"),
    ("bank: answered tickets", CLERK, "/desk/done"),
    ("addressee: requests to it", ASKED, "/asked"),
    ("addressee: requests it answered", ASKED, "/asked/done"),
    ("addressee: its own figures", ASKED, "/asked/figures"),
    ("police: guidelines", OFFICER, "/guidelines"),
)


class NotSignedIn(Exception):
    """The sign-in was not accepted."""


def lists(options: argparse.Namespace, folder: Path) -> Result:
    """Fill a hub with cases and tickets, then look at every list as its reader."""
    with instance.running(folder, variables={"RECOUP_BANK_DELAY": "0"}) as hub:
        databases = hub.databases
        template = file_one_report(hub, folder)
        began = time.monotonic()
        counts = bench_rows.fill(databases, template, cases=options.cases)
        counts |= bench_request_rows.fill(databases, requests=options.requests)
        print(f"  filled in {time.monotonic() - began:.0f} s: {counts}", flush=True)
        queries = _queries(databases, folder)
        times = {(name, path): times for name, path, times in _look_at_all(hub, folder)}
        postgres = measured.postgres_version(databases.planner)
    lines = [
        Line("cases / tickets", f"{options.cases:,} / {4 * options.cases:,}",
             f"{counts['cases']:,} / {counts['tickets']:,}",
             counts["cases"] >= options.cases and counts["tickets"] >= 4 * options.cases),
        Line("requests / their tickets", f"{options.requests:,} / –",
             f"{counts['requests']:,} / {counts['targets']:,}",
             counts["requests"] >= options.requests),
    ]  # fmt: skip
    for name, user, path in PAGES:
        found, asked = times[name, path], queries[f"{user} {path}"]
        shown = f"{milliseconds(found['p50'])} / {milliseconds(found['p95'])}, {asked} queries"
        is_met = found["p95"] <= LIMIT_SECONDS and asked <= MOST_QUERIES
        lines.append(Line(f"{name}: p50 / p95", "200 ms, 15 queries at most", shown, is_met))
    told = (
        f"{options.cases:,} cases with four tickets each at four banks, of the last hold tickets "
        "two in five still open, half of the reports waiting to be adopted, "
        f"{counts['tasks']:,} open tasks; {counts['requests']:,} requests of one police unit, one "
        "in forty not yet decided on, of the others one in ten still open. Each list is asked for "
        f"{TIMES} times over HTTP by a person who is signed in, one after another; queries are "
        "counted in the pages' own process as the same person."
    )
    args = f" --cases {options.cases} --requests {options.requests}"
    return Result("Lists over many cases", told, lines, args, [], postgres)


def file_one_report(hub: Instance, folder: Path) -> str:
    """File a real report and wait for its tickets: the rows are copies of what it leaves."""
    facts = stories.facts(folder / "demo" / "ledgers")[0]
    key = (folder / "demo" / "keys" / "plum.key").read_text().strip()
    names = ("amount", "currency", "paid_at", "payer_account", "payee_account", "reference")
    body = {name: facts[name] for name in names} | {"report": str(uuid.uuid4())}
    receipt = Hub(hub.address, key).post("/api/v1/reports", body_of(body), str(uuid.uuid4()))
    with psycopg.connect(hub.databases.planner, autocommit=True) as connection:
        for _ in range(300):
            if bench_rows.is_ready(connection, receipt["report"]):
                return str(receipt["report"])
            time.sleep(0.1)
    raise instance.NotStarted("The report that is to be copied got no tickets within 30 s.")


def _queries(databases: Databases, folder: Path) -> dict[str, int]:
    """Count the queries of each page, in a process of its own."""
    pages = json.dumps([(user, path) for _, user, path in PAGES])
    done = subprocess.run(
        [sys.executable, "-m", "recoup.cli.bench_queries", pages],
        env=environment.child_environment(databases, RECOUP_ROLE="app", RECOUP_VAR=str(folder)),
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if done.returncode:
        raise instance.NotStarted(f"The queries could not be counted:\n{done.stderr[-2000:]}")
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


def _look_at_all(hub: Instance, folder: Path) -> Iterator[tuple[str, str, Mapping[str, float]]]:
    password = json.loads((folder / "demo" / "sign_ins.json").read_text())["password"]
    for name, user, path in PAGES:
        # A connection of one's own for each list: one that idles is closed by the server.
        reader = Reader(hub.address, user, password)
        shown_at = reader.found(path)
        seconds = [reader.look(shown_at) for _ in range(WARM_UP + TIMES)]
        yield name, path, percentiles(seconds[WARM_UP:])


class Reader:
    """A person at a browser without pictures: signs in, then looks at pages."""

    def __init__(self, address: str, user: str, password: str) -> None:
        place = urlsplit(address)
        self.address = address
        self.connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.leads_to = ""
        page = self._ask("GET", "/accounts/login/")[1].decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        fields = {"login": user, "password": password}
        fields["csrfmiddlewaretoken"] = token.group(1) if token else ""
        status, _ = self._ask("POST", "/accounts/login/", urlencode(fields))
        if status != 302:
            raise NotSignedIn(f"{user} could not sign in: {status}")

    def found(self, path: str) -> str:
        """Where a page shows what is typed into its field; the page itself without words."""
        place, _, words = path.partition("?q=")
        if not words:
            return path
        fields = {"q": words, "csrfmiddlewaretoken": self.cookies["csrftoken"]}
        self._ask("POST", place, urlencode(fields))
        return self.leads_to

    def look(self, path: str) -> float:
        """Ask for a page; returns how many seconds that took. Raises NotSignedIn."""
        began = time.perf_counter()
        status, _ = self._ask("GET", path)
        took = time.perf_counter() - began
        if status != 200:
            raise NotSignedIn(f"{path} gave {status}")
        return took

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Referer": self.address + path,
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        self.leads_to = answer.headers.get("Location", "")
        for header in answer.headers.get_all("Set-Cookie") or []:
            for name, one in SimpleCookie(header).items():
                self.cookies[name] = one.value
        return answer.status, answer.read()
