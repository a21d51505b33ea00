"""`./recoup authority`: what it shows, makes anew and refuses; and the bench of papers, small."""

from __future__ import annotations

import argparse

from recoup.cli import authority, bench_papers


def at(monkeypatch, tmp_path, demo: str = "1"):
    monkeypatch.setenv("RECOUP_AUTHORITY", str(tmp_path / "authority"))
    monkeypatch.setenv("RECOUP_DEMO", demo)
    return authority.here()


def test_it_shows_renews_and_revokes(monkeypatch, tmp_path, capsys):
    own = at(monkeypatch, tmp_path)
    assert authority.main([]) == 0
    assert "no qualified certificate" in capsys.readouterr().out
    assert authority.main(["renew"]) == 0
    [stamp] = [one for one in own.listed() if one.file == "stamp"]
    assert authority.main(["renew"]) == 0
    [newer] = [one for one in own.listed() if one.file == "stamp"]
    assert newer.serial != stamp.serial
    assert authority.main(["revoke", str(newer.serial)]) == 0
    assert "revoked 20" in capsys.readouterr().out
    assert newer.serial in own.trusted().revoked


def test_only_the_named_organisation_is_renewed(monkeypatch, tmp_path):
    from datetime import UTC, datetime

    from recoup.apps.lawful_requests.papers.authority import Holder

    own, now = at(monkeypatch, tmp_path), datetime.now(UTC)
    for code in ("police", "police-two"):
        own.credential(Holder(code, code, "RS"), at=now)
    before = {one.file: one.serial for one in own.listed()}
    assert authority.main(["renew", "police"]) == 0
    after = {one.file: one.serial for one in own.listed()}
    changed = {file for file, serial in after.items() if serial != before[file]}
    assert changed == {"org-police"}


def test_what_it_cannot_do_it_says(monkeypatch, tmp_path, capsys):
    at(monkeypatch, tmp_path)
    assert authority.main([]) == 0
    assert authority.main(["revoke", "12"]) == 2
    assert "'12'" in capsys.readouterr().err
    assert authority.main(["renew", "nobody"]) == 2
    assert "'nobody'" in capsys.readouterr().err
    at(monkeypatch, tmp_path / "none", demo="0")
    assert authority.main([]) == 2
    assert "docs/papers.md" in capsys.readouterr().err


def test_the_bench_measures_papers_that_are_valid(monkeypatch, tmp_path):
    monkeypatch.setattr(bench_papers, "PAPERS", 2)
    result = bench_papers.papers(argparse.Namespace(), tmp_path)
    assert not result.differs
    assert [line.what for line in result.lines][4].startswith("order: printed, unsigned")
