"""Papers as they are printed: archival, accessible, the same bytes, in three languages."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from recoup.apps.lawful_requests.papers import labels
from recoup.apps.lawful_requests.papers.printing import Seal, printed
from recoup.apps.traces.voice import of_catalogue
from recoup.core.document import canonical, kind_of
from recoup.core.said import Said
from recoup.web.catalogs import LOCALE, compile_catalogs, load
from support import papers
from support.workings import HOSTILE

SEAL = Seal("Police, High-Tech Crime", "Luka Petrović", "duty officer", papers.AT, True)
needs_poppler = pytest.mark.skipif(
    not shutil.which("pdftotext") or not shutil.which("pdfdetach"), reason="poppler is not here"
)


def said_in(document: bytes) -> str:
    run = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=document, capture_output=True, check=True
    )
    return " ".join(run.stdout.decode().split())


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory):
    folder = tmp_path_factory.mktemp("locale")
    compile_catalogs(LOCALE, folder)
    return folder


@pytest.mark.parametrize("document", papers.each(), ids=kind_of)
def test_the_same_values_give_the_same_bytes_on_one_archival_and_accessible_page(document):
    one = printed(document, seal=SEAL)
    assert one == printed(document, seal=SEAL)
    assert one.values == canonical(document)
    assert b"<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in one.pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in one.pdf
    assert b"/AFRelationship/Data" in one.pdf.replace(b" ", b"")
    assert len(re.findall(rb"/Type\s*/Page\b", one.pdf)) == 1


@needs_poppler
def test_the_values_inside_are_taken_out_by_other_tools(tmp_path):
    one = printed(papers.request())
    (tmp_path / "paper.pdf").write_bytes(one.pdf)
    subprocess.run(
        ["pdfdetach", "-save", "1", "-o", str(tmp_path / "out"), str(tmp_path / "paper.pdf")],
        check=True,
    )
    assert (tmp_path / "out").read_bytes() == one.values


@needs_poppler
def test_a_request_says_who_by_which_power_until_when_and_how_to_check():
    said = said_in(printed(papers.request(), seal=SEAL).pdf)
    for part in (
        "Police, High-Tech Crime", "Luka Petrović", "Agreement on urgent holds, art. 2",
        papers.TEXT[:60], "Until when 2026-11-23 10:45:00 (UTC+01:00)", "480,000.00 RSD",
        "assumed, not law", "voluntary request", "+381 11 000 000", "RS35 9930",
        "Counted from sending: 30 minutes.", "Standing instruction, signed by two persons",
        "The money leaves within the hour.", papers.CODE, "Rules RS, version 1",
        "Demonstration authority, no qualified certificate", "Page 1 of 1", "Held (held)",
    ):  # fmt: skip
        assert part in said, part


@needs_poppler
def test_an_order_says_port_zone_period_narrowing_and_the_clock_of_the_written_decision():
    said = said_in(printed(papers.order(), seal=SEAL).pdf)
    for part in (
        "51512", "2026-11-02 21:14:09 (UTC+01:00) Europe/Belgrade", "Oral decision",
        "The period was shortened by 3 days.", "To be confirmed in writing by",
        "confirmed by A. Lawyer on 2026-10-01", "binding", "Costs", "LR-1",
    ):  # fmt: skip
        assert part in said, part
    assert "not confirmed" not in said and "not law" not in said


@needs_poppler
def test_a_rule_that_nobody_confirmed_says_so():
    power = replace(papers.LAW, is_confirmed=False)
    one = replace(papers.order(), head=papers.head(power=power))
    assert "not confirmed by a lawyer" in said_in(printed(one).pdf)


@needs_poppler
def test_a_request_without_a_decision_and_a_print_without_signature_say_so():
    said = said_in(printed(replace(papers.request(), authorisation=None)).pdf)
    assert "not yet authorised" in said
    assert "Not signed" in said


@needs_poppler
def test_nothing_in_a_name_acts_or_is_lost():
    for name in HOSTILE.values():
        head = papers.head()
        sender = replace(head.sender, organisation=name, person=name)
        one = replace(papers.request(), head=replace(head, sender=sender, title=name[:80]))
        said = said_in(printed(one).pdf)
        assert "root:x:0:0" not in said
        assert papers.CODE in said


@needs_poppler
@pytest.mark.parametrize(
    ("name", "noted"),
    [("Desk for Kosovo", True), ("Служба за Косово", True), ("Belgrade", False),
     ("desk@kosovo.invalid", False)],
)  # fmt: skip
def test_the_note_stands_where_the_name_occurs(name, noted):
    head = papers.head()
    one = replace(papers.request(), head=replace(head, sender=replace(head.sender, contact=name)))
    said = said_in(printed(one).pdf)
    assert ("UNSC 1244" in said) == noted
    assert ((name + "*") in said) == noted


@needs_poppler
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("sr", ["Захтев", "Ко тражи", "По ком овлашћењу", "480.000,00 RSD", "Страна 1 од 1"]),
        ("sr-latn", ["Zahtev", "Ko traži", "Po kom ovlašćenju", "480.000,00 RSD"]),
    ],
)
def test_a_paper_speaks_serbian_in_both_scripts(catalogues, language, words):
    voice = of_catalogue(language, catalogues)
    said = said_in(printed(papers.request(language=language), voice=voice, seal=SEAL).pdf)
    for word in words:
        assert word in said, said
    for left in ("Who asks", "Clocks", "Page 1", "Verification"):
        assert left not in said


def test_every_word_of_a_paper_is_translated():
    known = load("sr")
    found = [x for x in vars(labels).values() if isinstance(x, Said)]
    for table in (labels.KINDS, labels.LABELS, labels.FORMS, labels.CLOCK_NAMES):
        found += table.values()
    assert [x for x in found if not known.get(x) or not known.get(x).string] == []


def test_a_long_request_keeps_its_field_on_the_first_page_and_its_code_on_the_last():
    many = tuple(papers.ASK.payments * 120)
    one = replace(papers.request(), ask=replace(papers.ASK, payments=many))
    assert len(re.findall(rb"/Type\s*/Page\b", printed(one).pdf)) > 2
