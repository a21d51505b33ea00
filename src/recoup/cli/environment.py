"""Where things are on this machine, and which database the commands talk to.

Three log-ins, three addresses (docs/running.md): DATABASE_URL for the pages, DATABASE_PLANNER_URL
for the worker's work across organisations, DATABASE_OWNER_URL for migrations only. Either all
three are given, or the hub that runs in this checkout says them, or there is none.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[3]
VAR: Final = Path(os.environ.get("RECOUP_VAR") or ROOT / "var").resolve()
LOGS: Final = VAR / "log"
HUB_FILE: Final = VAR / "run" / "hub.json"
OLDEST_POSTGRES: Final = 17
MOST_WEB: Final = 2  # processes of the pages, unless RECOUP_WEB_PROCESSES says otherwise
SETTINGS: Final = "recoup.web.settings"

# These change tables, which only the owner may; all others run as the pages do.
OWNER_COMMANDS: Final = ("migrate", "flush", "loaddata")

APP, PLANNER, OWNER = "DATABASE_URL", "DATABASE_PLANNER_URL", "DATABASE_OWNER_URL"


class NoDatabase(Exception):
    """There is no database to talk to; the message says how to get one."""


@dataclass(frozen=True, slots=True)
class Databases:
    """The addresses of one database for its three log-ins."""

    app: str
    planner: str
    owner: str

    def as_environment(self) -> dict[str, str]:
        return {APP: self.app, PLANNER: self.planner, OWNER: self.owner}


def given_databases(environment: Mapping[str, str]) -> Databases | None:
    """The addresses that the user has set; None if none is; raises NoDatabase if some are."""
    values = {name: environment.get(name, "").strip() for name in (APP, PLANNER, OWNER)}
    missing = [name for name, value in values.items() if not value]
    if len(missing) == len(values):
        return None
    if missing:
        raise NoDatabase(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set. With a "
            f"PostgreSQL of your own, {APP} (log-in recoup_app), {PLANNER} (recoup_planner) and "
            f"{OWNER} (recoup_owner) are needed together; with none of them, an embedded one is "
            "started. docs/running.md shows how to make the three log-ins."
        )
    return Databases(values[APP], values[PLANNER], values[OWNER])


def running_hub() -> dict[str, Any] | None:
    """What the hub that runs in this checkout says about itself; None if none runs."""
    try:
        hub: dict[str, Any] = json.loads(HUB_FILE.read_text())
        os.kill(hub["pid"], 0)
    except PermissionError:
        return hub
    except (OSError, ValueError, KeyError):
        return None
    return hub


def find_databases() -> Databases:
    """The database that a command should use: the given one, else the running hub's."""
    given = given_databases(os.environ)
    if given:
        return given
    hub = running_hub()
    if hub is None:
        raise NoDatabase(
            "No hub is running in this checkout. Start it with ./recoup in another terminal, or "
            f"set {APP}, {PLANNER} and {OWNER} to a PostgreSQL of your own."
        )
    return Databases(**hub["databases"])


def child_environment(databases: Databases, **more: str) -> dict[str, str]:
    """The environment of a child process: this one, the database, and where the package is."""
    paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    return {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "RECOUP_VAR": str(VAR),
        **os.environ,
        **databases.as_environment(),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path for path in paths if path)),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def prepare_django() -> None:
    """Point this process at the database and at the settings; raises NoDatabase."""
    os.environ.update(find_databases().as_environment())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)


# Commands that only set the scene for somebody else's


def web(argv: Sequence[str]) -> int:
    """Serve the pages and the API on one port; ends with the process."""
    return become([*web_command(int(os.environ.get("RECOUP_PORT", "8000"))), *argv])


def web_command(port: int) -> list[str]:
    """One port: long-poll and live events are native, the pages run in its threads.

    Python runs in one thread of a process at a time: pages of a second core need a second process.
    """
    processes = os.environ.get("RECOUP_WEB_PROCESSES") or str(min(os.cpu_count() or 1, MOST_WEB))
    return [
        *(sys.executable, "-m", "granian", "--interface", "asginl", "--no-ws"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", processes),
        "recoup.web.asgi:application",
    ]


def migrate(argv: Sequence[str]) -> int:
    """Bring the database up to date, as its owner."""
    return manage(["migrate", *argv])


def manage(argv: Sequence[str]) -> int:
    """Any management command of Django; those that change tables run as the owner."""
    if argv and argv[0] in OWNER_COMMANDS:
        os.environ.setdefault("RECOUP_ROLE", "owner")
    try:
        prepare_django()
    except NoDatabase as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    from django.core.management import execute_from_command_line

    execute_from_command_line(["./recoup manage", *argv])
    return 0


def become(command: Sequence[str]) -> int:
    """Turn this process into another program that finds the database."""
    try:
        databases = find_databases()
    except NoDatabase as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    os.execve(command[0], list(command), child_environment(databases))
