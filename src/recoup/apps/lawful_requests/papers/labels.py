"""Headings, labels and standing sentences of the papers, in English for the catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recoup.core.said import Said

KINDS: Final[Mapping[str, Said]] = {
    "request": Said("Request"),
    "order": Said("Order"),
    "answer": Said("Answer"),
    "refusal": Said("Refusal"),
    "receipt": Said("Receipt"),
}
LABELS: Final[Mapping[str, Said]] = {
    "page": Said("Page"),
    "of": Said("of"),
    "check": Said("Is this paper real?"),
    "check_how": Said(
        "Open this address, or type the code there: it says who sent the paper, and whether it is "
        "still in force. Nobody has to sign in. In doubt call the number of your own directory."
    ),
    "code": Said("Verification code"),
    "attachment": Said("The values of this paper, for machines"),
}
SIGNED_BY: Final = Said("Signed electronically by")
NOT_SIGNED: Final = Said("Not signed")
NOT_SIGNED_NOTE: Final = Said("A print without signature: compare it at the address below.")
DEMO_NOTE: Final = Said("Demonstration authority, no qualified certificate")
SEAL_NOTE: Final = Said("With the certificate of the organisation")

WHO: Final = Said("Who asks")
WHO_ANSWERS: Final = Said("Who answers")
BY_POWER: Final = Said("By which power")
UNTIL: Final = Said("Until when")
ANSWER_BY: Final = Said("Answer by")
ARTICLE: Final = Said("%(instrument)s, art. %(article)s")

BINDING: Final = Said("binding")
VOLUNTARY: Final = Said("voluntary request")
ASSUMED: Final = Said("assumed, not law")
NOT_CONFIRMED: Final = Said("not confirmed by a lawyer")
CONFIRMED: Final = Said("confirmed by %(who)s on %(on)s")
SECRET: Final = Said("confidential")
NOT_AUTHORISED: Final = Said("not yet authorised")

TO: Final = Said("To whom")
ORGANISATION: Final = Said("Organisation")
PERSON: Final = Said("Person")
MANDATE: Final = Said("Mandate")
CONTACT: Final = Said("Contact point")
CALL_BACK: Final = Said("Call back")
EMAIL: Final = Said("E-mail")
POWER: Final = Said("Under which law")
POWER_KEY: Final = Said("Rule")
WANTED: Final = Said("What is asked")
AMOUNT: Final = Said("Amount")
DATA: Final = Said("Data")
PERIOD: Final = Said("Period")
PERIOD_FROM: Final = Said("from %(start)s until the answer")
PERIOD_TO: Final = Said("from %(start)s to %(end)s")
NECESSITY: Final = Said("Why it is needed")
COSTS: Final = Said("Costs")
IDENTIFIERS: Final = Said("About")
IDENTIFIER: Final = Said("Identifier")
KIND: Final = Said("Kind")
PORT: Final = Said("Port")
MOMENT: Final = Said("Time")
PAYMENTS: Final = Said("Disputed payments")
REFERENCE: Final = Said("Reference")
FROM_ACCOUNT: Final = Said("From")
TO_ACCOUNT: Final = Said("To account")
PAYMENT: Final = Said("Payment")
DISPUTED: Final = Said("Disputed")
DECISION: Final = Said("To whom, and who decided")
DECIDED_BY: Final = Said("Decided by")
DECIDED_AT: Final = Said("Decided at")
FORM: Final = Said("Form")
NARROWED: Final = Said("Narrowed")
EXTENDS: Final = Said("Extends the order")
NEW_FACTS: Final = Said("What is new, since the longest time begins again")
WRITTEN_BY: Final = Said("To be confirmed in writing by")
SIGNATURE: Final = Said("Signature")
SIGNED_FOR: Final = Said(
    "Made by the hub in the name of %(who)s, with a key that the hub keeps, when this paper was "
    "taken. That person acted in the hub, under their own sign-in."
)
CONFIRMED_BY: Final = Said("Emergency: it lapses unless another person confirms it by")
OF_REQUEST: Final = Said("Of the request")
FORMS: Final[Mapping[str, Said]] = {
    "standing_instruction": Said("Standing instruction, signed by two persons"),
    "written": Said("Written decision"),
    "oral": Said("Oral decision, put in writing since"),
    "noted": Said("Oral decision as noted by who heard it, not yet in writing"),
    "none": Said("Not authorised"),
}
CLOCKS: Final = Said("Clocks")
CLOCK: Final = Said("Clock")
AT: Final = Said("At")
HOW_COUNTED: Final = Said("How it is counted")
CLOCK_NAMES: Final[Mapping[str, Said]] = {
    "sent": Said("Sent"),
    "acknowledge": Said("Acknowledge by"),
    "answer": Said("Answer by"),
    "lapse": Said("Lapses"),
    "hold_end": Said("The hold ends"),
    "written": Said("Confirmed in writing by"),
    "confirm": Said("Emergency confirmed by"),
    "notify": Said("The person concerned is told"),
    "retention": Said("Data are kept until"),
}
SECRECY: Final = Said("Confidential")
SECRECY_SAID: Final = Said(
    "The account holder and everybody else outside may not be told of this request."
)
ANSWERS: Final = Said("How it may be answered")
ANSWER: Final = Said("Answer")
GIVEN_AT: Final = Said("Answered")
CODE: Final = Said("Code")
ABOUT: Final = Said("Answers the paper")
DIGEST: Final = Said("Digest of its values (SHA-256)")
GROUND: Final = Said("Ground")
WAY_ON: Final = Said("The way that is left")
NOTE: Final = Said("Note")
TOLD: Final = Said("What was told")
FIELD: Final = Said("Field")
VALUE: Final = Said("Value")
FILES: Final = Said("Files")
FILE: Final = Said("File")
BYTES: Final = Said("Bytes")
RECEIVED_AT: Final = Said("Received")
VERDICT: Final = Said("Verdict")
TAKEN: Final = Said("taken")
NOT_TAKEN: Final = Said("not taken")
PACK: Final = Said("Rules %(country)s, version %(number)s, %(digest)s")
ASSUMED_SAID: Final = Said(
    "The rule this rests on was invented for the demonstration. It is no law, and nobody has to "
    "obey it."
)
UNCONFIRMED_SAID: Final = Said(
    "No lawyer has confirmed yet that this rule is written here as it stands in force."
)
