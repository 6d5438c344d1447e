"""Every command that calls a server reads its address and key as the SDK does."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.importing.loopback import Reply, stand_in

OPERATION = "at,name\n2026-11-20T09:30:00Z,chat\n"
ANSWER: Reply = (403, {}, {"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}]})
COMMANDS = [
    ("import", "csv", "calls.csv", "-m", "at=occurredAt", "-m", "name=name", "-s", "kind=API"),
    ("import", "access-log", "access.log"),
    ("stats",),
    ("watch", "x"),
    ("watch", "--all"),
    ("export", "-o", "rows.csv"),
    ("reprice", "--since", "2026-11-20"),
    ("demo", "--duration", "1s"),
]
LOG_LINE = '203.0.113.7 - - [20/Nov/2026:09:30:00 +0000] "GET / HTTP/1.1" 200 5\n'


@pytest.fixture(autouse=True)
def files(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files to import, in the folder of the test, and no variable of the machine."""
    del run
    Path("calls.csv").write_text(OPERATION, encoding="utf-8")
    Path("access.log").write_text(LOG_LINE, encoding="utf-8")
    for name in ("URL", "API_KEY", "SERVER", "KEY"):
        monkeypatch.delenv(f"TRACKSTORE_{name}", raising=False)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("suffix", ["", "/", "/graphql", "/graphql/"])
def test_the_variables_of_the_sdk_are_read(run: Run, command: tuple[str, ...], suffix: str) -> None:
    seen: list[str] = []

    def script(_: object, headers: dict[str, str]) -> Reply:
        seen.append(headers["Authorization"])
        return ANSWER

    with stand_in(script) as url:
        base = url.removesuffix("/graphql") + suffix
        result = run(*command, env={"TRACKSTORE_URL": base, "TRACKSTORE_API_KEY": "tsk_1"})
    assert result.exit_code == 1, result.output
    assert seen[:1] == ["Bearer tsk_1"]
    assert "the API key is from TRACKSTORE_API_KEY" in result.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_options_take_precedence(run: Run, command: tuple[str, ...]) -> None:
    seen: list[str] = []

    def script(_: object, headers: dict[str, str]) -> Reply:
        seen.append(headers["Authorization"])
        return ANSWER

    with stand_in(script) as url:
        wrong = {"TRACKSTORE_URL": "http://127.0.0.1:1", "TRACKSTORE_API_KEY": "tsk_1"}
        result = run(*command, "--server", url, "--key", "tsk_2", env=wrong)
    assert (result.exit_code, seen[:1]) == (1, ["Bearer tsk_2"]), result.output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_server_that_is_away_is_named_with_its_origin(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command, env={"TRACKSTORE_URL": "http://127.0.0.1:1"})
    assert result.exit_code == 1
    assert "http://127.0.0.1:1/" in result.stderr
    assert "from TRACKSTORE_URL" in result.stderr


def test_a_wrong_address_is_named_with_its_origin(run: Run) -> None:
    result = run("stats", env={"TRACKSTORE_URL": "127.0.0.1:8000"})
    assert result.exit_code == 2
    assert "from TRACKSTORE_URL" in " ".join(result.stderr.split())
