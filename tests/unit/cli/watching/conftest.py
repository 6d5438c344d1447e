"""Servers that are watched."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import ServerProcess, server_process
from tests.unit.cli.conftest import Run
from tests.unit.cli.watching.calls import Caller


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server over an empty database."""
    with server_process(database_url, tmp_path) as process:
        yield process


@pytest.fixture
def caller(server: ServerProcess) -> Caller:
    """Its caller."""
    return Caller(server.url)


@pytest.fixture
def watch(server: ServerProcess, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command against this server."""
    monkeypatch.setenv("TRACKSTORE_SERVER", server.url)
    return lambda *arguments, **options: run("watch", *arguments, **options)
