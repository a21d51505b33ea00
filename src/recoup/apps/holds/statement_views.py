"""Statement files on the ticket's page: how they are written, what they say, and into the answer.

The files travel with the page, signed for the person and the ticket: between the steps nothing of
them is kept on the server, so nothing has to be cleaned up, and what a clerk gives up is gone. Only
a confirmed way of writing is stored, and the answer, which goes the same way as a typed one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from recoup.apps.holds import queries as holds
from recoup.apps.holds import statement_by_hand, statement_files, statement_window, views
from recoup.apps.holds.forms import TYPED, AnswerForm, read_form
from recoup.apps.holds.statement_declared import choices_of, declared
from recoup.apps.holds.statement_files import File, OfTicket, Reading, Readings, StatementRefused
from recoup.apps.holds.statement_models import StatementProfile
from recoup.apps.holds.statement_profile_operations import confirm_statement_profile
from recoup.apps.holds.statement_window import Assembly
from recoup.apps.lawful_requests import queries
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.members.allowed import allowed
from recoup.apps.said import in_words, reason
from recoup.core.access import Actor
from recoup.core.text import NotReadable as TextNotReadable
from recoup.core.text import mask_cards, read_filename
from recoup.standards.statements import NotReadable
from recoup.standards.strict_csv import Refusal

SHOWN = 100
NAME_LENGTH = 120
DROPS = frozenset({"first", "back"})


@require_http_methods(["GET", "POST"])
@allowed("ticket:answer")
def statement(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """Show what the files say and what would go into the answer. Stores a confirmed profile only.

    A page that is loaded anew has no files any more: on to the ticket.
    """
    actor, found = _asked(request, ticket_id)
    if request.method == "GET":
        return redirect("ticket", ticket_id=ticket_id)
    page = views.page_of(request, found)
    if not page["ticket"]["disclose"]["asked"]:
        return _refused(request, page, _("This ticket asks for no bookings: leave them out."))
    try:
        files = _files(request, ticket_id, actor)
    except StatementRefused as refused:
        return _refused(request, page, reason(refused))
    anew = request.POST.get("step") == "anew" or "anew" in request.POST
    readings = _read(files, page, actor, anew=anew)
    problem = ""
    undeclared = readings.undeclared
    if undeclared is not None:
        try:
            readings = _said_how(request, readings, undeclared, page, actor)
        except ValueError as wrong:
            problem = reason(wrong)
    context = _context(request, page, readings) | {"declare_problem": problem, "anew": anew}
    context["token"] = statement_files.pack(files, ticket=ticket_id, by=actor)
    unfit = undeclared is not None and undeclared.unfit
    bad = problem or unfit or readings.refused or (context["found"] and context["found"].faults)
    return render(request, "desk/statement.html", context, status=422 if bad else 200)


@require_POST
@allowed("ticket:answer")
def take(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """The ticket's page with the bookings in the answer, for the clerk to check and send."""
    actor, found = _asked(request, ticket_id)
    page = views.page_of(request, found)
    typed: Mapping[str, Any] = request.POST
    if typed.get("step") == "take":
        try:
            files = _files(request, ticket_id, actor)
        except StatementRefused as refused:
            return _refused(request, page, reason(refused))
        readings = _read(files, page, actor)
        assembly = _assembled(request, page, readings)
        if readings.refused or assembly is None or not assembly.can_be_taken:
            return statement(request, ticket_id)
        typed = _filled(typed, page, assembly) | {"note": typed.get("note") or _source(readings)}
    form = read_form(typed, page["ticket"])
    form.problems.clear()
    return views.rendered(request, page | {"is_from_statement": "step" in request.POST}, form)


def _asked(request: HttpRequest, ticket_id: UUID) -> tuple[Actor, Ticket]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor, get_object_or_404(views.with_names(queries.addressed_to(actor)), pk=ticket_id)


def _files(request: HttpRequest, ticket_id: UUID, actor: Actor) -> list[File]:
    """The files that were chosen now, else those that the page carries."""
    chosen = request.FILES.getlist("statement")
    if not chosen and request.POST.get("token"):
        return statement_files.unpack(request.POST["token"], ticket=ticket_id, by=actor)
    statement_files.check_bounds([one.size or 0 for one in chosen])
    return [File(_name(one.name), one.read()) for one in chosen]


def _name(text: str | None) -> str:
    """The file's name for showing; card numbers in it are masked."""
    try:
        return mask_cards(read_filename(text or "").shown)[:NAME_LENGTH]
    except TextNotReadable:
        return _("a file without a usable name")


def _of(page: dict[str, Any]) -> OfTicket:
    return OfTicket(page["ticket"]["account"]["ident"], page["ticket"]["currency"])


def _read(files: list[File], page: dict[str, Any], actor: Actor, *, anew: bool = False) -> Readings:
    """Read the files as the institution writes; anew: as if nobody had confirmed anything."""
    known = [] if anew else holds.statement_profiles_of(actor)
    return statement_files.read_files(files, _of(page), known)


def _said_how(
    request: HttpRequest, readings: Readings, reading: Reading, page: dict[str, Any], actor: Actor
) -> Readings:
    """Take what a person said of the first undeclared table: its columns, or that it is right."""
    step = request.POST.get("step")
    if reading.layouts and step in ("map", "declare"):
        statement_by_hand.map_columns(reading, request.POST, _of(page))
    if step == "declare" and reading.proposals:
        return _declare(request, readings, reading, page, actor)
    return readings


