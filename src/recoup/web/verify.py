"""Is this paper real? For everybody, without sign-in: by its code, or by the file itself.

It tells who sent a paper, to what kind of organisation, what, when, and whether it still counts; no
name of a person, no account, no sum. What is not there and what is not yours look the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from recoup.apps.lawful_requests import paper_operations, paper_queries
from recoup.apps.lawful_requests.papers.apart import TooManyChecks, check_apart
from recoup.apps.lawful_requests.papers.lookup import Lookup, Standing, Verified, verified
from recoup.apps.lawful_requests.papers.verdict import MOST_BYTES, Finding, PaperVerdict
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.reports import reporter
from recoup.apps.reports.tries import TooManyTries
from recoup.apps.said import in_words, reason
from recoup.apps.traces.voice import LANGUAGES, voice_of
from recoup.core.text import NotReadable
from recoup.core.verification import VerificationCode, read_code
from recoup.data import load_words

_ = gettext_lazy
MOST_LOOK_UPS, LOOK_UP_SECONDS = 60, 900  # a desk checks many papers from one network
MOST_CHECKS, CHECK_SECONDS = 12, 900
FINDINGS: Final[Mapping[Finding, tuple[Any, Any]]] = {
    Finding.VALID: (
        _("The paper is signed and whole"),
        _("Nothing was changed since it was signed by the organisation that it names."),
    ),
    Finding.NOT_A_PDF: (_("This is no PDF"), _("Choose the file that you were sent.")),
    Finding.TOO_BIG: (
        _("This file is too big"), _("A paper has 10 MB at most; this is none of this hub."),
    ),
    Finding.TOO_HARD: (
        _("This file could not be checked"),
        _("It takes more time or memory than any paper. Treat it as not real."),
    ),
    Finding.ENCRYPTED: (
        _("This file is encrypted"), _("No paper of this hub is. Treat it as not real."),
    ),
    Finding.UNREADABLE: (
        _("This file cannot be read"), _("It is damaged, or no paper of this hub."),
    ),
    Finding.UNSIGNED: (
        _("This paper is not signed"),
        _("Anybody can print such a paper. Check its code, and call the number of your directory."),
    ),
    Finding.CHANGED: (
        _("This paper was changed"),
        _("It is not what was signed. Do not act on it; call the number of your directory."),
    ),
    Finding.CHANGED_AFTER: (
        _("Something was added after signing"),
        _("It is not what was signed. Do not act on it; call the number of your directory."),
    ),
    Finding.UNKNOWN_CERTIFICATE: (
        _("Signed with a certificate that this hub does not know"),
        _("Whoever signed it is nobody of this hub. Treat it as not real."),
    ),
    Finding.REVOKED: (
        _("Signed with a certificate that was revoked"),
        _("The signer could not sign any more. Do not act on it."),
    ),
    Finding.EXPIRED: (
        _("Signed with a certificate that was not in force"),
        _("It had ended, or had not begun, when the paper was signed. Ask for a new paper."),
    ),
    Finding.NO_VALUES: (
        _("This is no paper of this hub"),
        _("It is signed, but carries no values as papers of this hub do."),
    ),
    Finding.DIGEST_DIFFERS: (
        _("The paper and its values inside differ"),
        _("What is printed is not what a machine would read. Do not act on it."),
    ),
    Finding.OTHER_SIGNER: (
        _("Signed by somebody else than the paper says"),
        _("The signature is good, but not of who speaks in the paper. Do not act on it."),
    ),
}  # fmt: skip


TO_KINDS: Final = {
    "bank": _("a bank"),
    "payment": _("a payment institution"),
    "vasp": _("a crypto-asset provider"),
    "isp": _("an internet provider"),
    "police": _("the police"),
    "prosecutor": _("a prosecutor"),
    "fiu": _("the financial intelligence unit"),
}
SPEAKERS: Final = {
    "request": _("Who asks"), "order": _("Who ordered it"), "answer": _("Who answered"),
}  # fmt: skip
STANDINGS: Final[Mapping[Standing, tuple[str, Any]]] = {
    Standing.IN_FORCE: ("good", _("in force")),
    Standing.REPLACED: ("wait", _("replaced by a later one")),
    Standing.WITHDRAWN: ("bad", _("withdrawn")),
    Standing.LAPSED: ("wait", _("lapsed")),
    Standing.AWAITS: ("wait", _("in force until it is confirmed, which is still awaited")),
}


@allowed("paper:verify")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def verify(request: HttpRequest) -> HttpResponse:
    """The two forms; with a code, what is told of its paper.

    The form sends the code in its body. In an address it comes from the square on a paper, which
    can only be scanned.
    """
    given = request.POST if request.method == "POST" else request.GET
    typed = given.get("code", "").strip()
    if not typed:
        return _page(request, {})
    try:
        code = read_code(typed)
    except NotReadable as problem:
        return _page(request, {"typed": typed[:60], "problem": reason(problem)}, status=422)
    try:
        reporter.count_try(request, "verify", most=MOST_LOOK_UPS, seconds=LOOK_UP_SECONDS)
    except TooManyTries:
        return _tried_too_often(request)
    found = look_up(request, code)
    context = {"typed": code.text, "found": found, "is_asked": True}
    return _page(request, context, status=200 if found else 404)


@allowed("paper:verify")
@require_POST
@never_cache
def check(request: HttpRequest) -> HttpResponse:
    """Check the file that somebody brings. It is not kept."""
    from recoup.apps.lawful_requests.papers.issuing import authority

    try:
        reporter.count_try(request, "verify_paper", most=MOST_CHECKS, seconds=CHECK_SECONDS)
    except TooManyTries:
        return _tried_too_often(request)
    brought = request.FILES.get("paper")
    if brought is None:
        return _page(request, {"file_problem": gettext("Choose a file first.")}, status=422)
    at = request.at  # type: ignore[attr-defined]
    content = brought.read(MOST_BYTES + 1)
    try:
        verdict = check_apart(content, trusted=authority().trusted(), at=at)
    except TooManyChecks:
        problem = gettext("Many papers are being checked just now. Try again in a minute.")
        return _page(request, {"file_problem": problem}, status=503)
    actor = request.actor  # type: ignore[attr-defined]
    paper_operations.note_checked(verdict=verdict, length=len(content), by=actor, at=at)
    told = _told(request, verdict) | {"is_same_print": _is_same_print(content, verdict)}
    return _page(request, told, status=200 if verdict.is_valid else 422)


def look_up(request: HttpRequest, code: VerificationCode) -> Verified | None:
    """Ask every kind of paper that this hub sends."""
    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    lookups: list[Lookup] = [
        partial(paper_queries.ticket_verified, by=actor),
        paper_queries.request_verified,
    ]
    return verified(code, lookups, at=at)


def _told(request: HttpRequest, verdict: PaperVerdict) -> dict[str, Any]:
    """What the page says of a verdict, and of the paper's code if the paper is whole."""
    title, text = FINDINGS[verdict.finding]
    told = {"verdict": verdict, "verdict_title": title, "verdict_text": text}
    if verdict.document is None or not verdict.is_valid:
        return told
    head = verdict.document.head
    try:
        found = look_up(request, read_code(head.verification_code))
    except NotReadable:
        found = None
    is_same = (
        found is not None
        and (found.reference, found.sender_code) == (head.reference, head.sender.code)
    )  # fmt: skip
    return told | {"found": found if is_same else None, "is_asked": True}


