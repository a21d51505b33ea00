"""What the acts of the policy table are called where a person meets them: on a page that refuses.

A noun for each, to stand after "Not for this role:"; a test finds any act without words.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

ACTS: Final = {
    "public:see": _("reading the public pages"),
    "report:file": _("reporting a fraud"),
    "report:file_for_customer": _("reporting a fraud for somebody else"),
    "report:follow": _("looking up a report"),
    "session:own": _("signing in and out"),
    "desk:see": _("working at a desk of the hub"),
    "ticket:see": _("opening a ticket"),
    "ticket:take": _("taking a ticket from the queue"),
    "ticket:acknowledge": _("acknowledging a ticket"),
    "ticket:answer": _("answering a ticket"),
    "ticket:withdraw": _("withdrawing a ticket"),
    "ticket:reduce": _("reducing the sum that is held"),
    "ticket:ask_on": _("asking the next bank what was booked since"),
    "ticket:telephone_sheet": _("the sheet for asking by telephone"),
    "hold:reconcile": _("the list of what an institution holds"),
    "case:see": _("opening a case"),
    "case:adopt": _("adopting a report"),
    "case:merge": _("merging a duplicate"),
    "case:hand_over": _("handing a case over to the prosecutor"),
    "case:decide": _("deciding on a case that was handed over"),
    "case:trace": _("seeing a case under another tracing rule"),
    "case:judge_link": _("judging whether two reports are related"),
    "case:import_ledger": _("importing a flow from a file"),
    "case:export_trace": _("taking a trace away as a file"),
    "task:see": _("the list of tasks"),
    "task:finish": _("marking a task as done"),
    "abroad:see": _("opening a request to another country"),
    "abroad:record": _("recording a request to another country"),
    "directory:see": _("the directory of institutions"),
}


def act_words(act: str) -> str:
    """Words for an act; the page for one without any is "this page"."""
    return str(ACTS.get(act, _("this page")))
