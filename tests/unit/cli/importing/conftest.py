"""Fixtures for imports: the command in this process, against a server in another one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli import app
from tests.support.processes import ServerProcess, server_process

DATA = Path(__file__).parents[3] / "data"
ACCESS_LOG = DATA / "access.log"
CALLS = DATA / "calls.csv"

Command = Callable[..., Result]
Query = Callable[..., dict[str, Any]]


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server over a fresh database, open to this machine."""
    with server_process(database_url, tmp_path) as process:
        yield process


@pytest.fixture
def command(server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run ``trackstore import ...`` against the server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKSTORE_SERVER", server.url)

    def run(*arguments: object, stdin: bytes | None = None) -> Result:
        words = ["import", *map(str, arguments)]
        return CliRunner().invoke(app, words, input=stdin, catch_exceptions=False)

    return run


@pytest.fixture
def query(server: ServerProcess) -> Iterator[Query]:
    """Ask the server; any error fails the test."""
    with httpx.Client(base_url=server.url, timeout=60) as http:

        def ask(document: str, **variables: Any) -> dict[str, Any]:
            answer = http.post("/graphql", json={"query": document, "variables": variables}).json()
            assert "errors" not in answer, answer
            data: dict[str, Any] = answer["data"]
            return data

        yield ask


def summary(result: Result) -> dict[str, int]:
    """The counts that an import printed last."""
    counts = {}
    for line in result.stdout.splitlines():
        name, _, rest = line.partition("  ")
        number = rest.split()[0].replace(",", "") if rest.split() else ""
        if number.isdigit():
            counts[name] = int(number)
    return counts
