"""The front page: how to report, what happens then, and the way in for desks (decision 39)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recoup.apps.members.allowed import allowed
from recoup.apps.reports.demo_facts import as_fill, demo_facts


@allowed("public:see")
@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Answers 200 to everybody, signed in or not."""
    facts = demo_facts()
    context = {"demo_facts": facts, "demo_facts_json": facts and as_fill(facts)}
    return render(request, "public/front.html", context)
