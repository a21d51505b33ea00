"""A paper for court: the same bytes for the same trace, whatever names are in it."""

from __future__ import annotations

import gettext
import re
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
import typst

from recoup.apps.traces import paper_words
from recoup.apps.traces.paper import COVERED, Cover, fonts, paper, shown
from recoup.apps.traces.paper_labels import LABELS
from recoup.apps.traces.voice import ENGLISH, LANGUAGES, of_catalogue
from recoup.core.said import Said
from recoup.core.tracing import RULES, Ledger, Seed, Transfer
from recoup.core.tracing.side_by_side import SideBySide
from recoup.core.tracing.working import work_out
from recoup.web.catalogs import LOCALE, compile_catalogs
from support.workings import HOSTILE, hostile, long_one, plain

COVER = Cover("Plum & <quince>", datetime(2026, 2, 1, 9, 30, tzinfo=UTC), "C-2026-0001", "Office")
needs_pdftotext = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is not here"
)


def text_of(document: bytes, *, as_read: bool = False) -> str:
    """Return the text as it is laid out, or cell by cell as it is read aloud."""
    command = ["pdftotext", "-raw" if as_read else "-layout", "-", "-"]
    run = subprocess.run(command, input=document, capture_output=True, check=True)
    return run.stdout.decode()


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory):
    folder = tmp_path_factory.mktemp("locale")
    compile_catalogs(LOCALE, folder)
    return folder


def test_the_same_trace_gives_the_same_bytes():
    assert paper(plain(), COVER) == paper(plain(), COVER)
    assert paper(plain(), COVER) != paper(plain(rule="lifo"), COVER)


@pytest.mark.parametrize("rule", RULES)
def test_a_paper_is_an_archival_and_accessible_pdf_under_every_rule(rule):
    """PDF/A-2a and PDF/UA-1: Typst refuses what would break them, and says so in the file."""
    document = paper(plain(rule=rule), COVER)
    assert document.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part>" in document
    assert b"<pdfuaid:part>1</pdfuaid:part>" in document


@needs_pdftotext
def test_a_paper_says_answer_rule_source_policies_sums_and_digests():
    working = plain()
    said = " ".join(text_of(paper(working, COVER), as_read=True).split())
    for part in (
        "65.00 EUR",
        "30.77 %",
        "first in, first out (fifo)",
        RULES["fifo"].source,
        "that is for the court",
        "says nothing about what its holder knew",
        "in 2 of 2 payments",
        "T-2026-0007, line 3",
        working.ledger_sha256,
        working.inputs_sha256,
        "shortfall: missing money is unseen",
        "Page 1 of 3",
        "Page 3 of 3",
        "Plum & <quince> · C-2026-0001",
        "2026-02-01 09:30:00 UTC",
    ):
        assert part in said, part


@needs_pdftotext
def test_marks_are_not_printed_as_sums_that_add_up():
    said = " ".join(text_of(paper(plain(rule="poison"), COVER)).split())
    assert "no claim to money, and do not add up to the loss" in said
    assert "Every unit is accounted for" not in said


@needs_pdftotext
def test_nothing_in_a_name_acts_or_is_lost():
    said = re.sub(r"\s", "", text_of(paper(hostile(), COVER), as_read=True))
    for name in HOSTILE.values():
        assert re.sub(r"\s", "", shown(name)) in said
    assert "root:x:0:0" not in said


@needs_pdftotext
def test_long_numbers_break_and_stay_whole():
    long = "0x" + "9a" * 70
    first = Transfer("s", 0, "0x" + "ab" * 33, long, 5)
    working = work_out(Ledger({}, (first,), (Seed("s"),)), rule="fifo", names={"n": "N" * 500})
    said = text_of(paper(working, Cover(long, COVER.prepared_at, "R" * 300, long)), as_read=True)
    assert "0x" + "ab" * 33 in said
    assert long in re.sub(r"\s", "", said)


@needs_pdftotext
def test_ten_thousand_steps_make_a_bounded_paper_that_says_what_it_leaves_out():
    document = paper(long_one(10_000), COVER)
    said = text_of(document)
    pages = max(int(n) for n in re.findall(r"Page \d+ of (\d+)", said))
    assert pages <= 20
    assert "The 150 largest of 10,001" in said
    assert len(document) < 2_000_000


