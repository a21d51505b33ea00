"""Who may ask, who may see, and that two persons are two: I01, I02, I14 and I19."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from recoup.apps.invariants.asking import Ask, NotYet, Rule, Said, Wrong, invariant

I01: Final = (
    Rule(
        "a ticket left without an authority to rest on",
        "select id from lawful_requests_ticket "
        "where sent_at is not null and instruction_id is null and decision_id is null",
    ),
    Rule(
        "a ticket of the chain rests on an instruction of another unit, measure or time",
        """
        select t.id from lawful_requests_ticket t
        join lawful_requests_standinginstruction i on i.id = t.instruction_id
        where t.sent_at is not null and (i.issuer_id <> t.issuer_id or i.measure <> t.measure
          or i.first_signer_id = i.second_signer_id or i.signed_at > t.authorised_at
          or i.valid_until <= t.authorised_at)
        """,
    ),
    Rule(
        "a ticket of a request rests on a word that authorises nothing, or not this",
        """
        select t.id from lawful_requests_ticket t
        join lawful_requests_decision d on d.id = t.decision_id
        where t.sent_at is not null and (d.request_id <> t.of_id
          or d.kind not in ('authorised', 'narrowed') or d.issuer_id <> t.issuer_id)
        """,
    ),
    Rule(
        "a decision was taken under a mandate of somebody else, or not in force at that instant",
        """
        select d.id from lawful_requests_decision d join members_mandate m on m.id = d.mandate_id
        where d.kind in ('authorised', 'narrowed', 'written', 'confirmed') and (
          m.person_id <> d.person_id or m.role <> d.role
          or d.decided_at < m.valid_from or d.decided_at >= m.valid_until)
        """,
    ),
)

# Of each table what an organisation may see: rows that name it, and no others.
PARTIES: Final = {
    "lawful_requests_ticket": ("issuer_id", "addressee_id"),
    "lawful_requests_answer": ("issuer_id", "addressee_id"),
    "lawful_requests_decision": ("issuer_id", "authority_id", "confirmer_id"),
    "lawful_requests_request": ("issuer_id", "authority_id", "confirmer_id"),
    "lawful_requests_deadline": ("issuer_id", "addressee_id"),
    "lawful_requests_ticketnote": ("issuer_id", "addressee_id"),
    "holds_ticketline": ("issuer_id", "addressee_id"),
    "holds_hold": ("issuer_id", "addressee_id"),
    "audit_auditleaf": ("organisation_id",),
}
OTHERS: Final = """
select {name!r}, id::text from {name} where {org} not in ({parties})
"""
# What leads from a ticket to its case; none of it is for who was asked.
OF_THE_CASE: Final = (
    ("cases_case", "id"),
    ("cases_caseevent", "case_id"),
    ("cases_casemember", "case_id"),
    ("holds_claim", "case_id"),
    ("holds_trail", "case_id"),
)
ADDRESSEES: Final = """
select distinct o.id from lawful_requests_ticket t join members_organisation o
  on o.id = t.addressee_id order by 1
"""
NO_POLICY: Final = """
select distinct relname from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
  and not a.attisdropped and a.attname in ('case_id', 'ticket_id', 'issuer_id', 'addressee_id')
  and not (c.relrowsecurity and c.relforcerowsecurity)
"""
POWERS: Final = """
select rolname from pg_roles where (rolsuper or rolbypassrls)
  and rolname in ('recoup_app', 'recoup_planner', 'recoup_owner', 'recoup_policy')
