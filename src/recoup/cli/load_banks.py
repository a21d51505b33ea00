"""Enrols the ten banks that measurements and drills use, and writes their keys.

Runs as a process of its own, as the owner of the tables of that measurement's own hub:
`python -m recoup.cli.load_banks FILE`. No hub that people use ever gets these banks.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from recoup.cli import environment
from recoup.cli.environment import Databases
from recoup.cli.prepare import write_private

PATIENCE_SECONDS: Final = 60


class NotEnrolled(Exception):
    """The banks could not be enrolled; the message holds what the program said."""


def enrol(databases: Databases, folder: Path) -> dict[str, str]:
    """Enrol the ten banks in a hub of one's own; returns their keys by code."""
    file = folder / "load_keys.json"
    done = subprocess.run(
        [sys.executable, "-m", "recoup.cli.load_banks", str(file)],
        env=environment.child_environment(databases, RECOUP_ROLE="owner", RECOUP_VAR=str(folder)),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise NotEnrolled(f"The ten banks could not be enrolled:\n{done.stderr}")
    keys: dict[str, str] = json.loads(file.read_text())
    return keys


def main(argv: Sequence[str]) -> int:
    """Enrol, then write the keys to a file that only its owner reads."""
    import django

    django.setup()
    from django.db import transaction

    from recoup.apps.audit import enrolment_operations, session_operations
    from recoup.apps.members import operations
    from recoup.apps.members.scope import database_time
    from recoup.demo.load import load_organisations

    keys = {}
    with transaction.atomic():
        at = database_time()
        for one in load_organisations():
            bank = operations.enrol_organisation(
                code=one.code, kind=one.kind, name=one.name_en, name_sr=one.name_sr_cyrl,
                country=one.country, bank_code=one.bank_code, bic=one.bic, answers_by="api",
                contact_name=one.contact_point["name"], contact_phone=one.contact_point["phone"],
                contact_email=one.contact_point["email"], is_invented=True,
            )  # fmt: skip
            machine = enrolment_operations.enrol_person(
                organisation=bank, full_name=f"System of {one.name_en}", role="machine",
                email=f"system@{one.code}.invalid", at=at, is_system=True,
            )  # fmt: skip
            keys[one.code] = session_operations.issue_key(mandate=machine, at=at)
    write_private(Path(argv[0]), json.dumps(keys))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
