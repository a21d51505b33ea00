"""Each of I01 to I20 sees what is broken on purpose, by words that name it; what cannot be asked
yet says so, and never counts as held."""

from __future__ import annotations

from pathlib import Path

import pytest

from recoup.apps import invariants
from recoup.apps.evidence import store
from recoup.apps.evidence.models import FilePiece
from recoup.apps.invariants import check_all
from recoup.cli import invariants as command
from support.roles import as_planner, asking
from support.world import World

pytestmark = [pytest.mark.breaks_invariants, pytest.mark.usefixtures("lived_in")]

LEAF_OF_SENT = """
alter table audit_auditleaf disable trigger user;
{change};
alter table audit_auditleaf enable trigger user
"""
A_SENT = (
    "(select id from audit_auditleaf where convert_from(body, 'UTF8') like '%ticket:sent%' limit 1)"
)
# An order over all lines, as the sequencer would give it, and a checkpoint over all of it.
ORDER = """
insert into audit_auditsequence (seq, leaf_id, hashes) select row_number() over (order by id), id,
  leaf_hash from audit_auditleaf where not exists (select 1 from audit_auditsequence);
alter table audit_auditsequence disable trigger user;
"""
SIGNED = """
insert into audit_auditcheckpoint (size, root, note, signed_at) select {size}, {root},
  convert_to('hub' || chr(10) || {words} || chr(10) || encode({root}, 'base64') || chr(10), 'UTF8'),
  now() from (select max(seq) as size from audit_auditsequence) s
"""
FILES = """
alter table evidence_evidencefile disable trigger user;
alter table evidence_filepiece disable trigger user;
{change}
"""
ERASED = FILES.format(
    change="""
update evidence_evidencefile set state = 'erased', wrapped_key = null, erased_at = now(),
  keep_until = {until}, name = '', what = '', said = '{{}}';
{more}
"""
)
# What is planted, the invariant that must see it, and words of what it says.
BREAKS = {
    "a ticket under another's instruction": (
        "update lawful_requests_standinginstruction set measure = measure || 'x'",
        "I01", "rests on an instruction of another",
    ),
    "an instruction that had ended": (
        "update lawful_requests_standinginstruction set valid_until = signed_at",
        "I01", "rests on an instruction of another",
    ),
    "an addressee that sees another's tickets": (
        "create policy leak on lawful_requests_ticket for select to recoup_app using (true)",
        "I02", "can read what is not addressed to it",
    ),
    "an addressee that sees the case": (
        "create policy leak on cases_case for select to recoup_app using (true)",
        "I02", "can read what is not addressed to it",
    ),
    "a table whose row security is off": (
        "alter table holds_ticketline disable row level security",
        "I02", "not under forced row-level security",
    ),
    "a ticket that may leave and is in no out-box": (
        "delete from lawful_requests_dispatch",
        "I03", "not in the out-box exactly once",
    ),
    "an acknowledged ticket without a clock": (
        "update lawful_requests_ticket set state = 'acknowledged', acknowledged_at = sent_at "
        "where state = 'sent'; delete from lawful_requests_deadline",
        "I03", "neither an answer nor a clock",
    ),
    "a second answer to one key": (
        "alter table members_givenanswer drop constraint given_answer_once",
        "I04", "does not refuse a second effect",
    ),
    "an answer put in the place of another": (
        "update lawful_requests_answer set sha256 = sha256('other'::bytea)",
        "I04", "not the one whose digest was told",
    ),
    "a state that nobody told": (
        "update lawful_requests_ticket set state = 'withdrawn' where state = 'sent'",
        "I05", "no line of the trail brought it to",
    ),
    "an acknowledgement before the sending": (
        "update lawful_requests_ticket set acknowledged_at = sent_at - interval '1 minute'",
        "I05", "not in the order of its life",
    ),
    "a hold that ended and goes on": (
        "update holds_hold set ended_at = now() where state = 'placed'",
        "I05", "has ended and has no end",
    ),
    "a block one larger": (
        "update holds_block set amount_minor = amount_minor + 1 where closed_at is null",
        "I06", "block each block is the sum",
    ),
    "an amount that rounds": (
        "alter table holds_block alter amount_minor type double precision",
        "I06", "kind of number that rounds",
    ),
    "a line taken out of the trail": (
        LEAF_OF_SENT.format(change=f"delete from audit_auditleaf where id = {A_SENT}"),
        "I07", "has a gap",
    ),
    "a line with another byte": (
        LEAF_OF_SENT.format(change="update audit_auditleaf set body = replace(convert_from(body, "
                            f"'UTF8'), 'sent', 'Sent')::bytea where id = {A_SENT}"),
        "I07", "not what its digest says",
    ),
    "a line moved to another organisation": (
        LEAF_OF_SENT.format(change="update audit_auditleaf set organisation_id = 999 "
                            f"where id = {A_SENT}"),
        "I07", "name another stream",
    ),
    "an order over all lines with a gap": (
        "insert into audit_auditsequence (seq, leaf_id, hashes) "
        "select 7, id, leaf_hash from audit_auditleaf limit 1",
        "I07", "order over all lines has a gap",
    ),
    "a report without a line": (
        "update reports_report set id = gen_random_uuid() where opened_at is null or true",
        "I08", "has no line",
    ),
    "a clock that fired too early": (
        "update lawful_requests_deadline set fired_at = due_at - interval '1 second'",
        "I09", "fired before it was due",
    ),
    "a clock that did not fire": (
        "update lawful_requests_deadline set due_at = now() - interval '61 seconds', "
        "fired_at = null",
        "I09", "has not fired",
    ),
    "a tree with another digest of a line": (
        ORDER + "update audit_auditsequence set hashes = decode(repeat('00', 32), 'hex') "
        "where seq = 1",
        "I07", "tree over all lines has another digest",
    ),
    "a checkpoint of more lines than there are": (
        ORDER + SIGNED.format(size="size + 1", root="'\\x00'", words="size + 1"),
        "I07", "counts more lines than there are",
    ),
    "a checkpoint whose words are another's": (
        ORDER + SIGNED.format(size="size", root="'\\x00'", words="size + 1"),
        "I07", "signed words of a checkpoint",
    ),
    "a checkpoint over another root": (
        ORDER + SIGNED.format(size="size", root="decode(repeat('00', 32), 'hex')", words="size"),
        "I07", "root of a checkpoint is not that of the lines",
    ),
    "a file erased before its day": (
        ERASED.format(until="current_date", more=""),
        "I10", "before its term had ended",
    ),
    "a file erased under a legal hold": (
        ERASED.format(until="current_date - 9", more="insert into evidence_legalhold (id, case_id, "
        "organisation_id, person_id, why, set_at, lifted_why) select gen_random_uuid(), case_id, "
        "organisation_id, person_id, 'Needed', erased_at, '' from evidence_evidencefile"),
        "I10", "while a legal hold stood",
    ),
    "a file erased by nobody": (
        ERASED.format(until="current_date - 9", more=""),
        "I10", "without two persons, a certificate and a line",
    ),
    "a file erased but for its name": (
        ERASED.format(until="current_date - 9", more="update evidence_evidencefile "
                      "set name = 'izvod.pdf'"),
        "I10", "more is left than the proof",
    ),
    "a file kept too long": (
        FILES.format(change="update evidence_evidencefile set keep_until = current_date - 3"),
        "I10", "kept a day after its term",
    ),
    "a piece that is gone": (
        FILES.format(change="delete from evidence_filepiece"),
        "I11", "has not all its pieces",
    ),
    "a piece of two files": (
        FILES.format(change="insert into evidence_filepiece (file_id, number, stored_as, size, "
                     "digest, at) select file_id, 7, stored_as, size, digest, at "
                     "from evidence_filepiece"),
        "I11", "one stored piece is two files",
    ),
    "a file with another digest than was told": (
        FILES.format(change="update evidence_evidencefile set digest = decode(repeat('00', 32), "
                     "'hex')"),
        "I11", "another digest than its receipt",
    ),
    "a file of the law with another byte": (
        "update lawful_requests_packversion set body = body || ' '::bytea",
        "I11", "version of the law is not what its digest says",
    ),
    "a ticket sent and still in the out-box": (
        "update lawful_requests_dispatch set sent_at = null",
        "I13", "its row of the out-box is not",
    ),
    "one person's two names": (
        "alter table lawful_requests_standinginstruction drop constraint instruction_two_people;"
        "update lawful_requests_standinginstruction set second_signer_id = first_signer_id",
        "I14", "both signatures",
    ),
    "a key that its own organisation let work at once": (
        "insert into members_apikey (id, mandate_id, key_sha256, created_at, name, made_by_id, "
        "works_from, agreed_by_id, agreed_for_id, agreed_told) select gen_random_uuid(), m.id, "
        "sha256('x'), now(), 'x', a.id, now(), b.id, m.organisation_id, 'x' from "
        "members_mandate m, members_person a, members_person b where a.id <> b.id limit 1",
        "I14", "without the word of another organisation",
    ),
    "a look by break-glass that nobody was told of": (
        "insert into cases_breakglass (id, organisation_id, person_id, case_id, owner_id, "
        "reference, danger, ground, opened_at, until, review_note) select gen_random_uuid(), "
        "k.owner_id, (select id from members_person limit 1), k.id, k.owner_id, k.reference, "
        "'life', 'x', now(), now() + interval '9 minutes', '' from cases_case k limit 1",
        "I19", "was not told to whose case it is",
    ),
    "a word by break-glass that one person wrote alone": (
        "insert into cases_caseevent (id, case_id, at, what, who, values) select "
        "gen_random_uuid(), id, now(), 'glass_note', '', '{}' from cases_case limit 1",
        "I19", "while no second person had joined",
    ),
    "an act of two that the log does not name": (
        "insert into cases_breakglass (id, organisation_id, person_id, case_id, owner_id, "
        "reference, danger, ground, opened_at, until, review_note, joined_by_id, joined_for_id, "
        "joined_at, acts) select gen_random_uuid(), k.owner_id, a.id, k.id, k.owner_id, "
        "k.reference, 'life', 'x', now(), now() + interval '9 minutes', '', b.id, k.owner_id, "
        "now(), 1 from cases_case k, members_person a, members_person b where a.id <> b.id limit 1",
        "I19", "no line of the log that names both",
    ),
    "a key in a case's timeline": (
        "update cases_caseevent set values = '{\"note\": \"rk_plum_0123456789abcdefghijklmnop\"}'",
        "I15", "a key is readable in the database",
    ),
    "work that nobody takes up": (
        "insert into holds_planwanted (id, case_id, since) select gen_random_uuid(), id, "
        "now() - interval '61 seconds' from cases_case limit 1",
        "I16", "work waits for more than a minute",
    ),
    "a moment without its zone": (
        "alter table holds_block alter opened_at type timestamp without time zone",
        "I18", "kept without its zone",
    ),
}  # fmt: skip


