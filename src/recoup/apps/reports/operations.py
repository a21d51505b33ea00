"""Everything that happens to a report: it is filed, and its story is added."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from recoup.apps.audit import operations as audit
from recoup.apps.jobs import defer
from recoup.apps.members import queries as members
from recoup.apps.members.directory_operations import institution_abroad
from recoup.apps.members.models import Organisation
from recoup.apps.reports.models import Report, ReportStory
from recoup.apps.rows import insert_rows
from recoup.core.access import Actor
from recoup.core.accounts import AccountIdentifier
from recoup.core.reference import ReferenceKind, hash_secret, make_reference
from recoup.core.report import FiveFacts
from recoup.data import load_pack

CHANNELS = {"visitor": "public", "machine": "bank", "clerk": "bank", "supervisor": "bank"}
OPEN_CASE = "holds.open_case"


class TooManyReports(Exception):
    """One sender has reached the most reports that are taken in an hour (the country pack's)."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            f"From here {most} reports came within the hour, which is the most. Call the police "
            "number on this page, or try again in an hour."
        )


@dataclass(frozen=True, slots=True)
class Filed:
    """A report that was taken. secret is None for a repeat, and for those who have an account."""

    id: UUID
    reference: str
    secret: bytes | None
    is_repeat: bool = False


def file_report(
    *,
    facts: FiveFacts,
    client_id: UUID,
    by: Actor,
    at: datetime,
    sender_mark: bytes | None = None,
    secret: bytes | None = None,
) -> Filed:
    """Store a report and, in the same transaction, the job that opens its case.

    A second submit with the same client_id gives the first report again. secret: the one that a
    visitor is to be given, if the caller has made it. Raises TooManyReports.
    """
    if told := _already_told(by, client_id):
        return told
    if by.role == "visitor":
        _check_cap(sender_mark, at=at)
    secret = (secret or secrets.token_bytes(16)) if by.role == "visitor" else None
    reference = make_reference(ReferenceKind.REPORT, secrets.token_bytes(5)).text
    try:
        with transaction.atomic():
            report = _store(
                facts=facts, client_id=client_id, by=by, at=at, sender_mark=sender_mark,
                secret=secret, reference=reference,
            )  # fmt: skip
    except IntegrityError:
        if told := _already_told(by, client_id):
            return told
        raise
    return Filed(report.id, report.reference, secret)


def _store(
    *, facts: FiveFacts, client_id: UUID, by: Actor, at: datetime, sender_mark: bytes | None,
    secret: bytes | None, reference: str,
) -> Report:  # fmt: skip
    payer, payee = _institution(facts.payer), _institution(facts.payee)
    report = Report(
        reference=reference,
        organisation_id=by.organisation_id,
        competent=members.competent_unit(),
        channel=CHANNELS.get(by.role, "call_taker"),
        client_id=client_id,
        amount_minor=facts.amount.minor_units,
        currency=facts.amount.currency,
        paid_at=facts.paid_at,
        payer_scheme=facts.payer.scheme,
        payer_ident=facts.payer.ident,
        payer_institution=payer,
        payee_scheme=facts.payee.scheme,
        payee_ident=facts.payee.ident,
        payee_institution=payee,
        payment_reference=facts.reference,
        secret_sha256=hash_secret(secret) if secret else None,
        sender_mark=sender_mark,
        received_at=at,
    )
    insert_rows([report])
    audit.record(
        what="report:filed", about=f"report:{report.id}", by=by, at=at,
        personal={"payer": facts.payer.ident, "payee": facts.payee.ident},
        reference=reference, amount_minor=facts.amount.minor_units, currency=facts.amount.currency,
    )  # fmt: skip
    defer(OPEN_CASE)
    return report


def _institution(account: AccountIdentifier) -> Organisation | None:
    """Who keeps an account; abroad also where only its country is known."""
    return members.institution_of(account) or institution_abroad(account)


def _already_told(by: Actor, client_id: UUID) -> Filed | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, reference from report_told(%s, %s)", [by.organisation_id, client_id]
        )
        row = cursor.fetchone()
    return Filed(row[0], row[1], None, is_repeat=True) if row else None


def _check_cap(sender_mark: bytes | None, *, at: datetime) -> None:
    """Count this sender's reports. Those that it sends at once wait for each other.

    Fewer are too many to be acted on unseen: those are taken and wait for an officer, which is
    decided when their case is opened.
    """
    most = load_pack(settings.COUNTRY).caps.reports_kept_per_reporter_hour
    with connection.cursor() as cursor:
        if sender_mark is not None:
            cursor.execute(
                "select pg_advisory_xact_lock(hashtextextended(%s, 0))", [sender_mark.hex()]
            )
        cursor.execute("select reports_from(%s, %s)", [sender_mark, at - timedelta(hours=1)])
        if cursor.fetchone()[0] >= most:
            raise TooManyReports(most)


def add_story(
    *, report_id: UUID, name: str, phone: str, email: str, story: str, by: Actor, at: datetime
) -> None:
    """Add how to reach the reporter and what happened. It may be added more than once."""
    ReportStory.objects.create(
        report_id=report_id,
        organisation_id=by.organisation_id,
        competent=members.competent_unit(),
        name=name,
        phone=phone,
        email=email,
        story=story,
        added_at=at,
    )
    audit.record(
        what="report:story_added", about=f"report:{report_id}", by=by, at=at,
        personal={"name": name, "phone": phone, "email": email},
    )  # fmt: skip
