"""The table of commands, and the help that is made from it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from recoup.cli import main as commands


def test_help_names_every_command(capsys):
    assert commands.main(["help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"    {name}" in shown for name in commands.COMMANDS)


def test_a_mistyped_command_gets_the_nearest_one_proposed(capsys):
    assert commands.main(["tset"]) == 2
    assert "there is no command 'tset'. Did you mean `test`?" in capsys.readouterr().err


def test_every_command_of_the_table_exists():
    for name, command in commands.COMMANDS.items():
        assert callable(command.load()), name


def test_a_closed_pipe_ends_a_command_quietly():
    """As with `| head`: nothing on standard error, whenever the reader went away."""
    for program in ("print('x' * 100)", "print('x' * 1_000_000)"):
        code = f"import sys; from recoup.cli import main as m; {FAKE.format(body=program)}"
        run = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert run.stdout
        run.stdout.close()
        assert run.stderr
        assert run.stderr.read() == b""
        assert run.wait(timeout=30) == commands.CLOSED_PIPE


def test_another_broken_pipe_is_a_fault_and_not_hidden(monkeypatch):
    def breaks(argv):
        raise BrokenPipeError("a server went away")

    monkeypatch.setattr(commands.Command, "load", lambda self: breaks)
    with pytest.raises(BrokenPipeError, match="a server went away"):
        commands.main(["help"])


FAKE = """
import time
def body(argv):
    time.sleep(0.2)
    {body}
    return 0
m.Command.load = lambda self: body
sys.exit(m.main(["help"]))
"""


def test_help_imports_neither_django_nor_a_database_driver():
    program = (
        "import sys; from recoup.cli.main import main; main(['help']); "
        "sys.exit(bool({'django', 'psycopg'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL)
    assert done.returncode == 0
