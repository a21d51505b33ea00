"""What the audit trail owes the rows, and itself: I05, I07 and I08."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from recoup.apps.invariants.asking import Ask, NotYet, Rule, Said, Wrong, invariant
from recoup.core import hold, lawful_request
from recoup.core.merkle import Growing

# The line that each state of a ticket must have behind it.
LINE_OF: Final = {
    "authorised": ("ticket:authorised", "ticket:queued_again"),
    "sent": ("ticket:sent",),
    "acknowledged": ("ticket:acknowledged",),
    "answered": ("ticket:answered",),
    "refused": ("ticket:answered",),
    "closed": ("ticket:closed",),
    "withdrawn": ("ticket:withdrawn",),
    "undeliverable": ("ticket:undeliverable",),
    "lapsed": ("ticket:lapsed",),
}
PAIRS: Final = ", ".join(
    f"('{state}', '{what}')" for state, whats in LINE_OF.items() for what in whats
)
ENDS: Final = ("ticket:withdrawn", "ticket:lapsed")
MOVES_ON: Final = ("ticket:sent", "ticket:acknowledged", "ticket:undeliverable", "ticket:closed")
IN_FORCE: Final = ", ".join(f"'{state.value}'" for state in sorted(hold.IN_FORCE))


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


I05: Final = (
    Rule(
        "a ticket is in a state that no line of the trail brought it to",
        f"""
        select t.id, t.state from lawful_requests_ticket t where t.state <> 'drafted'
          and not exists (select 1 from line l join (values {PAIRS}) p (state, what)
            on p.what = l.what where l.stream = 'ticket:' || t.id and p.state = t.state)
        """,  # noqa: S608
        of_trail=True,
        needs_worker=True,  # tests bring tickets into states by hand
    ),
    Rule(
        "a ticket went on after it had ended",
        f"""
        select distinct a.stream from line a join line b
          on b.stream = a.stream and b.stream_seq > a.stream_seq
        where a.what in ({_listed(ENDS)}) and b.what in ({_listed(MOVES_ON)})
          and a.stream like 'ticket:%'
        """,  # noqa: S608
        of_trail=True,
    ),
    Rule(
        "the moments of a ticket are not in the order of its life",
        """
        select id from lawful_requests_ticket where sent_at < authorised_at
          or acknowledged_at < sent_at or answered_at < sent_at
        """,
        needs_worker=True,
    ),
    Rule(
        "a hold has ended and has no end, or has an end and goes on",
        f"""
        select id, state from holds_hold
        where (ended_at is null) <> (state in ({IN_FORCE})) and state <> 'declined'
        """,  # noqa: S608
    ),
)
I07: Final = (
    Rule(
        "a stream of the trail has a gap, a repetition, or does not begin at 1",
        """
        select stream from audit_auditleaf group by stream
        having min(stream_seq) <> 1 or max(stream_seq) <> count(*)
        """,
    ),
    Rule(
        "a line is not what its digest says, or does not follow the line before it",
        """
        select l.id from audit_auditleaf l
        left join audit_auditleaf b on b.stream = l.stream and b.stream_seq = l.stream_seq - 1
        where l.leaf_hash <> sha256('\\x00'::bytea || l.body)
          or l.prev_stream_hash <> coalesce(b.leaf_hash, decode(repeat('00', 32), 'hex'))
        """,
    ),
    Rule(
        "a line's bytes name another stream, number, organisation, moment or predecessor",
        """
        select id from leaf where said ->> 'stream' <> stream
          or (said ->> 'stream_seq')::int <> stream_seq
          or (said ->> 'organisation')::int <> organisation_id
          or (said ->> 'at')::timestamptz <> recorded_at
          or said ->> 'prev' <> encode(prev_stream_hash, 'hex')
        """,
        of_trail=True,
    ),
    Rule(
        "the order over all lines has a gap, or names a line that is not there",
        """
        select 'order' from audit_auditsequence having min(seq) <> 1 or max(seq) <> count(*)
        union all
        select s.leaf_id::text from audit_auditsequence s
        where not exists (select 1 from audit_auditleaf l where l.id = s.leaf_id)
        """,
    ),
    Rule(
        "the tree over all lines has another digest of a line than the line",
        """
        select s.seq from audit_auditsequence s join audit_auditleaf l on l.id = s.leaf_id
        where substr(s.hashes, 1, 32) <> l.leaf_hash
        """,
    ),
    Rule(
        "a signed checkpoint counts more lines than there are",
        """
        select size from audit_auditcheckpoint
        where size > (select coalesce(max(seq), 0) from audit_auditsequence)
        """,
    ),
    Rule(
        "the signed words of a checkpoint are not its size and root",
        """
        select size from audit_auditcheckpoint
        where split_part(convert_from(note, 'UTF8'), E'\\n', 2) <> size::text
          or split_part(convert_from(note, 'UTF8'), E'\\n', 3) <> encode(root, 'base64')
        """,
    ),
)
ORDERED: Final = """
select l.leaf_hash from audit_auditsequence s join audit_auditleaf l on l.id = s.leaf_id
where s.seq > %(after)s order by s.seq limit %(count)s
"""
CHECKPOINTS: Final = "select size, root from audit_auditcheckpoint"
AT_A_TIME: Final = 50_000
I08: Final = (
    Rule(
        "a line does not name who, in which role, of which organisation, about what, or when",
        """
        select id from leaf where coalesce(said ->> 'what', '') = ''
          or coalesce(said ->> 'role', '') = '' or said ->> 'organisation' is null
          or coalesce(said ->> 'stream', '') = '' or said ->> 'at' is null
          or not jsonb_exists(said, 'person') or not jsonb_exists(said, 'mandate')
        """,
        of_trail=True,
    ),
    Rule(
        "something was done of which the trail has no line",
        """
        select 'report', r.id::text from reports_report r where not exists (
          select 1 from line l where l.stream = 'report:' || r.id and l.what = 'report:filed')
        union all
        select 'ticket', t.id::text from lawful_requests_ticket t where t.sent_at is not null
          and not exists (select 1 from line l where l.stream = 'ticket:' || t.id
            and l.what = 'ticket:sent')
        union all
        select 'request', r.id::text from lawful_requests_request r where not exists (
          select 1 from line l where l.stream = 'request:' || r.id and l.what = 'request:drafted')
        union all
        select 'answer', a.id::text from lawful_requests_answer a where (
          select count(*) from line l where l.stream = 'ticket:' || a.ticket_id
            and l.what = 'ticket:answered') < (
          select count(*) from lawful_requests_answer o where o.ticket_id = a.ticket_id)
        union all
        select 'hold', h.id::text from holds_hold h where h.state = 'lapsed' and not exists (
          select 1 from line l where l.stream = 'hold:' || h.id and l.what = 'hold:lapsed')
          and not exists (select 1 from lawful_requests_ticket t where t.request = h.id
            and t.state in ('lapsed', 'refused', 'undeliverable'))
        """,
        of_trail=True,
    ),
)


@invariant("I05", "states follow the declared ways, and each step has its line")
def check_i05(ask: Ask) -> Iterator[Said]:
    unknown = {state.value for state in lawful_request.RequestState} - LINE_OF.keys() - {"drafted"}
    if unknown:
        yield Wrong("states of a ticket that no line is known for", tuple(sorted(unknown)))
    yield from ask.broken(I05)


@invariant("I07", "the trail has no gap, and every digest is right")
def check_i07(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I07)
    if not ask.rows("select 1 from audit_auditsequence limit 1"):
        yield NotYet("the order over all lines (nothing has been sequenced)")
    roots = {int(row[0]): bytes(row[1]) for row in ask.rows(CHECKPOINTS)}
    if not roots:
        yield NotYet("roots and checkpoints (none has been signed)")
    elif other := tuple(str(size) for size in _other_roots(ask, roots)):
        yield Wrong("the root of a checkpoint is not that of the lines it counts", other)


def _other_roots(ask: Ask, roots: Mapping[int, bytes]) -> Iterator[int]:
    """Sizes at which the lines, in their order, have another root than was signed.

    All checkpoints are of one tree then, so that each continues the one before it.
    """
    tree, last = Growing(), max(roots)
    while tree.size < last:
        found = ask.rows(ORDERED, {"after": tree.size, "count": AT_A_TIME})
        for row in found:
            tree.add(bytes(row[0]))
            signed = roots.get(tree.size)
            if signed is not None and signed != tree.root():
                yield tree.size
        if not found:
            return


@invariant("I08", "everything that was done has a line, and each line says who did it")
def check_i08(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I08)
    yield NotYet("purpose of each line, and reads other than of cases (not in the lines)")
