"""What `./recoup` says and chooses before anything is started."""

from __future__ import annotations

import socket

import pytest

from recoup.cli import prepare, up


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(taken):
    with pytest.raises(up.CannotStart, match=f"Port {taken} is taken"):
        up.reserve_port(taken)


def test_without_a_wish_the_next_free_port_is_kept(taken, monkeypatch):
    monkeypatch.setattr(up, "FIRST_PORT", taken)
    port, held = up.reserve_port(None)
    held.close()
    assert taken < port < taken + up.PORTS_TRIED


def test_a_kept_port_is_for_our_own_children_only(taken, monkeypatch):
    monkeypatch.setattr(up, "FIRST_PORT", taken)
    port, held = up.reserve_port(None)
    with held, socket.socket() as ours:
        assert up.hold_port(port) is None  # another hub looks further
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        ours.bind(("127.0.0.1", port))  # the web part asks to share


def test_the_port_comes_from_the_argument_or_the_environment(monkeypatch):
    monkeypatch.setenv("RECOUP_PORT", "8123")
    assert up.read_options([]).port == 8123
    assert up.read_options(["--port", "9000"]).port == 9000


def test_a_port_that_is_no_number_is_refused_with_its_value(monkeypatch, capsys):
    monkeypatch.setenv("RECOUP_PORT", "eight")
    with pytest.raises(SystemExit):
        up.read_options([])
    assert "RECOUP_PORT is 'eight'" in capsys.readouterr().err


def test_a_second_hub_in_one_checkout_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(up, "LOCK_FILE", tmp_path / "run" / "up.lock")
    with up.the_only_one(), pytest.raises(up.AlreadyRunning), up.the_only_one():
        pytest.fail("there were two")


def test_sign_ins_are_printed_in_columns():
    assert up.table([["desk", "user"], ["police", "ana"]]) == ["desk    user", "police  ana"]


def test_the_fingerprint_depends_on_the_demo_country_being_wanted():
    with_demo, without = (prepare.fingerprint(with_demo=wanted) for wanted in (True, False))
    assert with_demo != without
    assert with_demo == prepare.fingerprint(with_demo=True)


def test_a_country_without_the_keys_of_its_banks_is_not_known(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "COUNTRY_FILE", tmp_path / "country.json")
    monkeypatch.setattr(prepare, "KEYS", tmp_path / "keys")
    assert not prepare.is_country_known()
    prepare.remember_country({"banks": ["plum"], "sign_ins": []})
    assert not prepare.is_country_known()
    prepare.write_private(prepare.key_file("plum"), "key")
    assert prepare.is_country_known()
    assert prepare.key_file("plum").stat().st_mode & 0o777 == 0o600
