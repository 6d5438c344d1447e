"""``trackstore reprice``: tells what would change, asks, and changes it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.repricing.loads import NOW, SET, TRACK, operations
from tests.support.processes import ServerProcess, server_process
from tests.unit.cli.conftest import Run


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server whose prices changed after operations were recorded."""
    with server_process(database_url, tmp_path, max_reprice_items=50) as process:
        prices = [
            {"kind": "MODEL", "name": "opus", "inputPer1k": 0.5},
            {"kind": "TOOL", "name": "read", "inputPer1k": 0.7},
        ]
        variables = [{"items": operations(200)}, *({"price": price} for price in prices)]
        for document, given in zip((TRACK, SET, SET), variables, strict=True):
            asked = {"query": document, "variables": given}
            answer = httpx.post(f"{process.url}/graphql", json=asked).json()
            assert "errors" not in answer, answer
        yield process


@pytest.fixture
def asked(server: ServerProcess, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command against this server."""
    monkeypatch.setenv("TRACKSTORE_SERVER", server.url)
    return lambda *arguments, **options: run("reprice", *arguments, **options)


def test_a_dry_run_lists_what_would_change(asked: Run) -> None:
    told = asked("--dry-run")
    assert told.exit_code == 0, told.output
    assert {line.split()[1] for line in told.stdout.splitlines()[2:-1]} == {"opus", "read"}
    assert asked("--dry-run").stdout == told.stdout
    some = asked(
        "--dry-run", "--model", "opus", "--since", f"{NOW:%Y-%m-%d}", "--where", "kind=llm"
    )
    assert "read" not in some.stdout


def test_it_asks_before_it_changes(asked: Run) -> None:
    refused = asked(input="n\n")
    assert refused.exit_code == 1
    done = asked("--tool", "read", input="y\n")
    assert done.exit_code == 0, done.output
    assert "changed the costs" in done.stderr
    assert "read" not in asked("--dry-run").stdout
    assert asked("--yes").exit_code == 0
    assert "already have their current costs" in asked("--dry-run").stderr


def test_mistakes_are_told(asked: Run, run: Run) -> None:
    assert asked("--since", "x").exit_code == 2
    assert asked("--where", "nothing=1").exit_code == 2
    assert run("reprice", "--server", "http://127.0.0.1:9").exit_code == 1
    assert "Exit codes" in run("reprice", "--help").stdout