def said(number: str, **more: object) -> list[str]:
    with as_planner():
        found = {verdict.number: verdict for verdict in check_all(asking(**more))}
    return [str(wrong) for wrong in found[number].wrong]


def test_a_hub_that_was_used_breaks_none(world: World) -> None:
    with as_planner():
        verdicts = check_all(asking())
    assert [verdict.number for verdict in verdicts] == [f"I{n:02}" for n in range(1, 21)]
    assert [line for verdict in verdicts for line in verdict.lines()] == []


@pytest.mark.parametrize("name", BREAKS)
def test_each_break_is_seen(world: World, name: str) -> None:
    sql, number, words = BREAKS[name]
    for statement in filter(str.strip, sql.split(";")):
        world.run(statement)
    assert any(words in line for line in said(number, worker_runs=True)), said(number)


def test_every_invariant_that_is_asked_has_a_planted_break(world: World) -> None:
    with as_planner():
        asked = {verdict.number for verdict in check_all(asking()) if verdict.asked}
    assert asked == {number for _, number, _ in BREAKS.values()}
    assert all(hasattr(invariants, f"check_{number.lower()}") for number in asked)


def test_what_cannot_be_asked_yet_is_named_and_not_counted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with as_planner():
        assert command.report(asking()) == 0
    out = capsys.readouterr().out
    assert "· I20 " in out
    assert "17 of 17 hold" in out and "not counted: I12, I17, I20" in out


