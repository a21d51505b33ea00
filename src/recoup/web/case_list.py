"""Lists of cases for the desks: all, by reference or account, those to adopt, the desk's home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from recoup.apps.audit import directory_operations
from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case, CaseLink
from recoup.apps.holds import case_queries
from recoup.apps.holds import queries as holds
from recoup.apps.holds.models import Claim
from recoup.apps.members import queries as members
from recoup.apps.sought import Sought
from recoup.core.access import Actor
from recoup.core.accounts import read_account
from recoup.core.text import NotReadable, read_search
from recoup.web import case_decisions, case_page, task_words, wordings
from recoup.web.case_standing import Standing, standing_of

PAGE = 50
COUNT_TO = 10_000
STANDING_BY = ("case_id", "adopted_at", "state", "returned_minor", "amount_minor")
ADOPTED_BY = (
    "case", "amount_minor", "currency", "case__reference", "case__report",
    *(f"case__report__{one}" for one in
      ("received_at", "payer_scheme", "payer_ident", "payee_scheme", "payee_ident")),
)  # fmt: skip
FILTERS = ("open", "merged", "closed", "all")


def page(actor: Actor, asked: Mapping[str, str], sought: Sought, *, at: datetime) -> dict[str, Any]:
    """One page of cases, newest first, by key and not by offset."""
    state = asked.get("state", "open")
    state = state if state in FILTERS else "open"
    query = sought.words[:80]
    rows = _filtered(cases.newest(actor), state if not query else "all", query)
    if before := _moment(asked.get("before", "")):
        rows = rows.filter(opened_at__lt=before)
    found = list(rows[: PAGE + 1])
    more = len(found) > PAGE
    return {
        "rows": case_rows(actor, found[:PAGE], at=at),
        "total": None,
        "filters": [
            {"url": f"?{urlencode({'state': one})}", "label": _label(one), "count": None,
             "is_current": one == state and not query}
            for one in FILTERS
        ],
        "query": query,
        "previous_url": sought.address(state=state) if asked.get("before") else None,
        "next_url": sought.address(state=state, before=found[PAGE - 1].opened_at.isoformat())
        if more else None,
    }  # fmt: skip


def _label(state: str) -> str:
    return {
        "open": gettext("Open"), "merged": gettext("Merged"), "closed": gettext("Closed"),
        "all": gettext("All"),
    }[state]  # fmt: skip


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _filtered(rows: QuerySet[Case], state: str, query: str) -> QuerySet[Case]:
    if query:
        return rows.filter(_matches(query))
    return rows if state == "all" else rows.filter(state=state)


def _matches(query: str) -> Q:
    """A whole reference, or a whole account as people write it; nothing fuzzy."""
    try:
        query = read_search(query, field="q")
    except NotReadable:
        return Q(pk__in=[])
    ident = None
    with suppress(NotReadable):
        ident = read_account(query).ident
    return Q(pk__in=cases.named(query.upper(), ident))


def case_rows(actor: Actor, found: Sequence[Case], *, at: datetime) -> list[dict[str, Any]]:
    """Rows of a list: sums, state, clock and next act. Seven statements, however many cases."""
    ids = [case.id for case in found]
    sums: dict[UUID, list[dict[str, Any]]] = {case_id: [] for case_id in ids}
    for total in holds.totals_of(ids, rule="fifo"):
        sums[total.case_id].append(wordings.sums(total))
    claims: dict[UUID, list[Claim]] = {case_id: [] for case_id in ids}
    for claim in Claim.objects.filter(case_id__in=ids).only(*STANDING_BY):
        claims[claim.case_id].append(claim)
    ends = case_queries.first_ends(ids)
    clocks = cases.first_due(actor, ids) | ends
    steps, links = case_decisions.last_steps(ids), _links(ids)
    return [_row(case, sums[case.id], standing_of(claims[case.id]), clocks.get(case.id),
                 steps.get(case.id), links.get(case.id, 0), holds_money=case.id in ends)
            for case in found]  # fmt: skip


def _row(
    case: Case, sums: list[dict[str, Any]], standing: Standing, due: datetime | None,
    step: case_decisions.Step | None, links: int, *, holds_money: bool,
) -> dict[str, Any]:  # fmt: skip
    next_act = ""
    if case.state == "open":
        if standing.waits_for_adoption:
            next_act = gettext("adopt")
        elif holds_money and standing.needs_a_hold:
            next_act = gettext("hand over before the hold ends")
        next_act = step.next_act if step else next_act
    return {
        "id": case.id,
        "reference": case.reference,
        "reported_at": case.reported_at,
        "sums_list": sums,
        "state": case.state,
        "standing": standing,
        "due_at": due if case.state == "open" else None,
        "clock_start": case.reported_at,
        "clock_stopped": "" if case.state == "open" else gettext("ended"),
        "next_act": next_act,
        "link_count": links,
    }


def _links(case_ids: list[UUID]) -> dict[UUID, int]:
    rows = CaseLink.objects.filter(Q(low_id__in=case_ids) | Q(high_id__in=case_ids)).values_list(
        "low_id", "high_id"
    )
    counts: dict[UUID, set[UUID]] = {}
    for low, high in rows:
        counts.setdefault(low, set()).add(high)
        counts.setdefault(high, set()).add(low)
    return {case_id: len(others) for case_id, others in counts.items()}


def claims_to_adopt(actor: Actor) -> QuerySet[Claim]:
    """Claims of open cases whose report nobody stands behind yet, the newest first."""
    return (
        Claim.objects.filter(
            adopted_at=None, state="alleged", case__state="open",
            case__owner_id=actor.organisation_id,
        )
        .select_related("case__report")
        .only(*ADOPTED_BY)
        .order_by("-case__opened_at", "id")
    )  # fmt: skip


def adopt_rows(rows: Sequence[Claim]) -> list[dict[str, Any]]:
    """These claims as rows of a table, with the first hold that ends."""
    ends = case_queries.first_ends([claim.case_id for claim in rows])
    return [
        {
            "case_id": claim.case_id,
            "reference": claim.case.reference,
            "received_at": claim.case.report.received_at,
            "amount_minor": claim.amount_minor,
            "currency": claim.currency,
            "payer_shown": case_page.shown(
                claim.case.report.payer_scheme, claim.case.report.payer_ident
            ),
            "payee_shown": case_page.shown(
                claim.case.report.payee_scheme, claim.case.report.payee_ident
            ),
            "debit_text": gettext("asked, not confirmed yet"),
            "lapses_at": ends.get(claim.case_id),
        }
        for claim in rows
    ]


def home(actor: Actor, *, at: datetime) -> dict[str, Any]:
    """The desk's home: what is due, what waits to be adopted, the newest cases."""
    newest = list(cases.newest(actor).filter(state="open")[:10])
    tasks = list(cases.tasks_of(actor)[:10])
    adopts = actor.organisation_kind == "police"
    return {
        "figures": [],
        "tasks": task_words.tasks(tasks, actor),
        "to_adopt": adopt_rows(list(claims_to_adopt(actor)[:8])) if adopts else [],
        "cases": case_rows(actor, newest, at=at),
    }


def directory_groups(*, at: datetime) -> list[dict[str, Any]]:
    titles = {
        "police": gettext("Authorities"), "prosecutor": gettext("Authorities"),
        "fiu": gettext("Authorities"), "bank": gettext("Banks"),
        "payment": gettext("Payment institutions"), "vasp": gettext("Crypto-asset providers"),
        "isp": gettext("Internet providers"), "foreign_bank": gettext("Abroad"),
    }  # fmt: skip
    groups: dict[str, list[dict[str, Any]]] = {}
    lately = directory_operations.changed_lately(at=at)
    for one in members.organisations():
        groups.setdefault(titles.get(one.kind, one.kind), []).append(
            {
                "name": one.name, "contact_name": one.contact_name, "phone": one.contact_phone,
                "changed_at": lately.get(one.id), "email": one.contact_email,
                "bank_code": one.bank_code, "bic": one.bic,
                "answers_by_text": gettext("its own program")
                if one.answers_by == "api"
                else gettext("people at the desk"),
            }
        )  # fmt: skip
    return [{"title": title, "organisations": rows} for title, rows in groups.items()]
