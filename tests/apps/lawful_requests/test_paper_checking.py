"""Signed papers: what is whole is valid, and nothing else is. A root of the tests' own signs."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import zlib
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from asn1crypto import cms, core, parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from recoup.apps.lawful_requests.papers import apart
from recoup.apps.lawful_requests.papers.authority import Authority, Holder, NoAuthority, Trusted
from recoup.apps.lawful_requests.papers.checking import check_paper
from recoup.apps.lawful_requests.papers.printing import Printed, Seal, printed
from recoup.apps.lawful_requests.papers.signing import SECOND_FIELD, SignedBy, signed
from recoup.apps.lawful_requests.papers.stamping import AddressStamper, OwnStamper
from recoup.apps.lawful_requests.papers.verdict import MOST_BYTES, Finding
from recoup.core.document import DIGEST_KEY
from support import papers
from support.papers import AT

POLICE = Holder("police", "Police, High-Tech Crime", "RS")
CORPUS = Path(__file__).parents[4] / "shared" / "badinput" / "upload"
YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), may_make=True)


def sign(
    authority: Authority, document=None, *, holder=POLICE, at=AT, stamped=True, name=None,
    print_of=None,
) -> bytes:  # fmt: skip
    document = document or papers.request()
    credential = authority.credential(holder, at=at)
    seal = Seal(holder.organisation, holder.person, holder.role, at, True)
    stamper = OwnStamper(authority.stamp(at=at), at=at) if stamped else None
    by = SignedBy(credential, name or holder.organisation, holder.role, at)
    return signed((print_of or printed(document, seal=seal)).pdf, by, stamper=stamper)


@pytest.fixture(scope="module")
def paper(authority: Authority) -> bytes:
    return sign(authority)


def found(content: bytes, authority: Authority, *, at=AT) -> Finding:
    return check_paper(content, trusted=authority.trusted(), at=at).finding


# What is right


def test_a_signed_paper_is_valid_and_says_by_whom_and_when(paper, authority):
    verdict = check_paper(paper, trusted=authority.trusted(), at=AT)
    assert verdict.is_valid
    assert verdict.document == papers.request()
    [one] = verdict.signatures
    assert (one.organisation, one.code, one.person) == (POLICE.organisation, "police", "")
    assert one.claimed_at == one.stamped_at == AT


def test_the_print_is_the_first_part_of_the_signed_paper(paper):
    seal = Seal(POLICE.organisation, "", "", AT, True)
    assert paper.startswith(printed(papers.request(), seal=seal).pdf)


def test_two_hundred_good_papers_raise_no_alarm(authority):
    choose = Random(4)
    wrong = []
    for n in range(200):
        each = choose.choice([papers.request(), papers.order(), papers.receipt()])
        head = replace(each.head, reference=f"HT-{n:04}-{choose.randrange(10**6)}")
        content = sign(authority, replace(each, head=head), stamped=n % 20 == 0)
        finding = found(content, authority)
        wrong += [(n, finding)] if finding is not Finding.VALID else []
    assert wrong == []


@pytest.mark.skipif(not shutil.which("pdfsig"), reason="pdfsig (poppler-utils) is not here")
def test_another_tool_says_the_same(paper, tmp_path):
    (tmp_path / "paper.pdf").write_bytes(paper)
    run = subprocess.run(
        ["pdfsig", "-nocert", str(tmp_path / "paper.pdf")], capture_output=True, check=False
    )
    assert b"Signature is Valid" in run.stdout
    assert b"Total document signed" in run.stdout


def test_a_receipt_is_signed_by_both_sides(authority):
    once = sign(authority, papers.receipt())
    bank = Holder("linden", "Linden Bank", "RS")
    by = SignedBy(authority.credential(bank, at=AT), "Linden Bank", "", AT)
    twice = signed(once, by, stamper=None, field=SECOND_FIELD)
    verdict = check_paper(twice, trusted=authority.trusted(), at=AT)
    assert verdict.is_valid
    assert [one.code for one in verdict.signatures] == ["police", "linden"]


def test_an_order_is_signed_by_the_person_who_decided(authority):
    head = papers.order().head
    person = Holder("police", head.sender.organisation, "RS", head.sender.person,
                    head.sender.mandate)  # fmt: skip
    assert found(sign(authority, papers.order(), holder=person), authority) is Finding.VALID


# What is not


def signed_range(content: bytes) -> list[int]:
    """Every position that is signed: all but the signature itself."""
    told = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", content)
    _, first, second, length = map(int, told.groups())
    assert second + length == len(content)
    return [*range(first), *range(second, second + length)]


@pytest.mark.slow
def test_every_flipped_byte_of_two_thousand_is_found(paper, authority):
    choose, trusted, left = Random(2026), authority.trusted(), []
    for place in choose.sample(signed_range(paper), 2000):
        changed = bytearray(paper)
        changed[place] ^= choose.randrange(1, 256)
        verdict = check_paper(bytes(changed), trusted=trusted, at=AT)
        left += [(place, verdict.finding)] if verdict.is_valid or verdict.document else []
    assert left == []


def container_of(content: bytes) -> tuple[int, bytes]:
    """Where the container of the signature stands in hexadecimal, and its bytes, no filling."""
    told = re.search(rb"/Contents <([0-9A-Fa-f]+)>", content)
    filled = bytes.fromhex(told[1].decode())
    return told.start(1), cms.ContentInfo.load(filled).dump()


@pytest.mark.slow
def test_every_byte_around_the_signature_is_of_account(paper, authority):
    """Versions, names of algorithms, certificates and the stamp are not signed: all is checked."""
    choose, trusted, left = Random(11), authority.trusted(), []
    start, around = container_of(paper)
    assert len(around) > 3000
    for place, byte in enumerate(around):
        other = b"%02x" % (byte ^ choose.randrange(1, 256))
        changed = paper[: start + 2 * place] + other + paper[start + 2 * place + 2 :]
        verdict = check_paper(changed, trusted=trusted, at=AT)
        left += [(place, verdict.finding)] if verdict.is_valid or verdict.document else []
    assert left == []


def grown(content: bytes, path: list[int], more: bytes) -> bytes:
    """An element in DER with more at the end of what the path leads to; all lengths follow."""
    _, method, _, header, body, _ = parser.parse(content, strict=True)
    if not path:
        body += more
    else:
        parts, at = [], 0
        while at < len(body):
            size = parser.peek(body[at:])
            parts.append(body[at : at + size])
            at += size
        parts[path[0]] = grown(parts[path[0]], path[1:], more)
        body = b"".join(parts)
    return parser.emit(header[0] >> 6, method, header[0] & 0x1F, body)


CERTIFICATES, UNSIGNED = [1, 0, 3], [1, 0, 4, 0, 6]
SIGNER = [1, 0, 4, 0]


def with_more(paper: bytes, path: list[int], more: bytes) -> bytes:
    """The paper with more in the container of its signature."""
    start, around = container_of(paper)
    other = grown(around, path, more).hex().encode()
    return paper[:start] + other + paper[start + len(other) :]


def test_a_certificate_that_its_issuer_never_signed_is_a_change(paper, authority, tmp_path):
    other = Authority(tmp_path / "other", may_make=True).credential(POLICE, at=AT)
    own = authority.credential(Holder("linden", "Linden Bank", "RS"), at=AT)
    assert found(with_more(paper, CERTIFICATES, own.certificate), authority) is Finding.VALID
    assert found(with_more(paper, CERTIFICATES, other.certificate), authority) is Finding.CHANGED


def test_a_crowd_of_certificates_is_not_checked_one_against_another(paper, authority):
    own = authority.credential(Holder("linden", "Linden Bank", "RS"), at=AT)
    crowd = with_more(paper, CERTIFICATES, own.certificate * 8)
    assert found(crowd, authority) is Finding.VALID
    assert (
        found(with_more(paper, CERTIFICATES, own.certificate * 11), authority) is Finding.TOO_HARD
    )


def test_a_second_stamp_and_content_in_the_container_are_changes(paper, authority):
    _, around = container_of(paper)
    [stamp] = cms.ContentInfo.load(around)["content"]["signer_infos"][0]["unsigned_attrs"]
    twice = with_more(paper, [*UNSIGNED, 0, 1], stamp["values"][0].dump())
    assert found(twice, authority) is Finding.CHANGED
    content = parser.emit(2, 1, 0, core.OctetString(b"what nobody signed").dump())
    assert found(with_more(paper, [1, 0, 2], content), authority) is Finding.CHANGED


def test_what_nobody_signed_beside_a_signature_is_a_change(paper, authority):
    more = cms.CMSAttribute({"type": "1.2.3.4", "values": [core.Integer(7)]}).dump()
    assert found(with_more(paper, UNSIGNED, b""), authority) is Finding.VALID
    assert found(with_more(paper, UNSIGNED, more), authority) is Finding.CHANGED


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_changed_byte_is_found_and_called_so(paper, authority, data):
    place = data.draw(st.sampled_from(signed_range(paper)))
    changed = bytearray(paper)
    changed[place] ^= data.draw(st.integers(1, 255))
    assert found(bytes(changed), authority) in (Finding.CHANGED, Finding.NOT_A_PDF)


def test_what_is_added_after_signing_is_found(paper, authority, tmp_path):
    (tmp_path / "paper.pdf").write_bytes(paper)
    with (tmp_path / "paper.pdf").open("rb") as file:
        writer = IncrementalPdfFileWriter(file)
        writer.root[pdf_name("/Lang")] = TextStringObject("sr")
        writer.update_root()
        with (tmp_path / "more.pdf").open("wb") as out:
            writer.write(out)
    assert found((tmp_path / "more.pdf").read_bytes(), authority) is Finding.CHANGED_AFTER
    assert found(paper + b"\n", authority) is Finding.CHANGED_AFTER


def test_a_paper_that_was_changed_and_signed_again_by_another_is_found(authority):
    """The first signature then covers less than what stands on the page."""
    once = sign(authority)
    writer = IncrementalPdfFileWriter(BytesIO(once))
    writer.root[pdf_name("/Lang")] = TextStringObject("sr")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    by = SignedBy(authority.credential(POLICE, at=AT), "Police", "", AT)
    again = signed(out.getvalue(), by, field=SECOND_FIELD)
    assert found(again, authority) is Finding.CHANGED_AFTER


def test_an_unsigned_print_is_unsigned(authority):
    assert found(printed(papers.request()).pdf, authority) is Finding.UNSIGNED


def test_a_certificate_of_another_authority_is_unknown(paper, tmp_path):
    other = Authority(tmp_path, may_make=True)
    other.credential(POLICE, at=AT)
    assert found(paper, other) is Finding.UNKNOWN_CERTIFICATE


def test_a_stamp_of_another_authority_says_nothing(authority, tmp_path):
    other = Authority(tmp_path, may_make=True)
    by = SignedBy(authority.credential(POLICE, at=AT), POLICE.organisation, "", AT)
    content = signed(printed(papers.request()).pdf, by,
                     stamper=OwnStamper(other.stamp(at=AT), at=AT))  # fmt: skip
    verdict = check_paper(content, trusted=authority.trusted(), at=AT)
    assert verdict.is_valid and verdict.signatures[0].stamped_at is None


def test_a_stamp_keeps_a_paper_valid_after_its_certificate_has_ended(authority, paper):
    later = AT + 3 * YEAR
    assert found(paper, authority, at=later) is Finding.VALID
    assert found(sign(authority, stamped=False), authority, at=later) is Finding.EXPIRED


def test_a_certificate_that_had_ended_at_signing_is_expired(tmp_path):
    old = Authority(tmp_path, may_make=True)
    credential = old.credential(POLICE, at=AT - 3 * YEAR)
    by = SignedBy(credential, POLICE.organisation, "", AT)
    stamper = OwnStamper(old.stamp(at=AT), at=AT)
    content = signed(printed(papers.request()).pdf, by, stamper=stamper)
    assert found(content, old) is Finding.EXPIRED


def test_a_revoked_certificate_is_found_from_that_moment_on(tmp_path):
    own = Authority(tmp_path, may_make=True)
    content = sign(own)
    [serial] = [one.serial for one in own.listed() if one.file == POLICE.file]
    own.revoke(serial, at=AT + timedelta(hours=1))
    assert found(content, own, at=AT + timedelta(hours=2)) is Finding.VALID
    assert found(sign_with_old(own, tmp_path, at=AT + timedelta(hours=2)), own,
                 at=AT + timedelta(hours=2)) is Finding.REVOKED  # fmt: skip
    fresh = sign(own, at=AT + timedelta(hours=2))
    assert found(fresh, own, at=AT + timedelta(hours=2)) is Finding.VALID


def sign_with_old(own: Authority, folder: Path, *, at) -> bytes:
    """As somebody would who kept the key that was revoked."""
    by = SignedBy(own._read(POLICE.file), POLICE.organisation, "", at)
    stamper = OwnStamper(own.stamp(at=at), at=at)
    return signed(printed(papers.request()).pdf, by, stamper=stamper)


@pytest.mark.parametrize(
    "holder",
    [
        Holder("linden", "Linden Bank", "RS"),
        Holder("police", "Police, High-Tech Crime", "RS", "Somebody Else", "duty officer"),
        Holder("police", "Police, High-Tech Crime", "RS", "Luka Petrović", "prosecutor"),
    ],
    ids=["another organisation", "another person", "another role"],
)
def test_a_good_signature_of_somebody_else_is_found(authority, holder):
    content = sign(authority, holder=holder, name="Luka Petrović")
    assert found(content, authority) is Finding.OTHER_SIGNER


def test_a_certificate_of_the_stamper_signs_no_paper(authority):
    by = SignedBy(authority.stamp(at=AT), POLICE.organisation, "", AT)
    assert not check_paper(
        signed(printed(papers.request()).pdf, by), trusted=authority.trusted(), at=AT
    ).is_valid


def test_values_that_differ_from_the_printed_digest_are_found(authority, monkeypatch):
    from recoup.apps.lawful_requests.papers import printing

    monkeypatch.setattr(printing, "digest_of", lambda values: "00" * 32)
    lies = printed(papers.request())
    monkeypatch.undo()
    assert DIGEST_KEY.encode() in lies.pdf
    assert found(sign(authority, print_of=lies), authority) is Finding.DIGEST_DIFFERS


def test_a_signed_pdf_without_values_is_no_paper(authority):
    import typst

    bare = typst.compile(b"#set document(title: [x])\nA page.", format="pdf",
                         pdf_standards=["ua-1"])  # fmt: skip
    content = sign(authority, print_of=Printed(bytes(bare), b""))
    assert found(content, authority) is Finding.NO_VALUES


# Hostile bytes


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"", Finding.NOT_A_PDF),
        (b"<html>", Finding.NOT_A_PDF),
        (b"%PDF-1.7", Finding.UNREADABLE),
        (b"%PDF-1.7\n/ByteRange [0 1 2 3]", Finding.CHANGED),
        (b"%PDF-1.7\nstartxref\n9\n%%EOF", Finding.UNREADABLE),
        (b"%PDF-1.7\n" + b"[" * 100_000 + b"\nstartxref\n9\n%%EOF", Finding.UNREADABLE),
        (b"%PDF-" + b"0" * MOST_BYTES, Finding.TOO_BIG),
    ],
    ids=["empty", "html", "head only", "a range", "no table", "nested", "too big"],
)  # fmt: skip
def test_what_is_no_paper_has_a_verdict(authority, content, finding):
    assert found(content, authority) is finding


def test_an_encrypted_file_is_refused(paper, authority, tmp_path):
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    (tmp_path / "plain.pdf").write_bytes(printed(papers.request()).pdf)
    with (tmp_path / "plain.pdf").open("rb") as file:
        writer = copy_into_new_writer(PdfFileReader(file))
        writer.encrypt("secret")
        with (tmp_path / "locked.pdf").open("wb") as out:
            writer.write(out)
    assert found((tmp_path / "locked.pdf").read_bytes(), authority) is Finding.ENCRYPTED


@pytest.mark.skipif(not CORPUS.exists(), reason="the collection of bad input is not here")
def test_no_file_of_the_collection_is_a_paper(authority):
    files = sorted(CORPUS.iterdir())
    assert files
    for file in files:
        assert not check_paper(file.read_bytes(), trusted=authority.trusted(), at=AT).is_valid


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_cut_doubled_and_shuffled_papers_never_crash_it(paper, authority, data):
    content = bytearray(paper)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(content) - 1))
        end = min(len(content), start + data.draw(st.integers(1, 5000)))
        piece = bytes(content[start:end])
        match data.draw(st.integers(0, 2)):
            case 0:
                del content[start:end]
            case 1:
                content[start:start] = piece
            case 2:
                content[start:end] = data.draw(st.binary(max_size=50))
        if not content:
            break
    verdict = check_paper(bytes(content), trusted=authority.trusted(), at=AT)
    assert bytes(content) == paper or not verdict.is_valid


# Apart, and the authority


def test_apart_it_finds_the_same(paper, authority):
    verdict = apart.check_apart(paper, trusted=authority.trusted(), at=AT)
    assert verdict == check_paper(paper, trusted=authority.trusted(), at=AT)
    big = apart.check_apart(b"x" * (MOST_BYTES + 1), trusted=authority.trusted(), at=AT)
    assert big.finding is Finding.TOO_BIG


def bomb(length: int) -> bytes:
    """A file whose table of objects unpacks to as many bytes."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(length >> 20))
    packed += packer.flush()
    head = b"%PDF-1.7\n"
    table = (
        b"1 0 obj\n<< /Type /XRef /Size 9 /W [1 2 1] /Root 2 0 R /Filter /FlateDecode /Length "
        + str(len(packed)).encode() + b" >>\nstream\n" + packed + b"\nendstream\nendobj\n"
    )  # fmt: skip
    return head + table + b"startxref\n" + str(len(head)).encode() + b"\n%%EOF\n"