def test_a_planted_canary_is_found_in_rows_and_logs(world: World, tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("GET /?secret=swan.song 200\n")
    assert said("I15", canaries=("swan.song",)) == []
    assert said("I15", canaries=("swan.song",), logs=tmp_path) == [
        "a canary is readable in a log: web.log"
    ]
    world.run("update reports_reportstory set story = 'swan.song'")
    assert said("I15", canaries=("swan.song",)) == [
        "a canary is readable in the database: reports_reportstory"
    ]


def test_a_piece_that_is_gone_or_changed_in_the_storage_is_found(world: World) -> None:
    with as_planner():
        name = FilePiece.objects.order_by("file_id", "number")[0].stored_as
    with store.opened(name) as piece:
        content = piece.read()
    assert said("I11") == []
    store.remove([name])
    assert any("the vault: is missing: " + name in line for line in said("I11"))
    store.put(name, [content[:-1], bytes([content[-1] ^ 1])])
    assert [line.partition(": file")[0] for line in said("I11")] != []
    assert not any("is missing" in line for line in said("I11"))
    assert said("I11", vault_bytes=0) == []
    store.remove([name])
    store.put(name, [content])
    assert said("I11") == []


def test_every_declared_constraint_is_in_the_database(world: World) -> None:
    from django.apps import apps

    there = {row[0] for row in world.run("select relname from pg_class union all "
                                         "select conname from pg_constraint")}  # fmt: skip
    declared = {
        rule.name for model in apps.get_models()
        for rule in [*model._meta.constraints, *model._meta.indexes]
    }  # fmt: skip
    assert declared - there == set()
