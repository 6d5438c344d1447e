"""Servers that the tests of a module share; each test has an organization of its own in them."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

import pytest

from tests.support.databases import Databases
from tests.support.processes import ServerProcess, server_process
from tests.system.concurrency.consumers import client_processes

SERVERS = {"sqlite": 1, "postgresql": 2}
"""SQLite serves one process; on PostgreSQL two of them share what they write."""


@dataclass(frozen=True)
class Shared:
    """The servers on one database."""

    database_url: str
    servers: list[ServerProcess]

    @property
    def urls(self) -> list[str]:
        """Where they answer."""
        return [server.url for server in self.servers]


@pytest.fixture(scope="module")
def shared(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """One server on SQLite, two on PostgreSQL; they must not complain until the module is over."""
    folder = tmp_path_factory.mktemp("servers")
    with databases.migrated() as url, ExitStack() as stack:
        count = SERVERS[databases.dialect]
        servers = [stack.enter_context(server_process(url, folder)) for _ in range(count)]
        yield Shared(url, servers)
        for server in servers:
            assert not server.complaints(), server.log_tail()


@pytest.fixture(scope="module")
def clients() -> Iterator[ProcessPoolExecutor]:
    """Client processes."""
    with client_processes() as pool:
        yield pool


@pytest.fixture
def organization() -> str:
    """An organization that nobody else knows."""
    return f"org-{uuid4().hex[:8]}"
