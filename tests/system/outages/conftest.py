"""A real server that reaches a real PostgreSQL through a proxy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from migrations.runner import upgrade
from tests.support.databases import PostgresDatabases
from tests.support.processes import ServerProcess, server_process
from tests.system.chaos.proxy import FaultProxy

QUICK: dict[str, Any] = {
    "flush_seconds": 2,
    "silence_seconds": 0.3,
    "statement_seconds": 4,
    "lock_seconds": 1,
    "pool_wait_seconds": 1,
    "key_cache_seconds": 0,
    "stall_sweep_seconds": 1,
    "live_poll_seconds": 3_600,
}
"""Deadlines that a test can wait for, and no poll that would hide what was not heard."""


@pytest.fixture(scope="module")
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """A migrated database for the tests of one file."""
    databases = PostgresDatabases(postgres_server, upgrade)
    with databases.migrated() as url:
        yield url
    databases.close()


@pytest.fixture(scope="module")
def proxy(postgres_url: str) -> Iterator[FaultProxy]:
    """The way to that database."""
    with FaultProxy.to_database(postgres_url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def served(
    postgres_url: str, proxy: FaultProxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server that has no other way to its database."""
    folder: Path = tmp_path_factory.mktemp("served")
    with server_process(proxy.database_url(postgres_url), folder, **QUICK) as server:
        yield server


@pytest.fixture(autouse=True)
def _healed(proxy: FaultProxy) -> Iterator[None]:
    """Let every test begin and end with a proxy that forwards."""
    yield
    proxy.on_request = lambda _link, _chunk: None
    proxy.forward()
