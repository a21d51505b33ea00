"""The named queries: for each measure its source, which of its rows count, and which are good.

One condition gives both the figure and the rows behind it, so that they cannot disagree. Where a
measure has two sources, the side of the organisation decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recoup.core.guidelines import Side


@dataclass(frozen=True, slots=True)
class Query:
    """counted: the condition of the denominator. good: of the numerator, among those counted."""

    source: str
    counted: str
    good: str


ALL: Final = "true"
ANSWERED: Final = "code is not null"
NOT_EMPTY: Final = "coalesce(draft #>> '{%s}', '') <> ''"


def _filled(*paths: str) -> str:
    return " and ".join(NOT_EMPTY.replace("%s", path) for path in paths)


LEGAL_BASIS: Final = _filled("legal_basis,instrument", "legal_basis,article")
# A request about data has targets where one about money has an account.
FORM: Final = (
    _filled("reference", "measure", "issued_by,organisation", "authorisation,reference")
    + f" and {LEGAL_BASIS} and ({_filled('account,ident')} or draft ? 'targets')"
)
CONTACT: Final = _filled(
    "issued_by,contact_point,name", "issued_by,contact_point,phone",
    "issued_by,contact_point,email",
)  # fmt: skip
FACTS: Final = """exists (
  select 1 from jsonb_array_elements(draft -> 'lines') l
  where coalesce(l #>> '{payment,at}', '') <> ''
    and (coalesce(l #>> '{payment,reference}', '') <> ''
      or coalesce(l #>> '{payment,uetr}', '') <> ''
      or coalesce(l #>> '{payment,payer_account,ident}', '') <> ''))"""
LINES: Final = "jsonb_typeof(draft -> 'lines') = 'array' and draft -> 'lines' <> '[]'::jsonb"
DUE: Final = (
    "state <> 'withdrawn' and answer_by is not null "
    "and (answered_at is not null or answer_by <= %(now)s)"
)
LATE_AT_NIGHT: Final = (
    "is_out_of_hours and state <> 'withdrawn' and acknowledge_by is not null "
    "and (acknowledged_at is not null or acknowledge_by <= %(now)s)"
)

QUERIES: Final[Mapping[str, Query]] = {
    "standing_instruction": Query("asked", "has_instruction", "is_signed_by_two"),
    "understood": Query("asked", ANSWERED, "code not in ('unclear', 'not_ours')"),
    "priority_given": Query("asked", "asked_minor > 0", "urgency > 0"),
    "not_repeated": Query("asked", ALL, "not is_repeated"),
    "contact_on_request": Query("issued_read", ALL, CONTACT),
    "form_complete": Query("issued_read", ALL, FORM),
    "facts_given": Query("issued_read", LINES, FACTS),
    "requests_in_trail": Query("issued_read", ALL, "is_in_trail"),
    "load_of_providers": Query("load", ALL, "load <= %(open_at_most)s"),
    "looks_by_members": Query("looks", ALL, "is_by_member"),
    "emergencies_confirmed": Query(
        "claims", "state in ('confirmed', 'denied')", "state = 'confirmed'"
    ),
    "holds_followed": Query(
        "holds", "is_answered and state in ('lapsed', 'lifted', 'replaced')", "is_followed"
    ),
    "channels_known": Query("abroad", "channel <> 'none'", "channel = any(%(channels)s)"),
    "feedback_given": Query("told_back", "is_told or is_a_day_old", "is_told"),
    "official_addresses": Query("people", ALL, "is_official"),
    "contact_staffed": Query("contact", ALL, "is_there"),
    "answered_or_refused": Query("received", DUE, ANSWERED),
    "answered_in_time": Query("received", DUE, "answered_at <= answer_by"),
    "out_of_hours": Query("received", LATE_AT_NIGHT, "acknowledged_at <= acknowledge_by"),
    "answers_in_form": Query("received", ANSWERED, "is_in_form"),
    "answers_stand": Query("received", ANSWERED, "stage <> 'correction'"),
    "refusals_explained": Query(
        "received", "code in ('not_ours', 'cannot_lawfully', 'unclear')", "ground <> ''"
    ),
    "answers_in_trail": Query("answered_read", ALL, "is_in_trail"),
    "backlog": Query("open_now", ALL, "due_at > %(now)s"),
    "reports_sent": Query("reported", ALL, "is_told"),
}
BY_SIDE: Final[Mapping[str, Mapping[Side, Query]]] = {
    "legal_basis": {
        Side.LAW_ENFORCEMENT: Query("issued_read", ALL, LEGAL_BASIS),
        Side.PROVIDER: Query("received_read", ALL, LEGAL_BASIS),
    },
}
NAMES: Final = frozenset(QUERIES) | frozenset(BY_SIDE)


def query_of(measure: str, sides: tuple[Side, ...]) -> Query:
    """Return the query of a measure for an organisation of these sides."""
    if measure in QUERIES:
        return QUERIES[measure]
    return next(query for side, query in BY_SIDE[measure].items() if side in sides)
