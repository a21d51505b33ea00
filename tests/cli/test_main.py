"""The table of commands, and the help that is made from it."""

from __future__ import annotations

import subprocess
import sys

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


def test_help_imports_neither_django_nor_a_database_driver():
    program = (
        "import sys; from recoup.cli.main import main; main(['help']); "
        "sys.exit(bool({'django', 'psycopg'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL)
    assert done.returncode == 0
