"""`./recoup test`: run the tests on a database of their own, in a real browser where there is one.

A hub that runs in the same checkout is not touched. Arguments go to pytest as they are.
Where Chromium is missing and cannot be installed, the tests that need it are skipped, loudly;
RECOUP_REQUIRE_ALL=1 makes that an error.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from recoup.cli import environment, languages, postgres, progress, ready
from recoup.cli.keeper import Keeper, die_with_parent
from recoup.cli.postgres_place import NoPlace
from recoup.cli.supervisor import ended_by_signals

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
RUNS_AT_ONCE = 8
SETTINGS = "recoup.web.settings_test"

WITHOUT_BROWSER = """
  !!  ------------------------------------------------------------------  !!
  !!  THE BROWSER TESTS ARE SKIPPED: there is no Chromium on this machine. !!
  !!  Install one and run ./recoup test again (Debian, Ubuntu as root:     !!
  !!  apt-get install chromium).                                           !!
  !!  ------------------------------------------------------------------  !!
"""


class CannotTest(Exception):
    """What the tests need is not there; the message says what to do."""


def main(argv: Sequence[str]) -> int:
    """Run pytest with what it needs; returns its exit code."""
    if list(argv) in (["--help"], ["-h"]):
        print(f"{__doc__}\nusage: ./recoup test [arguments of pytest]")
        return 0
    try:
        with ended_by_signals(), contextlib.closing(Keeper()) as keeper:
            browser = find_browser()
            languages.compile_catalogues()
            with database(keeper) as databases:
                return run_pytest(argv, databases, browser, keeper)
    except (CannotTest, environment.NoDatabase, NoPlace, postgres.CannotServe) as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 1


@contextlib.contextmanager
def database(keeper: Keeper) -> Iterator[environment.Databases]:
    """The given database, else an embedded one that is fast rather than safe."""
    given = environment.given_databases(os.environ)
    if given:
        postgres.check_version(given.owner)
        yield given
        return
    tables = ready.cluster(keeper)
    with progress.step("database for the tests") as step:
        server = own_server(keeper, step, tables)
        ready.keep_as_template(server)
    os.environ |= {ready.COPY_OF: str(tables), ready.TABLES: ready.TEMPLATE}
    try:
        yield server.databases
    finally:
        server.stop()


def own_server(keeper: Keeper, step: progress.Step, tables: Path) -> postgres.Server:
    """A server that no other run uses: two runs in one checkout must not stop each other's."""
    for number in range(1, RUNS_AT_ONCE + 1):
        with contextlib.suppress(postgres.InUse):
            return postgres.start(
                environment.VAR / f"test-pg-{number}",
                "test-postgres",
                durable=False,
                for_tests=True,
                share=False,
                copy_of=tables,
                keeper=keeper,
                on_wait=lambda _: step.show(),
            )
    raise CannotTest(f"{RUNS_AT_ONCE} test runs are under way in this checkout; end some first.")


def run_pytest(
    argv: Sequence[str], databases: environment.Databases, browser: str | None, keeper: Keeper
) -> int:
    """Run pytest in a process of its own, so that it can be ended with everything it started."""
    variables = environment.child_environment(databases, DJANGO_SETTINGS_MODULE=SETTINGS)
    if browser:
        variables["RECOUP_CHROMIUM"] = browser
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *argv],
        cwd=environment.ROOT,
        env=variables,
        process_group=0 if not sys.stdin.isatty() else None,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    keeper.watch(process.pid)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        return 130
    finally:
        process.kill()
        process.wait()
        keeper.forget(process.pid)


# The browser


def find_browser() -> str | None:
    """The path of a Chromium, installed first where that is possible; raises CannotTest."""
    found = installed_browser() or install_browser()
    if found:
        return found
    if os.environ.get("RECOUP_REQUIRE_ALL") == "1":
        raise CannotTest(
            "RECOUP_REQUIRE_ALL is 1, so the browser tests must run, and there is no Chromium. "
            "Install it (apt-get install chromium), or unset RECOUP_REQUIRE_ALL to skip them."
        )
    print(WITHOUT_BROWSER, file=sys.stderr, flush=True)
    return None


def installed_browser() -> str | None:
    given = os.environ.get("RECOUP_CHROMIUM")
    if given:
        return given
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def install_browser() -> str | None:
    """Try Debian's package; only root can, and only where there is one."""
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        return None
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    with progress.ticking("install Chromium (about 300 MB, once)") as step:
        for arguments in (["update"], install):
            done = subprocess.run(
                [apt, "-q", *arguments], env=variables, stdin=subprocess.DEVNULL, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            if done.returncode:
                step.note = "not possible here"
                print("\n".join(done.stdout.splitlines()[-5:]), file=sys.stderr)
                return None
    return installed_browser()
