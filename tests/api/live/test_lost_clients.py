"""Clients that vanish leave nothing behind: no subscription, task, queue or memory."""

import asyncio
import gc

import psutil

from tests.api.live.documents import EVENTS, OPERATIONS, PROGRESS, STATS, new_request, tell
from tests.api.live.serving import Served, eventually

CLIENTS = 500
ROUNDS = 2
MEBIBYTE = 2**20
STREAMING = ("live-operation", "live-execution", "live-read", "feed", "stats")


async def vanish(live: Served, document: str, variables: dict[str, str]) -> None:
    """Connect, subscribe, and drop the connection without a word."""
    async with live.socket() as socket:
        await socket.subscribe(document, variables)
        await asyncio.sleep(0.05)
        socket.raw.transport.abort()


def streaming_tasks() -> list[str]:
    """The tasks that anybody's stream would need."""
    names = [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith(STREAMING)]


async def test_500_clients_that_vanish(live: Served) -> None:
    side = live.server.live
    assert side is not None
    request = await new_request(live)
    kinds = [(PROGRESS, {"id": str(request)}), (EVENTS, {}), (OPERATIONS, {}), (STATS, {})]
    before, sizes = 0, []
    for number in range(ROUNDS):
        for start in range(0, CLIENTS, 50):
            some = [kinds[n % len(kinds)] for n in range(start, start + 50)]
            await asyncio.gather(*(vanish(live, *kind) for kind in some))
            await tell(live, request, f"{number}-{start}")
        await eventually(lambda: side.connections == 0)
        await eventually(lambda: side.operations == 0 and side.engine.executions == 0)
        assert not side.hub.is_watched
        gc.collect()
        await eventually(lambda: not streaming_tasks())
        sizes.append(psutil.Process().memory_info().rss)
        before = before or sizes[0]
    assert sizes[-1] - before < 20 * MEBIBYTE