@needs_pdftotext
def test_other_rules_stand_beside_and_give_a_range():
    beside = SideBySide((plain(), plain(rule="lifo"), plain(rule="prorata")))
    said = text_of(paper(plain(), COVER, beside=beside))
    assert re.search(r"C +20\.00 +65\.00 +43\.33 +20\.00 – 65\.00", said)


@needs_pdftotext
@pytest.mark.parametrize(
    ("title", "noted"),
    [("Pristina, Kosovo", True), ("Приштина, Косово", True), ("Belgrade", False)],
)
def test_the_note_stands_where_the_name_occurs(title, noted):
    said = " ".join(text_of(paper(plain(), Cover(title, COVER.prepared_at))).split())
    assert ("UNSC 1244" in said) == noted
    assert (f"{title}*" in said) == noted


@needs_pdftotext
def test_a_character_without_a_glyph_is_written_by_its_number():
    said = text_of(paper(plain(names={"A": "中文 😀"}), COVER))
    assert "\\u4e2d\\u6587 \\u1f600" in said
    assert "do not have are written by their number" in " ".join(said.split())


@needs_pdftotext
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("sr", ["Извештај о праћењу новца", "65,00 EUR", "Страна 1 од", "Ђорђе Čvorović"]),
        ("sr-latn", ["Izveštaj o praćenju novca", "65,00 EUR", "Strana 1 od", "Ayşe İğdır"]),
        ("sq", ["Raport për gjurmimin e parave", "65,00 EUR", "Ayşe İğdır"]),
        ("tr", ["Paranın izlenmesine ilişkin rapor", "65,00 EUR", "Ђорђе Čvorović"]),
    ],
)
def test_a_paper_speaks_each_language(catalogues, language, words):
    said = " ".join(
        text_of(paper(hostile(), COVER, voice=of_catalogue(language, catalogues))).split()
    )
    for word in words:
        assert word in said
    for left in ("Every step", "The rule", "elsewhere", "sources", "step 1"):
        assert left not in said


def test_every_word_of_a_paper_is_translated(catalogues):
    """Into Cyrillic; the Latin form is made of it, and words such as "program" are alike there."""
    with (catalogues / LANGUAGES["sr"] / "LC_MESSAGES" / "django.mo").open("rb") as file:
        known = gettext.GNUTranslations(file)
    found = [*LABELS.values(), *paper_words.METHOD, *paper_words.SHORTFALL.values()]
    found += [*paper_words.POLICIES.values(), *paper_words.KINDS.values()]
    found += [x for x in vars(paper_words).values() if isinstance(x, Said)]
    for rule in paper_words.RULE_WORDS.values():
        found += [rule.name, rule.method, rule.limits]
    assert set(paper_words.RULE_WORDS) == set(RULES)
    assert {rule.ordering for rule in RULES.values()} < set(paper_words.POLICIES)
    missing = [x.template for x in found if known.gettext(x.template) == x.template]
    assert not missing


def test_every_character_that_is_let_through_has_a_glyph():
    """Set in each font of the paper with the system's left out: a missing glyph is refused."""
    letters = "".join(chr(n) for n in range(0x20, 0x2300) if COVERED.match(chr(n)))
    source = b"#set page(width: 200cm)\n#set text(font: json(bytes(sys.inputs.f)))\n#sys.inputs.d"
    typst.compile(
        source, format="pdf", pdf_standards="a-2u", ignore_system_fonts=True,
        sys_inputs={"d": " ".join(letters), "f": f'["{fonts()[0]}", "{fonts()[1]}"]'},
    )  # fmt: skip
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        typst.compile(b"\xe4\xb8\xad", format="pdf", pdf_standards="a-2u", ignore_system_fonts=True)


def test_english_needs_no_catalogue(tmp_path):
    assert of_catalogue("en", tmp_path) is ENGLISH
    with pytest.raises(OSError):
        of_catalogue("sr", tmp_path)
