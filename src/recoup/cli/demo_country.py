"""Loads the invented country into the hub: who is there, their sign-ins and keys, the law.

Everything is marked as invented. Passwords are made for each installation and kept in a file that
only its owner reads; so are the keys of the banks that answer by their own program.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from recoup.cli.environment import VAR
from recoup.demo.country import Organisation as Invented
from recoup.demo.country import country

DEMO: Final = Path(os.environ.get("RECOUP_VAR", VAR)) / "demo"
KEYS: Final = DEMO / "keys"
AUTHORITY: Final = Path(os.environ.get("RECOUP_AUTHORITY", DEMO.parent / "authority"))
DESKS: Final = {
    "bank": "Bank desk", "payment": "Payment institution", "vasp": "Crypto-asset provider",
    "isp": "Internet provider", "police": "Police", "prosecutor": "Prosecutor", "fiu": "FIU",
    "court": "Court", "ministry": "Ministry",
}  # fmt: skip
ON_DUTY: Final = ("officer", "supervisor", "prosecutor", "analyst", "judge", "fiu_head")
MEASURES: Final = ("hold", "confirm_debit", "stop_before_execution", "recall")
WORDS: Final = "amber birch cedar delta ember fjord grove hazel islet jetty larch maple".split()


def api_banks() -> list[str]:
    """Codes of the institutions that answer by their own program."""
    return [one.code for one in country().organisations if one.answers_by == "api"]


def load() -> None:
    """Enrol everybody, store the pack, sign the standing instructions. May run again."""
    from django.db import transaction

    from recoup.apps.members import operations
    from recoup.apps.members.scope import database_time

    passwords = _passwords()
    with transaction.atomic():
        at = database_time()
        operations.enrol_public()
        enrolled = {one.code: _enrol(one) for one in country().organisations}
        for alias in country().aliases:
            operations.list_hosted(
                institution=enrolled[alias.organisation], scheme=alias.scheme, ident=alias.ident
            )
        mandates = _people(enrolled, passwords, at)
        _law(enrolled, mandates, at)
        _keys(enrolled, at)
    _certificates(enrolled, at)


def _enrol(one: Invented) -> Any:
    from recoup.apps.members import operations

    enrolled = operations.enrol_organisation(
        code=one.code, kind=one.kind, name=one.name_en, name_sr=one.name_sr_cyrl,
        country=one.country, bank_code=one.bank_code, bic=one.bic,
        answers_by="api" if one.answers_by == "api" else "desk",
        contact_name=one.contact_point["name"],
        contact_name_sr=one.contact_point["name_sr"],
        contact_phone=one.contact_point["phone"],
        contact_email=one.contact_point["email"], is_invented=True,
    )  # fmt: skip
    for prefix in one.card_prefixes:
        operations.list_hosted(institution=enrolled, scheme="card", ident=prefix)
    return enrolled


def _people(enrolled: dict[str, Any], passwords: dict[str, str], at: Any) -> dict[str, Any]:
    from recoup.apps.audit import enrolment_operations

    mandates = {}
    for person in country().people:
        organisation = enrolled[person.organisation]
        mandates[person.login] = enrolment_operations.enrol_person(
            organisation=organisation, full_name=person.name_latn,
            role=country().hub_role(person),
            email=f"{person.login}@example.invalid", at=at, username=person.login,
            password=passwords[person.login],
            is_on_duty=person.role in ON_DUTY,
        )  # fmt: skip
    return mandates


def _law(enrolled: dict[str, Any], mandates: dict[str, Any], at: Any) -> None:
    from recoup.apps.lawful_requests import pack_operations
    from recoup.data import load_pack

    version = pack_operations.store_pack(load_pack("RS"), at=at)
    signers = [p.login for p in country().people if p.signs_standing_instruction]
    for measure in MEASURES:
        pack_operations.sign_standing_instruction(
            issuer=enrolled["police"], measure=measure, pack=version,
            first=mandates[signers[0]], second=mandates[signers[1]], at=at,
        )  # fmt: skip


def load_profiles() -> None:
    """What addressees say of themselves, once: a profile that people have changed stays theirs."""
    from django.db import transaction

    from recoup.apps.lawful_requests import profile_operations
    from recoup.apps.lawful_requests.models import AddresseeProfile
    from recoup.apps.members.models import Mandate
    from recoup.apps.members.queries import as_actor
    from recoup.apps.members.scope import database_time

    said = set(AddresseeProfile.objects.values_list("organisation__code", flat=True))
    with transaction.atomic():
        for profile in country().profiles:
            if profile.organisation in said:
                continue
            mandate = Mandate.objects.select_related("person", "organisation").get(
                person__logins__username=profile.login
            )
            by = as_actor(mandate)
            profile_operations.change_profile(body=profile.body, by=by, at=database_time())


def _keys(enrolled: dict[str, Any], at: Any) -> None:
    from recoup.apps.audit import enrolment_operations, session_operations
    from recoup.apps.members import operations

    KEYS.mkdir(parents=True, exist_ok=True)
    for code in api_banks():
        mandate = enrolment_operations.enrol_person(
            organisation=enrolled[code], full_name=f"System of {enrolled[code].name}",
            role="machine", email=f"system@{code}.invalid", at=at, is_system=True,
        )  # fmt: skip
        path = KEYS / f"{code}.key"
        if path.exists() and operations.is_key_known(path.read_text().strip(), mandate.id):
            continue
        _write_private(path, session_operations.issue_key(mandate=mandate, at=at))


def _certificates(enrolled: dict[str, Any], at: Any) -> None:
    """Each organisation's certificate for papers, from the demonstration's own authority."""
    from recoup.apps.lawful_requests.papers.authority import Authority, Holder

    authority = Authority(AUTHORITY, may_make=True)
    authority.stamp(at=at)
    for one in enrolled.values():
        authority.credential(Holder(one.code, one.name, one.country), at=at)


def _passwords() -> dict[str, str]:
    """One password for all demo sign-ins of this installation, made once."""
    path = DEMO / "sign_ins.json"
    if not path.exists():
        DEMO.mkdir(parents=True, exist_ok=True)
        word = "-".join(secrets.choice(WORDS) for _ in range(3))
        _write_private(path, json.dumps({"password": word}))
    password = json.loads(path.read_text())["password"]
    return {person.login: password for person in country().people}


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def sign_ins() -> list[tuple[str, str, str, str]]:
    """One sign-in a desk: (desk, organisation, user, password)."""
    passwords = _passwords()
    found: dict[tuple[str, str], tuple[str, str, str, str]] = {}
    for person in country().people:
        organisation = country().organisation(person.organisation)
        role = country().hub_role(person)
        desk = f"{DESKS[organisation.kind]}, {role.replace('_', ' ')}"
        key = (organisation.code, role)
        found.setdefault(key, (desk, organisation.name_en, person.login, passwords[person.login]))
    return list(found.values())
