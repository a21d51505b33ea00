"""`./recoup first-officers`: enrol the first two officers of the hub's desk, who let in all others.

Prints two words for each. With both a passkey is made at /enrol, within three days. Give each
person their own word, and the other's word to the other: so neither can sign in as the other.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from recoup.cli import environment


def main(argv: Sequence[str]) -> int:
    """0 when both are enrolled; 1 if they may not be; 2 if there is no database."""
    given = parsed(argv)
    os.environ["RECOUP_ROLE"] = "owner"
    try:
        environment.prepare_django()
    except environment.NoDatabase as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    import django

    django.setup()
    return enrol(given)


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./recoup first-officers", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--code", required=True, help="short code of the desk's organisation")
    parser.add_argument("--name", required=True, help="its name")
    parser.add_argument("--country", default="RS", help="ISO 3166-1 alpha-2")
    parser.add_argument(
        "--person", action="append", nargs=3, required=True,
        metavar=("NAME", "EMAIL", "USERNAME"), help="twice, for two different people",
    )  # fmt: skip
    given = parser.parse_args(argv)
    if len(given.person) != 2:
        parser.error("two people are needed: give --person twice")
    return given


def enrol(given: argparse.Namespace) -> int:
    """Enrol and print; runs in a Django that is set up, as the owner."""
    from recoup.apps.audit.first_operations import Newcomer, NotTheFirst, first_officers
    from recoup.apps.members import operations
    from recoup.apps.members.models import Organisation
    from recoup.apps.members.scope import database_time

    desk = Organisation.objects.filter(code=given.code).first()
    desk = desk or operations.enrol_organisation(
        code=given.code, kind="ministry", name=given.name, country=given.country
    )
    people = [Newcomer(*one) for one in given.person]
    try:
        found = first_officers(organisation=desk, newcomers=people, at=database_time())
    except NotTheFirst as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 1
    for one, other in zip(found, reversed(found), strict=True):
        print(f"{one.newcomer.full_name} ({one.newcomer.username})")
        print(f"  for them:                                {one.own}")
        print(f"  for {other.newcomer.full_name}, who hands it over: {one.others}")
    return 0
