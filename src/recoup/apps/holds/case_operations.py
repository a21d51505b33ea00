"""Opens cases from reports: claim, accounts, members, and what the payer's bank is asked at once.

Runs as the planner, in batches: whatever waits is opened together, so that a flood of reports costs
few statements. What the payee's bank is asked follows from the facts and is the plan's business.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Account, Case, CaseEvent, CaseMember
from recoup.apps.holds import caps_operations
from recoup.apps.holds.caps_operations import ADOPT_CLOCK, is_vouched_for, open_task
from recoup.apps.holds.models import AllegedPayment, Claim, PlanWanted
from recoup.apps.holds.payer_operations import first_asks
from recoup.apps.lawful_requests.drafts import NewTicket
from recoup.apps.lawful_requests.operations import Opening
from recoup.apps.members.models import Organisation
from recoup.apps.members.queries import hub_actor
from recoup.apps.reports.models import Report
from recoup.apps.rows import insert_rows
from recoup.core.reference import ReferenceKind, make_reference

SAME_LOSS_DAYS = 1


@dataclass(slots=True)
class Opened:
    """What opening reports gave: claims to be planned, and tickets for the payers' banks."""

    claims: list[Claim] = field(default_factory=list)
    tickets: list[NewTicket] = field(default_factory=list)
    accounts: set[UUID] = field(default_factory=set)


def open_cases(reports: Sequence[Report], *, under: Opening, at: datetime) -> Opened:
    """Open one case a report. The caller holds the planner's lock."""
    opened = Opened()
    if not reports:
        return opened
    accounts = _accounts(reports)
    cases = [_case(report, at=at) for report in reports]
    Case.objects.bulk_create(cases)
    insert_rows(CaseMember(case=case, organisation_id=case.owner_id, since=at) for case in cases)
    payments = [_payment(report, accounts) for report in reports]
    insert_rows(payments)
    claims = [
        _claim(case, payment, report, at=at)
        for case, payment, report in zip(cases, payments, reports, strict=True)
    ]
    insert_rows(claims)
    Report.objects.filter(id__in=[report.id for report in reports]).update(opened_at=at)
    _record(cases, reports, claims, under=under, at=at)
    _link(cases, reports, at=at)
    waiting = caps_operations.bar_beyond_caps(claims, reports, under=under, at=at)
    _mark_doubles(claims, reports, at=at)
    for claim, report in zip(claims, reports, strict=True):
        opened.claims.append(claim)
        opened.accounts |= {a.id for a in (claim.payment.payer, claim.payment.payee) if a}
        _tasks(claim, report, at=at)
    asked = [claim for claim in claims if claim.id not in waiting]
    opened.tickets = first_asks(asked, under=under, at=at)
    return opened


def _accounts(reports: Sequence[Report]) -> dict[tuple[UUID, str], Account]:
    """Payer's and payee's accounts of each report, made where they are new."""
    keys, asked = [], []
    for report in reports:
        for side in ("payer", "payee"):
            institution: Organisation | None = getattr(report, f"{side}_institution")
            if institution is not None:
                keys.append((report.id, side))
                asked.append(
                    (
                        institution.id, getattr(report, f"{side}_scheme"),
                        getattr(report, f"{side}_ident"), report.currency,
                    )
                )  # fmt: skip
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select account_for(i, s, n, c) from unnest(%s::int[], %s::text[], %s::text[], "
            "%s::text[]) as t (i, s, n, c)",
            [list(column) for column in zip(*asked, strict=True)],
        )
        ids = [row[0] for row in cursor.fetchall()]
    found = Account.objects.select_related("institution").in_bulk(set(ids))
    return {key: found[account_id] for key, account_id in zip(keys, ids, strict=True)}


def _case(report: Report, *, at: datetime) -> Case:
    return Case(
        reference=make_reference(ReferenceKind.CASE, secrets.token_bytes(5)).text,
        owner_id=report.competent_id,
        report=report,
        opened_at=at,
        reported_at=report.received_at,
        changed_at=at,
    )


def _payment(report: Report, accounts: dict[tuple[UUID, str], Account]) -> AllegedPayment:
    return AllegedPayment(
        report=report,
        payer=accounts.get((report.id, "payer")),
        payee=accounts.get((report.id, "payee")),
        amount_minor=report.amount_minor,
        currency=report.currency,
        paid_at=report.paid_at,
        reference=report.payment_reference,
    )


def _claim(case: Case, payment: AllegedPayment, report: Report, *, at: datetime) -> Claim:
    """Reports by a bank for its customer or by a call taker start adopted (decision 18).

    What a bank tells of another bank's customer is a report like any other: that bank is asked.
    """
    return Claim(
        case=case,
        payment=payment,
        amount_minor=report.amount_minor,
        currency=report.currency,
        adopted_at=at if is_vouched_for(report) else None,
    )