def test_a_bomb_harms_nothing(authority):
    verdict = apart.check_apart(bomb(1 << 27), trusted=authority.trusted(), at=AT)
    assert verdict.finding in (Finding.UNREADABLE, Finding.TOO_HARD)


def test_without_roots_nothing_is_trusted(paper):
    verdict = check_paper(paper, trusted=Trusted((), {}), at=AT)
    assert verdict.finding is Finding.UNKNOWN_CERTIFICATE


def test_what_takes_too_long_is_ended(paper, authority, monkeypatch):
    monkeypatch.setattr(apart, "PATIENCE", 0.01)
    verdict = apart.check_apart(paper, trusted=authority.trusted(), at=AT)
    assert verdict.finding is Finding.TOO_HARD


def test_only_so_many_are_checked_at_once(paper, authority):
    for _ in range(apart.AT_ONCE):
        assert apart._places.acquire(blocking=False)
    try:
        with pytest.raises(apart.TooManyChecks):
            apart.check_apart(paper, trusted=authority.trusted(), at=AT)
    finally:
        for _ in range(apart.AT_ONCE):
            apart._places.release()


def test_keys_are_its_owner_s_alone_and_made_once(tmp_path):
    own = Authority(tmp_path / "authority", may_make=True)
    first = own.credential(POLICE, at=AT)
    assert own.credential(POLICE, at=AT + YEAR) == first
    assert own.credential(POLICE, at=AT + 2 * YEAR) != first
    assert stat.S_IMODE(os.stat(own.folder).st_mode) == 0o700
    for path in own.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert all("demonstration" in one.subject.lower() or one.file == POLICE.file
               for one in own.listed() if one.file != "stamp")  # fmt: skip


def test_outside_the_demonstration_nothing_is_made(tmp_path):
    with pytest.raises(NoAuthority, match=r"no root\.crt"):
        Authority(tmp_path / "none", may_make=False).credential(POLICE, at=AT)
    assert not (tmp_path / "none").exists()


def test_a_silent_authority_of_time_leaves_the_paper_without_a_stamp(authority):
    by = SignedBy(authority.credential(POLICE, at=AT), POLICE.organisation, "", AT)
    stamper = AddressStamper("http://127.0.0.1:9/")
    content = signed(printed(papers.request()).pdf, by, stamper=stamper)
    verdict = check_paper(content, trusted=authority.trusted(), at=AT)
    assert verdict.is_valid and verdict.signatures[0].stamped_at is None
