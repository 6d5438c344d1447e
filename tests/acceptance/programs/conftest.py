"""A server for each test, so that its totals are those of one program."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import ServerProcess, server_process


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A real server on an empty database of each dialect."""
    with server_process(database_url, tmp_path) as running:
        yield running
