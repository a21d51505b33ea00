"""Related, because: the reports that share an identifier with a case's, and through which of them.

The planner keeps which cases share an account; from those the group is formed by ``core.linking``,
with its limits and its reasons. Only cases that the reader may see are read, so what is named here
the reader sees on those cases' own pages too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from recoup.apps.cases.models import Case, CaseLink, LinkJudged
from recoup.apps.cases.queries import links_judged
from recoup.apps.holds import queries as holds
from recoup.apps.reports.models import Report
from recoup.core import linking
from recoup.core.accounts import SCHEMES
from recoup.core.linking import Identifier, Link, Mention, Told
from recoup.core.linking.told import KINDS
from recoup.core.money import Money
from recoup.data.indicators import load_link_limits
from recoup.web.case_rules import holding_rule
from recoup.web.case_trail import guess_shown

REPORTS_AT_MOST = 120


@dataclass(frozen=True, slots=True)
class Reason:
    """Two reports name the same. by: the reference of the report through which the way goes on."""

    kind_name: str
    value_shown: str
    via: str
    identifier: Identifier


@dataclass(frozen=True, slots=True)
class Row:
    """A related case, with the shortest way of reasons to it."""

    case: Case
    reasons: tuple[Reason, ...]
    is_same_loss: bool

    @property
    def is_direct(self) -> bool:
        return len({reason.via for reason in self.reasons}) == 1 and not self.reasons[0].via


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A link that an officer took back, and why; it can be given back."""

    case: Case
    reason: Reason
    judged: LinkJudged


@dataclass(frozen=True, slots=True)
class Related:
    """sums: of the whole group, this case included, by currency: (currency, lost, held)."""

    rows: tuple[Row, ...]
    taken_back: tuple[TakenBack, ...]
    sums: tuple[tuple[str, int, int], ...]
    is_cut: bool

    def reason(self, other: UUID | None, kind: str, value: str) -> tuple[Case, Identifier] | None:
        """The case and identifier of a link on this list, as a form names them."""
        wanted = Identifier(kind, value)
        found = [(row.case, reason) for row in self.rows for reason in row.reasons]
        found += [(one.case, one.reason) for one in self.taken_back]
        for case, reason in found:
            if case.pk == other and reason.identifier == wanted:
                return case, wanted
        return None


def related(case: Case, linked: Iterable[CaseLink]) -> Related:
    """The group of a case, among the cases that the reader may see. linked: its own links."""
    cases, same_loss, is_cut = _around(case, linked)
    told = _told(cases, same_loss)
    mentioned = {Link(t.id, m.identifier) for t in told for m in t.mentions}
    removed = {link: row for link, row in _removed(case).items() if link in mentioned}
    found = linking.link(told, limits=load_link_limits(), removed=list(removed))
    group = found.group_of[str(case.pk)]
    rows = [
        _row(case, cases[UUID(name)], found, same_loss, cases)
        for name in found.groups[group]
        if name != str(case.pk)
    ]
    sums = linking.sums_of(found, group)
    return Related(
        tuple(sorted(rows, key=lambda row: (len(row.reasons), row.case.reference))),
        tuple(
            TakenBack(cases[UUID(link.report)], _reason(link.identifier), row)
            for link, row in removed.items()
        ),
        tuple((currency, s.lost, s.held) for currency, s in sums.items()),
        is_cut,
    )


def _around(
    case: Case, linked: Iterable[CaseLink]
) -> tuple[dict[UUID, Case], set[frozenset[UUID]], bool]:
    """The cases that are connected with this one by shared accounts, layer by layer."""
    known, layer = {case.pk: case}, {case.pk}
    same_loss: set[frozenset[UUID]] = set()
    while layer and len(known) <= REPORTS_AT_MOST:
        links = list(linked if layer == {case.pk} else _links_of(layer))[: REPORTS_AT_MOST * 4]
        same_loss |= {frozenset((x.low_id, x.high_id)) for x in links if x.reason == "same_loss"}
        found = {end.pk: end for link in links for end in (link.low, link.high)}
        layer = found.keys() - known.keys()
        known |= found
    is_cut = len(known) > REPORTS_AT_MOST
    return known, same_loss, is_cut


def _links_of(layer: Collection[UUID]) -> QuerySet[CaseLink]:
    rows = CaseLink.objects.filter(Q(low_id__in=layer) | Q(high_id__in=layer))
    return rows.select_related("low__owner", "low__report", "high__owner", "high__report")[
        : REPORTS_AT_MOST * 4
    ]


def _told(cases: Mapping[UUID, Case], same_loss: set[frozenset[UUID]]) -> list[Told]:
    held: dict[UUID, list[Money]] = {}
    for total in holds.totals_of(list(cases), rule=holding_rule()):
        held.setdefault(total.case_id, []).append(Money(total.held, total.currency))
    firsts = _firsts(cases, same_loss)
    return [
        Told(
            str(case.pk), tuple(_mentions(case.report)),
            Money(case.report.amount_minor, case.report.currency), tuple(held.get(case.pk, ())),
            firsts.get(case.pk),
        )
        for case in cases.values()
    ]  # fmt: skip


def _mentions(report: Report) -> Iterable[Mention]:
    for scheme, ident, role in (
        (report.payee_scheme, report.payee_ident, "payee_account"),
        (report.payer_scheme, report.payer_ident, "payer_account"),
    ):
        if ident and scheme in SCHEMES and scheme in KINDS:
            yield Mention(Identifier(scheme, ident), role)
    if report.payment_reference:
        yield Mention(Identifier("reference", report.payment_reference), "reference")


def _firsts(cases: Mapping[UUID, Case], same_loss: set[frozenset[UUID]]) -> dict[UUID, str]:
    """Of two cases that tell the same loss, the later one points to the earlier."""
    firsts = {
        case.pk: str(case.merged_into_id) for case in cases.values() if case.merged_into_id in cases
    }
    for pair in same_loss:
        one, other = sorted((cases[x] for x in pair if x in cases), key=_turn) or (None, None)
        if one is not None and other is not None:
            firsts.setdefault(other.pk, str(one.pk))
    return firsts


def _turn(case: Case) -> tuple[Any, str]:
    return case.reported_at, case.reference


def _removed(case: Case) -> dict[Link, LinkJudged]:
    """The links that count no longer between this case and another one, whichever page said so."""
    words: dict[Link, LinkJudged] = {}
    for row in links_judged(case.pk):
        other = row.judged_in_id if row.case_id == case.pk else row.case_id
        words[Link(str(other), Identifier(row.kind, row.value))] = row
    return {link: row for link, row in words.items() if not row.counts}


def _row(
    case: Case, other: Case, linked: linking.Linked, same_loss: set[frozenset[UUID]],
    cases: Mapping[UUID, Case],
) -> Row:  # fmt: skip
    reasons = []
    for step in linking.because(linked, str(case.pk), str(other.pk)) or ():
        via = "" if step.report == str(case.pk) else cases[UUID(step.report)].reference
        reasons += [_reason(identifier, via) for identifier in step.reason]
    is_same = frozenset((case.pk, other.pk)) in same_loss
    return Row(other, tuple(reasons), is_same)


def _reason(identifier: Identifier, via: str = "") -> Reason:
    shown = identifier.value if identifier.kind == "reference" else guess_shown(identifier.value)
    return Reason(gettext(KINDS[identifier.kind].template), shown, via, identifier)
