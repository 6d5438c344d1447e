"""Streams over HTTP on which nothing happens: they begin, show that they live, and end."""

import asyncio

from tests.api.live.conftest import Serve
from tests.api.live.documents import EVENTS
from tests.api.live.serving import PATIENCE_SECONDS, Served


async def until_left(live: Served) -> None:
    """Return once no stream is open."""
    assert live.server.live is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while live.server.live.connections or live.server.live.operations:  # noqa: ASYNC110 the server under test tells nobody
            await asyncio.sleep(0.01)


async def test_an_idle_stream_begins_at_once_and_shows_that_it_lives(serve: Serve) -> None:
    live = await serve(live_ping_seconds=0.05)
    found: list[str] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for line in live.streamed(EVENTS):
            found.append(line)
            if len(found) == 4:
                break
    assert found == [":", "", ":", ""]
    await until_left(live)


async def test_an_idle_stream_is_left_when_its_client_goes(live: Served) -> None:
    assert live.server.live is not None
    body = {"query": EVENTS, "variables": None}
    headers = {"accept": "text/event-stream"}
    async with asyncio.timeout(PATIENCE_SECONDS):
        async with live.http.stream("POST", "/graphql", json=body, headers=headers) as answer:
            assert answer.status_code == 200
            assert live.server.live.connections == 1
        await until_left(live)


async def test_a_stop_ends_an_idle_stream_without_completing_it(serve: Serve) -> None:
    live = await serve(live_ping_seconds=0.05)
    assert live.server.live is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        found: list[str] = []
        async for line in live.streamed(EVENTS):
            if not found:
                await live.server.live.drain()
            found.append(line)
    assert set(found) <= {":", ""}
    assert live.server.live.operations == 0