union all
select 'recoup_app owns ' || relname from pg_class
where relowner = (select oid from pg_roles where rolname = 'recoup_app')
"""

I14: Final = (
    Rule(
        "who drafted a request also decided on it, or heard the decision",
        """
        select d.id from lawful_requests_decision d
        join lawful_requests_request r on r.id = d.request_id
        where d.kind <> 'replied' and (d.person_id in (d.author_id, r.author_id)
          or d.heard_by_id in (d.author_id, r.author_id, d.person_id))
        """,
    ),
    Rule(
        "one person confirmed what they had decided themselves",
        "select id from lawful_requests_decision where first_person_id = person_id "
        "and kind = 'confirmed'",
    ),
    Rule(
        "both signatures under a standing instruction are one person's",
        "select id from lawful_requests_standinginstruction where first_signer_id = "
        "second_signer_id",
    ),
    Rule(
        "a machine's new key works before its day without the word of another organisation",
        """
        select k.id from members_apikey k join members_mandate m on m.id = k.mandate_id
        where k.made_by_id is not null and k.works_from < k.created_at + interval '1 day'
          and (k.agreed_by_id is null or k.agreed_by_id = k.made_by_id
            or k.agreed_for_id is null or k.agreed_for_id = m.organisation_id)
        """,
    ),
    Rule(
        "who drafted a change of the law approved it",
        "select id from lawful_requests_packdraft where approver_id = author_id",
    ),
    Rule(
        "two persons of one decision bear the same address: they may be one natural person",
        """
        select d.id from lawful_requests_decision d
        join members_person a on a.id = d.author_id join members_person p on p.id = d.person_id
        where d.kind in ('authorised', 'narrowed') and a.id <> p.id and a.email <> ''
          and lower(a.email) = lower(p.email)
        """,
    ),
)

I19: Final = (
    Rule(
        "a look by break-glass has no ground, or lasts longer than an hour",
        "select id from cases_breakglass where ground = '' or danger = '' "
        "or until > opened_at + interval '60 minutes'",
    ),
    Rule(
        "a look by break-glass was not told to whose case it is and to the hub's desk",
        """
        select g.id from cases_breakglass g where (
          select count(distinct k.kind) from cases_task k where k.about = g.id
            and (k.kind = 'glass_opened' and k.owner_id = g.owner_id
              or k.kind = 'glass_opened_hub')) < 2
        """,
    ),
    Rule(
        "a look by break-glass is no line of the log",
        """
        select g.id from cases_breakglass g where not exists (select from audit_auditleaf a
          where a.stream = 'break_glass:' || g.id::text and a.stream_seq = 1)
        """,
    ),
    Rule(
        "something was written by break-glass while no second person had joined",
        """
        select e.id from cases_caseevent e where e.what in ('glass_note', 'glass_adopt')
          and not exists (select from cases_breakglass g where g.id::text = e.values->>'glass'
            and g.case_id = e.case_id and g.joined_by_id <> g.person_id
            and e.at >= g.joined_at and e.at <= least(g.until, coalesce(g.ended_at, g.until)))
        """,
    ),
    Rule(
        "an act of two by break-glass is no line of the log that names both",
        """
        select g.id from cases_breakglass g where g.acts > (select count(*) from audit_auditleaf a
          where a.stream = 'break_glass:' || g.id::text
            and position(convert_to('"what":"break_glass:acted"', 'utf8') in a.body) > 0
            and position(convert_to(g.person_id::text, 'utf8') in a.body) > 0
            and position(convert_to(g.joined_by_id::text, 'utf8') in a.body) > 0)
        """,
    ),
    Rule(
        "who took part in a look by break-glass reviewed it",
        "select id from cases_breakglass where reviewed_by_id in (person_id, joined_by_id)",
    ),
    Rule(
        "a look by break-glass was neither reviewed by another person in time nor escalated",
        """
        select id from cases_breakglass where reviewed_by_id = person_id
          or reviewed_at is null and escalated_at is null
            and opened_at < now() - interval '72 hours 5 minutes'
        """,
    ),
)


@invariant("I01", "nothing was sent without an authority that was valid then, by another person")
def check_i01(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I01)


@invariant("I02", "who is asked sees what is addressed to it, and nothing of the case")
def check_i02(ask: Ask) -> Iterator[Said]:
    if found := ask.rows(NO_POLICY):
        yield Wrong("tables of tickets or cases are not under forced row-level security",
                    tuple(row[0] for row in found))  # fmt: skip
    if found := ask.rows(POWERS):
        yield Wrong("a log-in of the hub is above its policies", tuple(row[0] for row in found))
    if ask.as_app is None:
        return
    addressees = [int(row[0]) for row in ask.rows(ADDRESSEES)]
    cases = _cases_of(ask)
    with ask.as_app() as seen_by:
        for org in addressees:
            foreign = seen_by(org, _foreign(org, cases.get(org, [])))
            if foreign:
                where = tuple(f"{name} {row_id}" for name, row_id in foreign)
                yield Wrong(f"organisation {org} can read what is not addressed to it", where)
        if found := seen_by(0, _foreign(0, [])):
            yield Wrong("who is in no organisation can read rows",
                        tuple(f"{name} {row_id}" for name, row_id in found))  # fmt: skip


def _cases_of(ask: Ask) -> dict[int, list[str]]:
    """The cases of which an organisation is a member, and may see."""
    found: dict[int, list[str]] = {}
    for case, organisation in ask.rows(
        "select case_id::text, organisation_id from cases_casemember"
    ):
        found.setdefault(organisation, []).append(case)
    return found


def _foreign(org: int, cases: list[str]) -> str:
    parts = [
        OTHERS.format(name=name, org=org, parties=", ".join(f"coalesce({p}, -1)" for p in parties))
        for name, parties in PARTIES.items()
    ]
    own = ", ".join(f"'{case}'::uuid" for case in cases) or "null"
    for name, column in OF_THE_CASE:
        parts.append(
            f"select '{name}', id::text from {name} where ({column} in ({own})) is not true"  # noqa: S608
        )
    return " union all ".join(parts) + " limit 20"


@invariant("I14", "author, authoriser, sender and key custodian are never one person")
def check_i14(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I14)
    yield NotYet("custodians of keys (no table says who keeps which key)")


@invariant("I19", "emergency access to a case is short, told and reviewed")
def check_i19(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I19)
