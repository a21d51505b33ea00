"""Bars reports beyond the caps of the country pack: they wait for an officer (decision 18).

Nobody blocks accounts by filling in forms, and no stolen key by vouching for its own customers. Nor
may a stranger use up what is left for true victims: one sender counts little against one account,
and what the payer's bank confirmed or denied, or an officer adopted, counts no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from recoup.apps.cases.models import Task
from recoup.apps.holds.models import Claim
from recoup.apps.lawful_requests.operations import Opening
from recoup.apps.reports.models import Report
from recoup.core.law import Caps
from recoup.core.money import Money
from recoup.data import currency, exchange_rates

ADOPT_CLOCK = timedelta(minutes=30)


Counts = Counter[tuple[str, ...]]  # by kind, and what it is counted for


def is_vouched_for(report: Report) -> bool:
    """Whether its sender stands behind it: the payer's own institution, or a call taker."""
    if report.channel == "bank":
        return report.organisation_id == report.payer_institution_id
    return report.channel == "call_taker"


def bar_beyond_caps(
    claims: Sequence[Claim], reports: Sequence[Report], *, under: Opening, at: datetime
) -> set[UUID]:
    """Bar the claims beyond the caps, each with a task for an officer.

    Of a claim that nobody vouches for the payer's bank is asked all the same: its word lets the
    hold go on without an officer. Returns the claims of which nobody is asked anything before that:
    those whose own institution vouches too often, since it would be asked for its own word.
    """
    caps, barred = under.pack.caps, []
    counted = _counted(
        reports, since=at - timedelta(hours=1), most=caps.vouched_per_institution_hour
    )
    for claim, report in zip(claims, reports, strict=True):
        if why := _why_barred(report, counted, caps, money=under.pack.currency):
            claim.is_barred, claim.adopted_at = True, None
            barred.append(claim)
            open_task(claim, "over_cap", report.competent_id, at=at, within=ADOPT_CLOCK, cap=why)
    if barred:
        ids = [claim.id for claim in barred]
        Claim.objects.filter(id__in=ids).update(is_barred=True, adopted_at=None)
    vouched = {report.id for report in reports if is_vouched_for(report)}
    return {claim.id for claim in barred if claim.payment.report_id in vouched}


def open_task(
    claim: Claim, kind: str, owner_id: int, *, at: datetime, within: timedelta, **values: object
) -> None:
    Task.objects.get_or_create(
        about=claim.id, kind=kind, level=0,
        defaults={
            "case_id": claim.case_id, "owner_id": owner_id, "issuer_id": claim.case.owner_id,
            "values": values, "opened_at": at, "due_at": at + within,
        },
    )  # fmt: skip


def _why_barred(report: Report, counted: Counts, caps: Caps, *, money: str) -> str:
    """The cap that a report is beyond; empty, and counted, if it is within all of them."""
    sender, payee = _sender(report), report.payee_ident
    if is_vouched_for(report):
        amount = caps.vouched_amount_minor
        most = {
            ("vouched", sender): (
                caps.vouched_per_institution_hour,
                "vouched_per_institution_hour",
            ),
            ("vouched", sender, payee): (caps.vouched_per_account_hour, "vouched_per_account_hour"),
        }
    else:
        amount, channel = caps.precautionary_amount_minor, report.channel
        counted["sent", sender] += channel == "public"
        if counted["sent", sender] > caps.reports_per_reporter_hour:
            return "reports_per_reporter_hour"
        most = {
            ("open", channel): (caps.precautionary_per_hour, "precautionary_per_hour"),
            ("open", channel, payee): (
                caps.precautionary_per_account_hour, "precautionary_per_account_hour",
            ),
            ("open", channel, payee, sender): (
                caps.precautionary_per_reporter_account_hour,
                "precautionary_per_reporter_account_hour",
            ),
        }  # fmt: skip
    if _is_worth_more(report, amount, money=money):
        return "amount"
    for key, (cap, name) in most.items():
        if counted[key] >= cap:
            return name
    counted.update(most.keys())
    return ""


def _is_worth_more(report: Report, amount_minor: int, *, money: str) -> bool:
    """Whether the sum may be worth more than an amount; yes where no rate says what it is worth."""
    if report.currency == money:
        return report.amount_minor > amount_minor
    worth = exchange_rates().most(
        Money(report.amount_minor, report.currency), currency=currency(report.currency),
        into=currency(money),
    )  # fmt: skip
    return worth is None or worth > amount_minor


def _sender(report: Report) -> str:
    """A network for people without an account, else the institution."""
    if report.channel != "public":
        return str(report.organisation_id)
    return bytes(report.sender_mark).hex() if report.sender_mark else str(report.id)


def _counted(reports: Sequence[Report], *, since: datetime, most: int) -> Counts:
    """One statement: what was sent within the hour that is of the same senders and accounts.

    Only what was opened counts: of a heap that came at once, the first ones are within the cap.
    """
    counted: Counts = Counter()
    institutions = {r.organisation_id for r in reports if is_vouched_for(r)}
    unknown = [r for r in reports if not is_vouched_for(r)]
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            {
                "since": since,
                "most": most,
                "these": [r.id for r in reports],
                "institutions": list(institutions),
                "payees": list({r.payee_ident for r in reports}),
                "channels": list({r.channel for r in unknown}),
                "senders": [r.sender_mark for r in unknown if r.sender_mark is not None],
            },
        )
        for kind, one, two, three, times in cursor.fetchall():
            key = tuple(part for part in (kind, one, two, three) if part is not None)
            counted[key] += times
            if len(key) == 4:  # of one sender against one account: counts for the account too
                counted[key[:3]] += times
    return counted


# Precautionary and open: nobody vouched, confirmed, adopted or denied it, and it was not barred.
COUNT = """
with open as (
  select r.channel, r.payee_ident,
    case when r.channel = 'public' then coalesce(encode(r.sender_mark, 'hex'),
      r.id::text) else r.organisation_id::text end as sender
  from reports_report r
  join holds_allegedpayment p on p.report_id = r.id
  join holds_claim c on c.payment_id = p.id
  where r.channel = any(%(channels)s) and r.received_at >= %(since)s and r.id <> all(%(these)s)
    and c.state = 'alleged' and c.adopted_at is null and not c.is_barred
)
select 'vouched', o.id::text, null, null, (select count(*) from (
    select from reports_report r where r.organisation_id = o.id and r.received_at >= %(since)s
      and r.opened_at is not null and r.id <> all(%(these)s) limit %(most)s) counted)
  from unnest(%(institutions)s::int[]) as o (id)
union all
select 'vouched', r.organisation_id::text, r.payee_ident, null, count(*) from reports_report r
  where r.payee_ident = any(%(payees)s) and r.received_at >= %(since)s and r.id <> all(%(these)s)
    and r.opened_at is not null and r.organisation_id = any(%(institutions)s) group by 2, 3
union all
select 'open', channel, null, null, count(*) from open group by 2
union all
select 'open', channel, payee_ident, sender, count(*) from open
  where payee_ident = any(%(payees)s) group by 2, 3, 4
union all
select 'sent', encode(r.sender_mark, 'hex'), null, null, count(*) from reports_report r
  where r.sender_mark = any(%(senders)s) and r.received_at >= %(since)s and r.id <> all(%(these)s)
    and r.opened_at is not null group by 2
"""
