"""A large flow begins with its main hops: the other accounts are one node until somebody opens one.

What is folded is added up, band by band, so that picture and table still say the same sums. Marks
overlap and are not added: of those that are folded the largest stands for all.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import add
from typing import Any

from django.utils.translation import ngettext

BANDS_AT_MOST = 28
MAIN = 9
FOLDED = "folded"


def folded(
    picture: dict[str, Any], opened: Collection[str], *, is_mark: bool = False
) -> dict[str, Any]:
    """The same picture with few accounts; opened: idents that stay, with those next to them."""
    together = max if is_mark else add
    links, nodes = picture["data"]["links"], picture["data"]["nodes"]
    if len(links) <= BANDS_AT_MOST:
        return picture
    accounts = {node["id"] for node in nodes if node["kind"] == "account"}
    hidden = accounts - _main(links, accounts, opened)
    if len(hidden) < 2:
        return picture
    label = ngettext("%(n)s more account", "%(n)s more accounts", len(hidden)) % {"n": len(hidden)}
    into = {ident: FOLDED for ident in hidden}
    fates = {node["id"]: node for node in nodes if node["kind"] not in ("account", "victim")}
    bands: dict[tuple[str, str, str], dict[str, Any]] = {}
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for link, row in zip(links, picture["rows"], strict=True):
        source = into.get(link["source"], link["source"])
        target = into.get(link["target"], link["target"])
        if source == target:
            continue
        if source == FOLDED and target in fates:
            target = f"{link['fate']}:{FOLDED}"
            fates.setdefault(target, {**fates[link["target"]], "id": target})
        is_folded = FOLDED in (source, target) or target.endswith(f":{FOLDED}")
        key = (source, target, link["fate"]) if is_folded else (link["key"], "", "")
        if key not in bands:
            bands[key] = {**link, "source": source, "target": target}
            rows[key] = {**row} | (_merged(row, source, target, label) if is_folded else {})
        else:
            bands[key]["value"] = together(bands[key]["value"], link["value"])
            rows[key]["amount_minor"] = together(rows[key]["amount_minor"], row["amount_minor"])
            rows[key]["bookings"] = rows[key].get("bookings", 1) + 1
            rows[key]["is_doubtful"] |= row["is_doubtful"]
    used = {end for band in bands.values() for end in (band["source"], band["target"])}
    kept = [node for node in [*nodes, *fates.values()] if node["id"] in used]
    more = {"id": FOLDED, "label": label, "kind": "account"}
    unique = list({node["id"]: node for node in [*kept, more]}.values())
    data = {"nodes": unique, "links": list(bands.values())}
    return {**picture, "data": data, "rows": list(rows.values()), "folded": len(hidden)}


def _main(links: list[dict[str, Any]], accounts: set[str], opened: Collection[str]) -> set[str]:
    came: dict[str, float] = {}
    for link in links:
        if link["target"] in accounts:
            came[link["target"]] = came.get(link["target"], 0) + link["value"]
    main = set(sorted(came, key=lambda one: (-came[one], one))[:MAIN]) | set(opened)
    for link in links:
        ends = {link["source"], link["target"]}
        if ends & set(opened):
            main |= ends & accounts
    return main


def _merged(row: dict[str, Any], source: str, target: str, label: str) -> dict[str, Any]:
    """A row of several bookings: who told of each stands at the account once it is opened."""
    return {
        "from_label": label if source == FOLDED else row["from_label"],
        "to_label": label if target == FOLDED else row["to_label"],
        "at": None, "answered_by": "", "answered_at": None, "ticket_id": None,
        "ticket_reference": "", "is_untold": False, "is_folded": True, "bookings": 1,
    }  # fmt: skip
