"""Servers of live tests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.api.live.serving import Served, served

Serve = Callable[..., Awaitable[Served]]


@pytest_asyncio.fixture
async def serve(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Serve]:
    """Start servers over this test's database: ``await serve(live_per_connection=3)``."""
    monkeypatch.chdir(tmp_path)  # no .env of the person who runs the tests
    async with AsyncExitStack() as servers:

        async def start(**settings: Any) -> Served:
            made = served(**{"database_url": database_url, **settings})
            return await servers.enter_async_context(made)

        yield start


@pytest_asyncio.fixture
async def live(serve: Serve) -> Served:
    """A running server over a fresh database, called without a key: access is open."""
    return await serve()
