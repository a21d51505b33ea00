"""Puts tasks into words for pages: what each kind is called, and what its owner does now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from recoup.apps.cases.glass_operations import REVIEWED
from recoup.apps.cases.models import Task
from recoup.apps.holds.decision_operations import TAKEN_OVER
from recoup.apps.holds.operations import DECIDED
from recoup.core.access import Actor
from recoup.web.case_decisions import Step, last_steps

TASKS = {
    "acknowledge_overdue": (
        gettext_lazy("Acknowledgement overdue"),
        gettext_lazy("The addressee has not acknowledged the ticket in time. Call them."),
    ),
    "answer_overdue": (
        gettext_lazy("Answer overdue"),
        gettext_lazy("The addressee has not answered in time. Call with the telephone sheet."),
    ),
    "answer_warn": (
        gettext_lazy("An answer is due soon"),
        gettext_lazy("Answer in time, or ask for more time and say why."),
    ),
    "effect_warn": (
        gettext_lazy("It ends soon"),
        gettext_lazy("Nothing is prolonged by silence. See whether a binding order is on its way."),
    ),
    "release": (
        gettext_lazy("To be lifted"),
        gettext_lazy(
            "The order or its longest time has ended. Lift what was kept or stopped, and say when."
        ),
    ),
    "release_overdue": (
        gettext_lazy("Not lifted yet"),
        gettext_lazy(
            "What was kept or stopped has no order any more. Nobody has said that it was lifted."
        ),
    ),
    "effect_ends": (
        gettext_lazy("It has ended"),
        gettext_lazy(
            "The longest time that the law allows is over. What was kept or stopped ends."
        ),
    ),
    "notify": (
        gettext_lazy("The person concerned is to be told"),
        gettext_lazy("The law's time for it has come. Tell them, or record why it is put off."),
    ),
    "request_retention": (
        gettext_lazy("Are the data still needed?"),
        gettext_lazy(
            "The time for which they are kept is over: that of the law, or a year. Without "
            "proceedings they are destroyed and the person is told. Do it, or say why not."
        ),
    ),
    "abroad": (
        gettext_lazy("The money left the country"),
        gettext_lazy("The hub sends nothing abroad: the request is filled, a person sends it."),
    ),
    "rate_unknown": (
        gettext_lazy("An amount in another currency could not be judged"),
        gettext_lazy(
            "The next hold asks for no more than was paid. Call the bank, and ask what arrived."
        ),
    ),
    "over_cap": (
        gettext_lazy("More reports than the cap allows"),
        gettext_lazy("No precautionary hold was asked. Read the report, adopt it or not."),
    ),
    "institution_unknown": (
        gettext_lazy("No institution known for an account"),
        gettext_lazy("The directory names nobody who keeps it. Find out who does."),
    ),
    "hold_refused": (
        gettext_lazy("An institution did not hold"),
        gettext_lazy("Hand the case over for the binding step, or close the matter with a ground."),
    ),
    "planning_failed": (
        gettext_lazy("The hub could not plan the next step"),
        gettext_lazy(
            "Nothing is lost, but nothing more is asked by itself. Call who runs the hub."
        ),
    ),
    "clock_failed": (
        gettext_lazy("A clock of the hub could not act"),
        gettext_lazy(
            "What was due here did not happen. See to it by hand, and call who runs the hub; "
            "when this is done, the hub tries again."
        ),
    ),
    "undeliverable": (
        gettext_lazy("A ticket could not be sent"),
        gettext_lazy(
            "Call by telephone, and call who runs the hub. When this is done, the hub sends it "
            "again; or withdraw the ticket."
        ),
    ),
    "hold_ends": (
        gettext_lazy("A hold is about to end"),
        gettext_lazy("Hand the case over for a binding order, or let the money go."),
    ),
    "decide_hold": (
        gettext_lazy("Decide before the hold ends"),
        gettext_lazy("Ask for the binding order, or the hold ends by itself."),
    ),
    "hold_lapsed": (
        gettext_lazy("A hold has ended by itself"),
        gettext_lazy(
            "The money is free at the bank. Hand the case over for a binding order, or leave it."
        ),
    ),
    "order_awaited": (
        gettext_lazy("An order was applied for"),
        gettext_lazy("See that it reaches the banks before the first hold ends."),
    ),
    "not_taken_over": (
        gettext_lazy("The prosecutor did not take the case over"),
        gettext_lazy("Hand it over anew with what is missing, or let the holds end."),
    ),
    "victim_is_payee": (
        gettext_lazy("A victim also received traced money"),
        gettext_lazy("Decide whether the account is an ordinary payee for these claims."),
    ),
    "seed_from_traced": (
        gettext_lazy("A victim paid with another victim’s money"),
        gettext_lazy("The rule needs a ruling here; nothing is assumed."),
    ),
    "two_claims_one_payment": (
        gettext_lazy("Two claims on one payment"),
        gettext_lazy("Merge the duplicate, or reduce one claim."),
    ),
    "unidentified_credit": (
        gettext_lazy("A credit could not be identified"),
        gettext_lazy("The bank disclosed its bookings but did not find the payment."),
    ),
    "not_disclosed": (
        gettext_lazy("The bookings were not disclosed"),
        gettext_lazy("The bank answered without its bookings. Ask why."),
    ),
    "incomplete_window": (
        gettext_lazy("A disclosure does not balance"),
        gettext_lazy("Asked twice already. Clear it up by telephone."),
    ),
    "books_differ": (
        gettext_lazy("The books of two banks differ"),
        gettext_lazy("The traced sums do not fit the balance that the bank told."),
    ),
    "destination_not_told": (
        gettext_lazy("A destination was not told"),
        gettext_lazy("Traced money left, and the bank did not say where to."),
    ),
    "returned_differs": (
        gettext_lazy("Answers about money that came back contradict each other"),
        gettext_lazy(
            "More was stopped and recalled than was paid, or the money had moved on. What is held "
            "stays held. Call both banks; one of them corrects its answer."
        ),
    ),
    "request_decide": (
        gettext_lazy("A request waits for a decision"),
        gettext_lazy("Until somebody decides, nothing is asked. Open it, or say that you have it."),
    ),
    "request_reply": (
        gettext_lazy("A question about your request waits"),
        gettext_lazy("Reply, or withdraw the request. Until then nobody decides."),
    ),
    "request_heard": (
        gettext_lazy("A decision was noted in your name"),
        gettext_lazy("Say whether you gave it: put it in writing, or say that you did not."),
    ),
    "request_not_said": (
        gettext_lazy("A noted decision was never given"),
        gettext_lazy("Whoever is named in it says so. It was taken back. Ask who noted it."),
    ),
    "request_never_confirmed": (
        gettext_lazy("What left in an emergency or on an oral word was never confirmed"),
        gettext_lazy("Its time is over. Look who decided and why nobody stood by it."),
    ),
    "request_put": (
        gettext_lazy("To be put before whoever confirms it"),
        gettext_lazy(
            "It was decided in an emergency. The law has a time by which it is put before whoever "
            "confirms it; do so, and say that it was done."
        ),
    ),
    "request_not_opened": (
        gettext_lazy("A decided request could not be sent"),
        gettext_lazy("It has ended and nothing left. Read why, and submit a new one if needed."),
    ),
    "request_left_behind": (
        gettext_lazy("A request was left behind"),
        gettext_lazy("Who submitted it has no mandate any more. Take it over, or withdraw it."),
    ),
    "request_lapsed": (
        gettext_lazy("A request has lapsed"),
        gettext_lazy("Nobody acted in time. Submit a new one, if it is still needed."),
    ),
    "request_doubted": (
        gettext_lazy("A desk doubts that a request is genuine"),
        gettext_lazy("Call the desk and the unit that asked, and settle whether it is genuine."),
    ),
    "request_doubted_home": (
        gettext_lazy("A desk doubts a request of your unit"),
        gettext_lazy(
            "Ask the person named whether they sent it, by telephone. If not, call the ministry."
        ),
    ),
    "directory_proposed": (
        gettext_lazy("Your entry in the directory is to be changed"),
        gettext_lazy("A colleague proposed it. If that was not so, stop it, and call the hub."),
    ),
    "directory_agreed": (
        gettext_lazy("Your entry in the directory changes soon"),
        gettext_lazy("The hub’s desk agreed. Until then everybody here can stop it."),
    ),
    "directory_decide": (
        gettext_lazy("A change of the directory waits"),
        gettext_lazy("Call the old number first, and write who answered."),
    ),
    "directory_acted": (
        gettext_lazy("Your entry in the directory has changed"),
        gettext_lazy("Look whether it is right."),
    ),
    "key_made": (
        gettext_lazy("A program is to speak for you"),
        gettext_lazy("A colleague made a key. It works after a day: if that was not so, end it."),
    ),
    "key_agreed": (
        gettext_lazy("A new key of yours works now"),
        gettext_lazy("The hub’s desk called and agreed. If nobody here said so, end it."),
    ),
    "key_refused": (
        gettext_lazy("A new key of yours was refused"),
        gettext_lazy("The hub’s desk called, and ended it. Ask who made it."),
    ),
    "glass_opened": (
        gettext_lazy("Somebody looks into a case of yours"),
        gettext_lazy("By break-glass, since they say that somebody is in danger. Call them."),
    ),
    "glass_opened_home": (
        gettext_lazy("A colleague looks into a case of others"),
        gettext_lazy("By break-glass. Ask them why; you can close it at once."),
    ),
    "glass_opened_hub": (
        gettext_lazy("Somebody looks into a case of others"),
        gettext_lazy("By break-glass. See that it is reviewed in time."),
    ),
    "glass_joined": (
        gettext_lazy("Two look into a case of yours, and may write"),
        gettext_lazy("A second person joined a look by break-glass. Call them."),
    ),
    "glass_joined_home": (
        gettext_lazy("A colleague joined a look into a case of others"),
        gettext_lazy("By break-glass. Ask them why; they can close it at once."),
    ),
    "glass_joined_hub": (
        gettext_lazy("Two look into a case of others, and may write"),
        gettext_lazy("By break-glass. See that it is reviewed in time."),
    ),
    "glass_acted_note": (
        gettext_lazy("Two who broke the glass wrote into a case of yours"),
        gettext_lazy("Read it on the timeline of the case, and act on it."),
    ),
    "glass_acted_adopt": (
        gettext_lazy("Two who broke the glass adopted a report of yours"),
        gettext_lazy("Look at the case: banks are asked further now. You can withdraw a ticket."),
    ),
    "glass_undo": (
        gettext_lazy("What was written by break-glass was not right"),
        gettext_lazy(
            "Look at the case: withdraw what does not stand, and say so to who was asked."
        ),
    ),
    "glass_unjustified_joined": (
        gettext_lazy("A look by break-glass that a colleague joined was not right"),
        gettext_lazy("Another person reviewed it and says so. Read why, and see to it."),
    ),
    "glass_review": (
        gettext_lazy("A look into your case waits for a review"),
        gettext_lazy("Say whether there was the danger, and no other way."),
    ),
    "glass_late": (
        gettext_lazy("A look by break-glass was not reviewed in time"),
        gettext_lazy("Review it now, or see that somebody does."),
    ),
    "glass_often": (
        gettext_lazy("One person breaks the glass often"),
        gettext_lazy("Three times in a week or more. Call their unit."),
    ),
    "glass_unjustified": (
        gettext_lazy("A look by break-glass was not right"),
        gettext_lazy("Another person reviewed it and says so. Read why, and see to it."),
    ),
    "profile_narrowed": (
        gettext_lazy("An organisation says that it holds less"),
        gettext_lazy(
            "See whether the law lets it. What rests on its word only warns, and stops "
            "nobody from asking."
        ),
    ),
    "excess_held": (
        gettext_lazy("More is held than is traced"),
        gettext_lazy("Lift the difference: hold only the disputed units."),
    ),
}

# What is about a request that was submitted; a draft that lapsed has no such page.
OF_REQUESTS = (
    "request_decide", "request_reply", "request_heard", "request_not_said",
    "request_never_confirmed", "request_put", "request_not_opened", "request_left_behind",
)  # fmt: skip
WITH_A_NAME = ("request_doubted", "request_doubted_home", "profile_narrowed")  # whom to call
TURN = 10  # of what waits for a decision anew, a level is ten times the turn and the step
AFTER_TAKING_OVER = (
    gettext_lazy("Apply for the order before the hold ends"),
    gettext_lazy("The case was taken over. Without the binding order the hold ends by itself."),
)
OWN_TASKS = {
    "acknowledge_overdue": gettext_lazy(
        "Your institution has not acknowledged the ticket. Take it."
    ),
    "answer_overdue": gettext_lazy("Your institution has not answered in time. Answer it now."),
}


def tasks(found: Iterable[Task], actor: Actor) -> list[dict[str, Any]]:
    """Tasks for a table or a list. One statement more where one waits for a prosecutor."""
    rows = list(found)
    steps = last_steps([r.case_id for r in rows if r.kind == "decide_hold" and r.case_id])
    return [_task(row, actor, steps.get(row.case_id) if row.case_id else None) for row in rows]


def _task(row: Task, actor: Actor, step: Step | None) -> dict[str, Any]:
    title, text = TASKS.get(row.kind, (row.kind.replace("_", " "), ""))
    if row.kind == "decide_hold" and row.done_at is None and step and step.what == TAKEN_OVER:
        title, text = AFTER_TAKING_OVER
    if row.owner_id != row.issuer_id:
        text = OWN_TASKS.get(row.kind, text)
    if row.values.get("nobody_else"):
        again = gettext("No other person of this desk has a mandate: the same one is named again.")
        text = f"{text} {again}"
    ticket = row.values.get("ticket", "")
    is_glass, is_named = row.kind.startswith("glass_"), row.kind in WITH_A_NAME
    is_open = row.owner_id == actor.organisation_id and row.done_at is None
    return {
        "id": row.id,
        "title": title,
        "text": text,
        "level": 0 if row.kind == "abroad" else row.level % TURN,
        "is_abroad": row.kind == "abroad",
        "request_id": row.about if row.kind in OF_REQUESTS else None,
        "request_reference": row.values.get("request", ""),
        "ticket_id": row.values.get("ticket_id", row.about) if ticket else None,
        "ticket_reference": ticket,
        "case_id": row.case_id if actor.organisation_id != row.owner_id or row.case else None,
        "case_reference": row.case.reference if row.case else row.values.get("case_reference", ""),
        "place": "" if is_glass or is_named else row.values.get("place", ""),
        "whom": row.values.get("place", "") if is_named else "",
        "glass": row.values.get("place", "") if is_glass else "",
        "directory": row.values.get("directory", ""),
        "key": row.values.get("key", ""),
        "amount_minor": row.values.get("amount_minor"),
        "currency": row.values.get("currency", ""),
        "owner_name": row.owner.name,
        "person_name": row.person.full_name if row.person else "",
        "opened_at": row.opened_at,
        "due_at": row.due_at,
        "done_at": row.done_at,
        "can_finish": is_open and row.kind not in (*DECIDED, *REVIEWED),
        "can_decide": is_open and row.kind in DECIDED,
    }