def _is_same_print(content: bytes, verdict: PaperVerdict) -> bool:
    """Whether the page is the one that the values inside give, in the language that they name."""
    from recoup.apps.lawful_requests.papers.comparing import is_print_of_its_values

    if verdict.document is None or not verdict.is_valid:
        return False
    language = verdict.document.head.language
    with translation.override(language if language in LANGUAGES else "en"):
        return is_print_of_its_values(content, verdict, voice=voice_of(language, in_words))


def _page(request: HttpRequest, told: dict[str, Any], *, status: int = 200) -> HttpResponse:
    found: Verified | None = told.get("found")
    if found is not None:
        tone, words = STANDINGS[found.standing]
        told = told | {
            "to_kind": _kind_named(found.to_kind),
            "speaker": SPEAKERS[found.paper],
            "standing": words,
            "standing_tone": tone,
        }
    return render(request, "public/verify.html", told, status=status)


def _kind_named(kind: str) -> Any:
    """A kind of organisation as people name it."""
    known = load_words().kinds.get(kind)
    return TO_KINDS.get(kind) or (known and gettext(known.name)) or kind


def _tried_too_often(request: HttpRequest) -> HttpResponse:
    problem = gettext("From your connection this was tried too often in a short time.")
    return errors.page(request, 429, "429.html", problem=problem)
