"""The command as a whole: help, version, and how failures are told."""

import subprocess
import sys

import pytest

from cli.commands import COMMANDS, Entry, load
from cli.error_messages import error_line
from cli.errors import CommandError
from server.version import VERSION
from store.database import DatabaseFailureError
from tests.unit.cli.conftest import Run


def test_the_version(run: Run) -> None:
    for arguments in (["version"], ["--version"]):
        result = run(*arguments)
        assert result.exit_code == 0
        assert result.stdout.startswith(f"trackstore {VERSION} (Python 3.")


@pytest.mark.parametrize(
    "command",
    ["serve", "migrate", "keys", "keys create", "keys list", "keys revoke", "schema", "doctor",
     "settings", "stats", "watch"],
)  # fmt: skip
def test_every_command_explains_itself(run: Run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_without_arguments_it_shows_what_there_is(run: Run) -> None:
    result = run()
    assert "serve" in result.output
    assert "Exit codes: 0 success, 1 failure or failed check, 2" in result.output


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["serve", "--nonsense"], ["serve", "--port", "x"], ["serve", "--access", "all"]],
)
def test_a_wrong_command_line_is_2(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_a_wrong_setting_is_2_and_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKSTORE_PORT", "99999")
    for command in ("serve", "migrate", "settings"):
        result = run(command)
        assert result.exit_code == 2
        assert result.stderr.startswith("error: TRACKSTORE_PORT is '99999': expected an integer")
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["serve", "migrate", "keys list"])
def test_a_database_that_is_away_is_1_and_one_sentence(run: Run, command: str) -> None:
    url = "postgresql://me:hush@127.0.0.1:1/nowhere"
    extra = ["--port", "0"] if command == "serve" else []
    result = run(*command.split(), *extra, "--database-url", url)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: no connection to postgresql+asyncpg://me:***@127.0.0.1")
    assert len(result.stderr.splitlines()) == 1


def test_failures_are_told_on_one_line_without_passwords() -> None:
    assert error_line(OSError(13, "Permission denied", "a.txt")) == "a.txt: Permission denied"
    assert error_line(CommandError("no\nat   all")) == "no at all"
    refused = DatabaseFailureError("disk is full\n[SQL: INSERT ...]\n[parameters: ('hush',)]")
    assert error_line(refused) == "the database rejected a statement: disk is full"
    assert error_line(ConnectionError("postgresql://me:hush@h")) == "postgresql://me:***@h"
    assert error_line(ConnectionError()) == "ConnectionError"


def test_the_names_of_commands_are_those_of_the_guide() -> None:
    names = {entry.name for entry in COMMANDS}
    assert {"serve", "migrate", "keys", "schema", "doctor", "settings", "version"} <= names


@pytest.mark.parametrize("entry", COMMANDS, ids=[entry.name for entry in COMMANDS])
def test_the_list_says_what_a_command_says_of_itself(entry: Entry) -> None:
    own = " ".join(load(entry).help.split("\n\n")[0].split())
    assert own == entry.summary


def test_help_is_shown_without_loading_the_server() -> None:
    code = (
        "import sys; from cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'sqlalchemy', 'strawberry', 'pyarrow'} & set(sys.modules)))"
    )
    for argument in ("--help", "--version"):
        shown = subprocess.run(
            [sys.executable, "-c", code, argument], capture_output=True, text=True, check=True
        )
        assert shown.stdout.splitlines()[-1] == "[]"


def test_a_misspelt_command_is_answered_with_the_meant_one(run: Run) -> None:
    result = run("serv")
    assert result.exit_code == 2
    assert "Did you mean 'serve'?" in result.stderr
