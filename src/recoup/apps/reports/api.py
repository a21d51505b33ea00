"""The API of intake: a bank reports for its customer, a call taker's system for the caller."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from recoup.apps.members import queries as members
from recoup.apps.members.api import ERRORS, Key, ProblemOut, Strict, as_json, error, once
from recoup.apps.reports import operations
from recoup.core.report import ReportNotReadable, read_five_facts
from recoup.data import currencies, usual_currency

router = Router(tags=["reports"])


class ReportIn(Strict):
    """The five facts. report: an id of your own making; the same id is the same report."""

    report: str = Field(min_length=32, max_length=36)
    amount: str = Field(max_length=40, examples=["480000.00"])
    currency: str = Field(max_length=10, examples=["RSD"])
    paid_at: str = Field(max_length=40, description="ISO 8601 with a zone.")
    payer_account: str = Field(max_length=160)
    payee_account: str = Field(max_length=160)
    reference: str = Field("", max_length=200)


class ReportOut(Schema):
    report: UUID
    reference: str
    received_at: str
    is_repeat: bool
    flags: list[ProblemOut]


@router.post("/reports", response={201: ReportOut, **ERRORS}, auth=Key("report:file_for_customer"))
@once
def file_report(request: HttpRequest, body: ReportIn) -> HttpResponse:
    """Report a fraud. Tickets leave at once; the report of your own customer starts adopted.

    What you tell of another bank's customer is a report like anybody's: that bank is asked first.
    """
    at = request.at  # type: ignore[attr-defined]
    try:
        client_id = UUID(body.report)
    except ValueError:
        return error(422, "not_a_uuid", f"report is {body.report!r}. Send a UUID of your own.")
    try:
        facts = read_five_facts(
            body.dict(), at=at, zone=None, currencies=currencies(),
            usual_currency=usual_currency(), known_banks=members.known_banks(),
        )  # fmt: skip
    except ReportNotReadable as refused:
        problems = [
            {"field": p.field, "value": p.value, "message": str(p), "code": p.code}
            for p in refused.problems
        ]
        return error(422, "report_not_readable", "The report was not taken.", problems)
    filed = operations.file_report(
        facts=facts,
        client_id=client_id,
        by=request.auth,  # type: ignore[attr-defined]
        at=at,
    )
    return as_json(
        201,
        {
            "report": str(filed.id),
            "reference": filed.reference,
            "received_at": at.isoformat(),
            "is_repeat": filed.is_repeat,
            "flags": [
                {"field": f.field, "value": "", "message": f.message, "code": f.code}
                for f in facts.flags
            ],
        },
    )