def _declare(
    request: HttpRequest, readings: Readings, reading: Reading, page: dict[str, Any], actor: Actor
) -> Readings:
    """Remember how the first undeclared table is written, if it can be read so; read all again."""
    profile = declared(request.POST, reading)
    try:
        statement_files.read_under(reading.file, reading.format, profile, _of(page))
    except NotReadable as wrong:
        reading.profile, reading.refused = profile, wrong.refused
        return readings
    confirm_statement_profile(
        profile=profile, format=reading.format, by=actor, at=request.at,  # type: ignore[attr-defined]
    )  # fmt: skip
    return _read([one.file for one in readings.files], page, actor)


def _assembled(request: HttpRequest, page: dict[str, Any], readings: Readings) -> Assembly | None:
    if readings.refused or readings.undeclared:
        return None
    begins = request.POST.get("begins", "")
    return statement_window.assemble(
        readings.statements, page["ticket"], at=request.at,  # type: ignore[attr-defined]
        begins=int(begins) if begins.isdecimal() and len(begins) < 7 else 0,
    )  # fmt: skip


def _filled(typed: Mapping[str, str], page: dict[str, Any], assembly: Assembly) -> dict[str, str]:
    """What was typed of the answer, with the window's fields from the statement."""
    kept = {name: typed.get(name, "") for name in TYPED}
    return kept | statement_window.fields(assembly, page["ticket"])


def _source(readings: Readings) -> str:
    """Where the bookings came from, for whoever reads the answer: the files' digests."""
    digests = (hashlib.sha256(one.file.content).hexdigest()[:16] for one in readings.files)
    return _("Bookings from a statement, sha256 %(digests)s") % {"digests": ", ".join(digests)}


# The page


def _context(request: HttpRequest, page: dict[str, Any], readings: Readings) -> dict[str, Any]:
    found = _assembled(request, page, readings)
    context: dict[str, Any] = {
        "ticket": page["ticket"], "entry": {name: request.POST.get(name, "") for name in TYPED},
        "files": [_file(one) for one in readings.files], "found": found,
        "can_be_read_anew": any(one.remembered for one in readings.files),
        "undeclared": readings.undeclared, "faults": _refusals(readings),
    }  # fmt: skip
    undeclared = readings.undeclared
    if undeclared is not None:
        context |= choices_of(undeclared, request.POST, _of(page))
        context["hand"] = statement_by_hand.choices(undeclared, request.POST)
        context["unfit"] = _places(undeclared, undeclared.unfit)
    if found is not None:
        context |= _shown(request, page, found)
    return context


def _file(reading: Reading) -> dict[str, Any]:
    row: StatementProfile | None = reading.remembered
    return {
        "name": reading.file.name, "format": reading.format, "profile": reading.profile,
        "remembered": row, "lines": sum(len(one.lines) for one in reading.statements),
    }  # fmt: skip


def _refusals(readings: Readings) -> list[dict[str, Any]]:
    return [one for each in readings.refused for one in _places(each, each.refused)]


def _places(reading: Reading, refused: Sequence[Refusal]) -> list[dict[str, Any]]:
    return [
        {"file": reading.file.name, "line": one.line or "–", "cell": one.column,
         "value": mask_cards(str(one.value)), "said": in_words(one.problem)}
        for one in refused[: statement_window.MOST_REFUSED]
    ]  # fmt: skip


def _shown(request: HttpRequest, page: dict[str, Any], found: Assembly) -> dict[str, Any]:
    """What the statements say, whether it adds up, and what is kept or left out."""
    shown: dict[str, Any] = {
        "faults": [_fault(one) for one in found.faults],
        "doubts": [_fault(one) for one in found.doubts],
        "repeats": [
            {"first": one.first.place, "again": one.again.place, "said": in_words(one.said)}
            for overlap in found.overlapping for one in overlap.repeats[:SHOWN]
        ],
        "others": [mask_cards(one.account) for one in found.others],
        "pages": sum(len(one.points) for one in found.mine),
    }  # fmt: skip
    if not found.can_be_taken:
        return shown
    form = read_form(_filled(request.POST, page, found), page["ticket"])
    return shown | _window(page, found, form)


def _window(page: dict[str, Any], found: Assembly, form: AnswerForm) -> dict[str, Any]:
    """The check that the answer's own form makes, and the lines with what becomes of each."""
    check = form.window.check if form.window is not None else None
    carried = check.carried if check is not None else {}
    drops = page["ticket"]["kind"] in DROPS
    told = found.told
    around = max(found.begins - 4, 0) if len(found.entries) > SHOWN else 0
    gone = sum(
        1 for one in told
        if drops and one.side == "debit" and one.line.counterparty and one.reference not in carried
    )  # fmt: skip
    return {
        "check": check, "marks": form.window.marks if form.window is not None else [], "gone": gone,
        "entries": [
            {"entry": one, "carries": carried.get(one.reference) if one.side == "debit" else None,
             "is_gone": drops and one.side == "debit" and one.reference not in carried}
            for one in found.entries[around : around + SHOWN]
        ],
        "hidden": len(found.entries) - len(found.entries[around : around + SHOWN]),
        "unnamed": sum(1 for one in told if one.is_named_by_us),
        "credits": [one for one in found.entries if one.side == "credit"][:SHOWN],
    }  # fmt: skip


def _fault(fault: statement_window.Fault) -> dict[str, Any]:
    place = fault.place
    return {
        "file": place.file if place else "", "line": (place.line if place else 0) or "–",
        "cell": " ".join(filter(None, (place.page, place.cell))) if place else "",
        "value": mask_cards(fault.value), "said": in_words(fault.said),
    }  # fmt: skip


def _refused(request: HttpRequest, page: dict[str, Any], problem: str) -> HttpResponse:
    """The ticket's page as it was typed, with what is wrong with the upload."""
    form = read_form(request.POST, page["ticket"])
    form.problems = [{"anchor": "statement", "message": problem}]
    return views.rendered(request, page, form, status=422)
