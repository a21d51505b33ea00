"""A case's own trace to take away: the page's sums, real times, nobody else's victims, noted."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from recoup.apps.cases.models import Case
from recoup.apps.holds import case_ledger
from recoup.apps.holds.case_working import case_working
from recoup.apps.members import queries as members
from recoup.apps.traces import paper_page
from recoup.apps.traces.paper import Cover
from recoup.core.tracing import RULES
from recoup.core.tracing.working import Asset
from recoup.core.tracing.working_parts import Part
from recoup.web.case_exports import FORMS
from support.bank import Banks, Ledger
from support.case_pages import hand_over, signed_in, text_of
from support.chain import report
from support.roles import as_owner
from support.world import FIU, OFFICER, PROSECUTOR

RSD = Asset("RSD", 2)
OTHER_VICTIM = 10002


def asset_of(code: str) -> Asset:
    return Asset(code, 2)


def followed(ledger: Ledger) -> tuple[Case, Case]:
    """Two victims on one account, money on from there, some of it taken as cash."""
    ledger.account("other", "plum", OTHER_VICTIM, 900_000)
    ledger.account("first", "quince", 20001, 30_000)
    one = ledger.pay("victim", "first", 50_000, minute=10)
    two = ledger.pay("other", "first", 30_000, minute=11)
    ledger.pay("first", "cash", 10_000, minute=12)
    ledger.pay("first", "second", 70_000, minute=14)
    ledger.pay("second", "third", 40_000, minute=16)
    filed, also = report(ledger, one), report(ledger, two)
    Banks(ledger).run()
    return ledger.world.case_of(filed), ledger.world.case_of(also)


def take(case: Case, form: str, login: str = OFFICER, **query: str) -> Any:
    answer = signed_in(login).get(f"/cases/{case.id}/export", {"form": form, **query})
    if folder := os.environ.get("RECOUP_SHOTS"):
        name = "-".join(["take", form, *query.values()]).replace(":", "")
        Path(folder, f"{name}{FORMS[form].suffix}").write_bytes(answer.content)
    return answer


def trail(ledger: Ledger, case: Case) -> list[dict[str, Any]]:
    with as_owner():
        rows = ledger.world.run(
            "select body from audit_auditleaf where stream = %s order by stream_seq",
            f"export:{case.id.hex}",
        )
    return [json.loads(bytes(body)) for (body,) in rows]


def loaded(ledger: Ledger, case: Case) -> case_ledger.CaseLedger:
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        found = case_ledger.ledger_of(case.id)
    assert found is not None
    return found


def test_each_form_is_a_file_and_a_line_of_the_trail(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    for form in FORMS:
        answer = take(case, form, rule="libr")
        assert answer.status_code == 200, form
        assert answer["Content-Type"] == FORMS[form].content_type
        name = re.fullmatch(r'attachment; filename="([\w.-]+)"', answer["Content-Disposition"])
        assert name and name[1].endswith(FORMS[form].suffix) and "libr" in name[1]
        assert "default-src" in answer["Content-Security-Policy"]
        line = json.dumps(trail(ledger, case)[-1])
        assert "trace:exported" in line and f'"{form}"' in line and '"libr"' in line
        assert hashlib.sha256(answer.content).hexdigest() in line
    assert len(trail(ledger, case)) == len(FORMS)


def test_the_same_inputs_give_the_same_bytes(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    for form in ("steps", "accounts", "comparison", "working", "followthemoney"):
        first = take(case, form).content
        assert take(case, form).content == first, form
        assert take(case, form, rule="lifo").content != first, form
    english = take(case, "working").content
    serbian = signed_in(OFFICER)
    serbian.cookies["django_language"] = "sr"
    assert serbian.get(f"/cases/{case.id}/export", {"form": "working"}).content == english


@pytest.mark.parametrize("rule", [key for key in RULES if RULES[key].conserves])
def test_the_file_has_the_sums_of_the_page(ledger: Ledger, rule: str) -> None:
    case, other = followed(ledger)
    for one in (case, other):
        known = loaded(ledger, one)
        found = case_working(known, rule=rule, at=None, asset=RSD)
        page = known.under(rule)
        own = {claim.id for claim in known.claims}
        there: dict[str, int] = {}
        for row in page.rows:
            if row.claim in own and (units := row.held + row.lying):
                ident = known.names[row.account].ident
                there[ident] = there.get(ident, 0) + units
        told = {h.account: h.units for h in found.working.held if h.account in found.known}
        kept = {ident: told.get(ident, 0) for ident in there}
        assert kept == there
        assert found.working.adds_up and found.working.shares.lost == known.claims[0].amount


def test_times_are_those_of_the_bookings_and_in_the_order_of_the_books(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    rows = list(
        csv.DictReader(io.StringIO(take(case, "steps").content.decode("utf-8-sig"), newline=""))
    )
    paid = ledger.paid[0]
    assert rows[0]["time"][:19] == f"{ledger.at(paid):%Y-%m-%dT%H:%M}:{rows[0]['time'][17:19]}"
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert all(row["source"] and row["place"] for row in rows)
    known = loaded(ledger, case)
    for rule in RULES:
        books = known.under(rule).books
        real, _sources = known.working(rule)
        by_time = sorted(real.transfers, key=lambda x: (x.t, x.seq, x.id))
        assert [x.id for x in by_time] == [x.id for x in books.ledger.transfers]


def test_nothing_of_another_report_is_told(ledger: Ledger) -> None:
    case, other = followed(ledger)
    theirs = ledger.accounts["other"].ident
    for form in FORMS:
        if form != "pdf":
            text = take(case, form, rule="prorata").content.decode()
            assert theirs not in text and theirs[-8:] not in text, form
            assert other.reference not in text and str(other.id) not in text, form
    facts = json.loads(take(case, "working", rule="prorata").content)
    assert facts["inputs"]["payments_not_told"] == 1 and len(facts["payments"]) == 1
    assert "traced along" in take(case, "page").content.decode()


def test_each_end_of_the_money_has_its_name(ledger: Ledger) -> None:
    ledger.account("first", "quince", 20001, 0)
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    ledger.pay("first", "cash", 10_000, minute=12)
    ledger.pay("first", "victim", 5_000, minute=13)
    ledger.pay("first", "second", 30_000, minute=14)
    filed = report(ledger, paid)
    Banks(ledger).run()
    found = case_working(
        loaded(ledger, ledger.world.case_of(filed)), rule="fifo", at=None, asset=RSD
    )
    ends = {one.account: (one.kind, one.units) for one in found.working.held}
    [cash] = [name for name in ends if name.startswith("cash")]
    assert ends[cash] == ("terminal", 10_000) and str(found.said[cash]) == "cash taken"
    assert ends[ledger.accounts["victim"].ident] == ("source", 5_000)
    assert ends[ledger.accounts["second"].ident] == ("other", 30_000)
    assert sum(units for _, units in ends.values()) == 50_000
    ways = [name for name in found.said if name.startswith("way ")]
    assert ways and all(str(found.said[way]).startswith("on its way to RS35") for way in ways)


def test_the_note_on_kosovo_stands_with_the_name_in_page_and_picture(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    found = case_working(loaded(ledger, case), rule="fifo", at=None, asset=RSD)
    names = {ledger.accounts["second"].ident: "Bank of Kosovo"}
    cover = Cover("T", datetime(2026, 2, 1, tzinfo=UTC), names=names)
    said = paper_page.page(found.working, cover).decode()
    assert "Bank of Kosovo*" in said and "without prejudice" in said
    assert not re.search(r"Bank of Kosovo(?!\*)", said)
    assert paper_page.page(found.working, cover).decode() == said


def test_a_moment_is_as_the_page_has_it_and_without_what_banks_hold_now(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    at = f"{ledger.at(ledger.paid[3]):%Y-%m-%dT%H:%M:%S}+00:00"
    facts = json.loads(take(case, "working", at=at).content)
    assert facts["rule"]["as_of"]["utc"].startswith(at[:16])
    assert all(step["time"]["utc"] <= facts["rule"]["as_of"]["utc"] for step in facts["steps"])
    assert "What banks hold" in take(case, "page").content.decode()
    assert "What banks hold for" not in take(case, "page", at=at).content.decode()


def test_who_sees_the_trace_but_may_not_take_it_gets_nothing(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    hand_over(ledger.world, case)
    shown = text_of(PROSECUTOR, f"/cases/{case.id}/flow?rule=lifo")
    assert "Every unit is accounted for" in shown and "/export" not in shown
    assert take(case, "pdf", PROSECUTOR).status_code == 403
    assert take(case, "pdf", "mila.linden").status_code == 403
    assert Client().get(f"/cases/{case.id}/export").status_code in (302, 403)
    assert take(case, "working", FIU).status_code == 404, "may export, and does not see this case"
    assert trail(ledger, case) == []


def test_what_cannot_be_read_or_made_is_said(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    assert take(case, "working", rule="clayton").status_code == 422
    refused = take(case, "working", currency="EUR")
    assert refused.status_code == 409 and "nothing to trace" in refused.content.decode()
    assert signed_in(OFFICER).get(f"/cases/{case.id}/export?form=xlsx").status_code == 404
    assert trail(ledger, case) == []


def exchanged(ledger: Ledger) -> Case:
    """5,000 dinars of a victim, 4,000 of which become euros at another bank; some of them cash."""
    ledger.account("first", "quince", 20001, 0)
    ledger.account("euros", "linden", 40002, 0, currency="EUR")
    paid = ledger.pay("victim", "first", 500_000, minute=10)
    ledger.pay("first", "cash", 50_000, minute=11)
    ledger.pay("first", "euros", 400_000, minute=12, credited=3_416)
    ledger.pay("euros", "cash", 1_000, minute=14)
    filed = report(ledger, paid)
    Banks(ledger).run()
    return ledger.world.case_of(filed)


def test_an_exchange_on_the_way_is_a_step_between_two_parts(ledger: Ledger) -> None:
    case = exchanged(ledger)
    found = case_working(loaded(ledger, case), rule="fifo", at=None, asset=RSD, asset_of=asset_of)
    rsd, eur = found.working.parts
    assert (rsd.asset.code, eur.asset.code) == ("RSD", "EUR") and found.working.adds_up
    first, euros = ledger.accounts["first"].ident, ledger.accounts["euros"].ident
    there = {one.account: one.units for one in rsd.held}
    assert there.pop(first) == 50_000 and list(there.values()) == [50_000]
    there = {one.account: one.units for one in eur.held}
    assert there.pop(euros) == 2_416 and list(there.values()) == [1_000]
    [step] = found.working.exchanges
    assert (step.transfer.amount, step.transfer.credited) == (400_000, 3_416)
    assert step.source is not None and step.source.kind == "ticket"


def test_every_form_of_an_exchanged_case_has_both_currencies(ledger: Ledger) -> None:
    case = exchanged(ledger)
    for form in FORMS:
        answer = take(case, form, rule="prorata")
        assert answer.status_code == 200, form
        if form not in ("pdf", "comparison"):
            text = answer.content.decode()
            assert "EUR" in text and "RSD" in text, form
    page = take(case, "page").content.decode()
    for said in ("4,000.00 RSD", "34.16 EUR", "What is in EUR", "Exchanges on the way",
                 "in each of 2 currencies", "5,000.00 RSD lost"):  # fmt: skip
        assert said in page, said
    facts = json.loads(take(case, "working").content)
    assert [one["asset"] for one in facts["conservation"]["currencies"]] == ["RSD", "EUR"]
    assert facts["conservation"]["adds_up"] is True


def test_the_page_and_the_file_of_an_exchanged_case_agree(ledger: Ledger) -> None:
    known = loaded(ledger, exchanged(ledger))
    for rule in RULES:
        if not RULES[rule].conserves:
            continue
        found = case_working(known, rule=rule, at=None, asset=RSD, asset_of=asset_of)
        totals = {one.currency: one for one in known.under(rule).totals}
        for part in found.working.parts:
            total = totals[part.asset.code]
            assert isinstance(part, Part)
            assert (part.entered, part.left) == (total.exchanged_in, total.exchanged_out)
            assert part.shares.lost == total.lost


def test_followthemoney_names_the_bic_that_the_directory_knows(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, _ = followed(ledger)
    with as_owner():
        ledger.world.run("update members_organisation set bic = '' where code = 'linden'")
        ledger.world.run("update members_organisation set bic = 'QUNCRSB0' where code = 'quince'")
    monkeypatch.setattr(members, "_directory", (-1e9, {}))
    written = take(case, "followthemoney").content.decode()
    told = {
        one["iban"][0]: one.get("bic")
        for one in (json.loads(line)["properties"] for line in written.splitlines())
        if "iban" in one
    }
    assert told[ledger.accounts["first"].ident] == ["QUNCRSB0"]
    assert all(not bic for iban, bic in told.items() if ledger.accounts["third"].ident == iban)


def test_the_page_offers_the_files_of_what_is_shown(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    text = text_of(OFFICER, f"/cases/{case.id}?rule=libr")
    for form in FORMS:
        assert f"/cases/{case.id}/export?rule=libr&amp;form={form}&amp;currency=RSD" in text
