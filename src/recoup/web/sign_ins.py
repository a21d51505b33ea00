"""The sign-ins of the demo country, for the front page and the sign-in page.

Only where the demo runs: the password is made for each installation and kept in a file beside it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.conf import settings
from django.utils.translation import get_language

from recoup.data.policy import load_policy
from recoup.demo.country import Organisation, country
from recoup.web.templatetags.recoup_ui import role_name

BY_MACHINE: Final = "api"


def demo_logins() -> list[dict[str, str]]:
    """One sign-in a desk, of those whose people work in the browser; empty without a demo."""
    path = settings.VAR / "demo" / "sign_ins.json"
    if not settings.IS_DEMO or not path.exists():
        return []
    password = json.loads(path.read_text(encoding="utf-8"))["password"]
    found: dict[tuple[str, str], dict[str, str]] = {}
    for person in country().people:
        organisation = country().organisation(person.organisation)
        role = country().hub_role(person)
        if organisation.answers_by == BY_MACHINE or role not in _desk_roles():
            continue
        desk = f"{_name(organisation)}: {role_name(role, organisation.kind)}"
        login = {"desk": desk, "username": person.login, "password": password}
        found.setdefault((organisation.code, role), login)
    return list(found.values())


def _desk_roles() -> frozenset[str]:
    return load_policy().roles_for("desk:see") | load_policy().roles_for("profile:see")


def _name(organisation: Organisation) -> str:
    names: dict[str, Any] = {"sr": organisation.name_sr_cyrl, "sr-latn": organisation.name_sr_latn}
    return str(names.get(get_language() or "en", organisation.name_en))