def _record(
    cases: Sequence[Case], reports: Sequence[Report], claims: Sequence[Claim], *,
    under: Opening, at: datetime,
) -> None:  # fmt: skip
    insert_rows(
        CaseEvent(
            case=case, at=report.received_at, what="report_received", who=report.channel,
            values={
                "reference": report.reference, "amount_minor": report.amount_minor,
                "currency": report.currency,
            },
        )
        for case, report in zip(cases, reports, strict=True)
    )  # fmt: skip
    audit.record_all(
        (
            Act(
                "case:opened", f"case:{case.id}",
                {"reference": case.reference, "report": str(case.report_id), "claim": claim.id},
            )
            for case, claim in zip(cases, claims, strict=True)
        ),
        by=hub_actor(under.issuer),
        at=at,
    )  # fmt: skip


def _tasks(claim: Claim, report: Report, *, at: datetime) -> None:
    """What the directory could not settle goes to a person, with a clock: who keeps an account."""
    is_known = {
        side: keeper is not None and not keeper.is_not_known
        for side, keeper in (
            ("payer", report.payer_institution), ("payee", report.payee_institution),
        )
    }  # fmt: skip
    if not all(is_known.values()):
        open_task(
            claim, "institution_unknown", report.competent_id, at=at, within=ADOPT_CLOCK,
            payee=report.payee_ident, payer=report.payer_ident,
            place="" if is_known["payee"] else report.payee_ident,
        )  # fmt: skip


def _link(cases: Sequence[Case], reports: Sequence[Report], *, at: datetime) -> None:
    """Link cases that name the same payee, payer or payment, with that as the reason."""
    with connection.cursor() as cursor:
        cursor.execute(LINKS, [at, [case.id for case in cases]])


def _mark_doubles(claims: Sequence[Claim], reports: Sequence[Report], *, at: datetime) -> None:
    """The same loss told twice: the later claim waits for the payer's bank to name the payment.

    If it is the payer's own bank that tells it again, it thereby vouches for the first report.
    """
    firsts, doubles = _firsts(claims), set[UUID]()
    for place, (claim, report) in enumerate(zip(claims, reports, strict=True)):
        first = firsts.get(claim.id)
        if first is None or first in doubles or any(first == c.id for c in claims[place:]):
            continue
        doubles.add(claim.id)
        claim.possible_double_of_id = first
        Claim.objects.filter(pk=claim.pk).update(possible_double_of=first)
        if is_vouched_for(report) and report.channel == "bank" and not claim.is_barred:
            Claim.objects.filter(pk=first, adopted_at=None).update(adopted_at=at)
            PlanWanted.objects.bulk_create(
                PlanWanted(case_id=case_id, since=at)
                for case_id in Claim.objects.filter(pk=first).values_list("case_id", flat=True)
            )


def _firsts(claims: Sequence[Claim]) -> dict[UUID, UUID]:
    """For each claim the earliest other that tells the same loss, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(FIRSTS, [SAME_LOSS_DAYS, SAME_LOSS_DAYS, [c.id for c in claims]])
        return dict(cursor.fetchall())


FIRSTS = """
select distinct on (n.id) n.id, c.id
from holds_claim n
join holds_allegedpayment a on a.id = n.payment_id
join holds_allegedpayment b on b.payer_id = a.payer_id and b.payee_id = a.payee_id
  and b.paid_at between a.paid_at - make_interval(days => %s)
    and a.paid_at + make_interval(days => %s)
join holds_claim c on c.payment_id = b.id and c.id <> n.id
  and c.amount_minor = n.amount_minor and c.currency = n.currency
  and c.state in ('alleged', 'confirmed') and c.possible_double_of_id is null
join reports_report r on r.id = b.report_id
where n.id = any(%s)
order by n.id, r.received_at, c.id
"""


LINKS = """
insert into cases_caselink (low_id, high_id, reason, value, found_at)
select least(k.id, o.id), greatest(k.id, o.id), x.reason, x.value, %s
from cases_case k
join reports_report r on r.id = k.report_id
cross join lateral (
  select p.id, 'payee_account' as reason, p.payee_ident as value from reports_report p
    where p.payee_ident = r.payee_ident and p.id <> r.id
  union all
  select p.id, 'same_loss', r.payer_ident from reports_report p
    where p.payee_ident = r.payee_ident and p.payer_ident = r.payer_ident
      and p.amount_minor = r.amount_minor and p.currency = r.currency and p.id <> r.id
      and p.paid_at between r.paid_at - interval '1 day' and r.paid_at + interval '1 day'
) x
join cases_case o on o.report_id = x.id
where k.id = any(%s) and k.owner_id = o.owner_id
on conflict do nothing
"""
