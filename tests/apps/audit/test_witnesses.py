"""Witnesses outside: folders that others keep, an authority of time, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.audit.witnesses import BadWitness, Drop, HasLater, TimeAuthority, WitnessSilent
from recoup.apps.audit.witnesses import read as read_witnesses
from support import time_authority
from support.time_authority import Authority

NOTE, OTHER = b"log\n7\nroot\n\nsigned\n", b"log\n9\nroot\n\nsigned\n"


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    (tmp_path / "drop").mkdir()
    return Drop("one", tmp_path / "drop")


def test_a_folder_has_every_checkpoint_and_the_newest(drop: Drop) -> None:
    drop.give(NOTE, 7)
    drop.give(OTHER, 9)
    names = sorted(path.name for path in drop.folder.iterdir())
    assert names == [f"{7:020}.note", f"{9:020}.note", "newest.note"]
    assert (drop.folder / "newest.note").read_bytes() == OTHER


def test_giving_again_is_no_error(drop: Drop) -> None:
    drop.give(NOTE, 7)
    drop.give(NOTE, 7)


def test_a_folder_with_a_later_checkpoint_finds_a_restored_hub(drop: Drop) -> None:
    drop.give(OTHER, 9)
    with pytest.raises(HasLater, match="9 leaves; this log has 7"):
        drop.give(NOTE, 7)


def test_a_folder_with_another_checkpoint_of_that_size_finds_a_fork(drop: Drop) -> None:
    drop.give(NOTE, 7)
    with pytest.raises(HasLater, match="another checkpoint of as many"):
        drop.give(NOTE.replace(b"root", b"toor"), 7)


def test_a_folder_that_is_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(WitnessSilent, match="is not there"):
        Drop("one", tmp_path / "nowhere").give(NOTE, 7)


@pytest.mark.parametrize(
    "setting",
    ["/folder", "a=drop:relative", "a=tsa:ftp://x", "a=hub:x", "a b=drop:/x", "ä=drop:/x",
     "a=drop:/x a=drop:/y", "a=hub:https://x", "a=hub:https://x#key", "a=hub:x#key"],
)  # fmt: skip
def test_a_setting_that_names_no_witness_is_refused(setting: str) -> None:
    with pytest.raises(BadWitness):
        read_witnesses(setting)


def test_several_witnesses_are_read() -> None:
    found = read_witnesses("dpa=drop:/mnt/dpa time=tsa:https://tsa.example/")
    assert [(one.name, one.kind) for one in found] == [("dpa", "drop"), ("time", "tsa")]
    assert read_witnesses("") == []


# An authority of time


@pytest.fixture(autouse=True)
def may_call_this_machine(settings: Any) -> None:
    settings.OUTGOING_PRIVATE = ["127.0.0.1"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with time_authority.running(tmp_path_factory.mktemp("tsa") / "here") as found:
        yield found


def test_openssl_verifies_the_stamp_that_is_kept(authority: Authority) -> None:
    token = TimeAuthority("time", authority.address).give(NOTE, 7)
    assert authority.verifies(token, NOTE)
    assert not authority.verifies(token, OTHER)


@pytest.mark.parametrize("answer", [b"", b"no stamp", b"0" * 200_000])
def test_what_is_no_stamp_is_no_witness(authority: Authority, answer: bytes) -> None:
    authority.answer = answer
    try:
        with pytest.raises(WitnessSilent):
            TimeAuthority("time", authority.address).give(NOTE, 7)
    finally:
        authority.answer = None


def test_a_stamp_of_something_else_is_no_witness(authority: Authority) -> None:
    """An answer that was kept from before: its nonce and its digest are another question's."""
    TimeAuthority("time", authority.address).give(OTHER, 9)
    authority.answer = (authority.folder / "reply").read_bytes()
    try:
        with pytest.raises(WitnessSilent):
            TimeAuthority("time", authority.address).give(NOTE, 7)
    finally:
        authority.answer = None


def test_an_authority_that_is_away_is_told() -> None:
    with pytest.raises(WitnessSilent):
        TimeAuthority("time", "http://127.0.0.1:9/").give(NOTE, 7)
