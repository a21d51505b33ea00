"""Where logs of other hubs submit their checkpoints: C2SP tlog-witness, for programs.

No sign-in: what counts is the signature of a log that this hub was told of. What comes back
is the line of the cosignature, or in plain words why there is none.
"""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from recoup.apps.audit import foreign_operations
from recoup.apps.audit.cosigner import CosignerSilent, Told
from recoup.apps.members.allowed import allowed
from recoup.standards.tlog_witness import STATUS, Verdict

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
log = logging.getLogger("recoup.log")


@csrf_exempt  # it reads no cookie's rights: the body is signed by a log
@require_POST
@allowed("witness:add_checkpoint")
def add_checkpoint(request: Request) -> HttpResponse:
    """Cosign a checkpoint that continues what this hub has of the log."""
    try:
        told = foreign_operations.submit(body=request.body, by=request.actor, at=request.at)
    except CosignerSilent as trouble:
        log.error("witness: the cosigner does not answer: %s", trouble)
        words = "This witness cannot sign for the moment; nothing was stored. Try again.\n"
        return HttpResponse(words, status=503, content_type=PLAIN, headers={"Retry-After": "10"})
    return _answer(told)


def _answer(told: Told) -> HttpResponse:
    if told.verdict == Verdict.OTHER_SIZE:
        return HttpResponse(f"{told.held}\n", status=STATUS[told.verdict], content_type=SIZE)
    return HttpResponse(told.content, status=STATUS[told.verdict], content_type=PLAIN)


urlpatterns = [path("witness/add-checkpoint", add_checkpoint, name="witness-add-checkpoint")]
