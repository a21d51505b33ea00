"""Papers of an authority whose keys are RSA: ours makes none, those that states have often do."""

from __future__ import annotations

import pytest
from asn1crypto import cms, core, parser
from cryptography.hazmat.primitives.asymmetric import rsa
from test_paper_checking import SIGNER, container_of, found, sign, with_more

from recoup.apps.lawful_requests.papers.authority import Authority
from recoup.apps.lawful_requests.papers.checking import check_paper
from recoup.apps.lawful_requests.papers.verdict import Finding
from support.papers import AT


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), may_make=True)


class RsaAuthority(Authority):
    """Makes what ours makes, with keys of the other kind."""

    def _issue(self, file, subject, usage, *, at):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "recoup.apps.lawful_requests.papers.authority.ec.generate_private_key",
                lambda _: rsa.generate_private_key(public_exponent=65537, key_size=2048),
            )
            super()._issue(file, subject, usage, at=at)


@pytest.fixture(scope="module")
def of_rsa(tmp_path_factory) -> Authority:
    return RsaAuthority(tmp_path_factory.mktemp("rsa"), may_make=True)


@pytest.fixture(scope="module")
def rsa_paper(of_rsa: Authority) -> bytes:
    return sign(of_rsa, stamped=False)


def test_a_signature_with_an_rsa_key_is_checked_like_any_other(rsa_paper, of_rsa, authority):
    _, around = container_of(rsa_paper)
    [one] = cms.ContentInfo.load(around)["content"]["signer_infos"]
    assert one["signature_algorithm"].signature_algo.startswith("rsassa")
    assert found(rsa_paper, of_rsa) is Finding.VALID
    assert found(rsa_paper, authority) is Finding.UNKNOWN_CERTIFICATE


def test_an_rsa_container_with_any_other_algorithm_or_more_in_it_is_a_change(rsa_paper, of_rsa):
    start, around = container_of(rsa_paper)
    signature = cms.ContentInfo.load(around)["content"]["signer_infos"][0]["signature"].native
    place = around.rindex(signature) + len(signature) // 2
    for at in (place, around.index(b"\x2a\x86\x48\x86\xf7\x0d\x01\x01") + 8):
        other = b"%02x" % (around[at] ^ 1)
        changed = rsa_paper[: start + 2 * at] + other + rsa_paper[start + 2 * at + 2 :]
        verdict = check_paper(changed, trusted=of_rsa.trusted(), at=AT)
        assert not verdict.is_valid and not verdict.document, at
    more = cms.CMSAttribute({"type": "1.2.3.4", "values": [core.Integer(7)]}).dump()
    added = with_more(rsa_paper, SIGNER, parser.emit(2, 1, 1, more))
    assert found(added, of_rsa) is Finding.CHANGED
