"""Answers what the vault refuses: for people a page, for the upload script one object."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import Http404, HttpResponse

from recoup.apps.evidence.keys import NoKey
from recoup.apps.evidence.refusals import REFUSALS, code_of
from recoup.apps.evidence.store import Away
from recoup.apps.members import errors
from recoup.apps.members.api import error
from recoup.apps.said import in_words, reason
from recoup.core.said import Said
from recoup.core.text import NotReadable

NOT_FOUND: Final = frozenset({"no_such_file", "no_such_hold", "no_such_bundle"})
NOT_NOW: Final = frozenset({
    "not_now", "not_readable", "not_arriving", "pieces_missing", "piece_differs", "known_already",
    "not_holder", "digest_differs", "not_as_before", "term_runs", "legal_hold", "proceeding_open",
    "asked_already", "not_asked", "same_person", "not_kept", "too_many", "not_erased",
})  # fmt: skip
NO_KEY: Final = Said(
    "The key of this file is not at hand, so it cannot be read. Whoever runs the hub has to put it "
    "back; nothing of the file is lost."
)

AWAY: Final = Said(
    "The storage of the vault cannot be reached just now. Nothing was changed; try again later."
)


def status_of(refusal: Exception) -> int:
    """The status of an answer that says this."""
    code = code_of(refusal)
    return 404 if code in NOT_FOUND else 409 if code in NOT_NOW else 422


def as_json(refusal: Exception) -> HttpResponse:
    """One object with the code and the words."""
    code, field = code_of(refusal), getattr(refusal, "field", "")
    said = in_words(getattr(refusal, "said", None) or str(refusal))
    problems = [{"field": field, "value": "", "message": said, "code": code}] if field else None
    return error(status_of(refusal), code, said, problems)


def as_page(request: Any, refusal: Exception) -> HttpResponse:
    """A page that says what is wrong and what to do."""
    status = status_of(refusal)
    if status == 404:
        raise Http404
    return errors.page(request, status, f"{status}.html", problem=reason(refusal))


def refusing(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer refusals with a page; what the refused act had begun is undone already."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except REFUSALS as refusal:
            return as_page(request, refusal)
        except NotReadable as problem:
            return errors.page(request, 422, "422.html", problem=reason(problem))
        except NoKey:
            return errors.page(request, 409, "409.html", problem=in_words(NO_KEY))
        except Away:
            return errors.page(request, 409, "409.html", problem=in_words(AWAY))

    return guarded


def refusing_as_json(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The same for the script of the upload, and for machines."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except REFUSALS as refusal:
            if status_of(refusal) == 404:
                raise Http404 from None
            return as_json(refusal)
        except NotReadable as problem:
            return error(422, problem.code, reason(problem))
        except NoKey:
            return error(409, "no_key", in_words(NO_KEY))
        except Away:
            return error(503, "storage_away", in_words(AWAY))

    return guarded
