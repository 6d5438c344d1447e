"""Clients that read too slowly, on real sockets: each gets what its policy says, and harms nobody."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets

from tests.api.live.conftest import Serve
from tests.api.live.documents import EVENTS, PROGRESS, new_request, tell
from tests.api.live.serving import PATIENCE_SECONDS, PROTOCOL, Served
from tests.support.api import Json

LONG = "x" * 4_000
ROUNDS, AT_ONCE = 50, 50
"""10 MB of events: more than the sockets between server and client hold."""
SETTLING_SECONDS = 1.0
"""The server passes events on after the calls that logged them, to clients that still do not read."""


@asynccontextmanager
async def sleeper(
    live: Served, document: str, variables: Json
) -> AsyncIterator[websockets.ClientConnection]:
    """A client that has subscribed and reads nothing by itself."""
    async with websockets.connect(
        live.socket_url, subprotocols=[PROTOCOL], compression=None, max_queue=1
    ) as raw:
        await raw.send('{"type":"connection_init"}')
        assert json.loads(await raw.recv()) == {"type": "connection_ack"}
        payload = {"query": document, "variables": variables}
        await raw.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        await asyncio.sleep(0.5)
        yield raw


async def flood(live: Served, id: Any) -> int:
    """Log a lot, at full speed; how many events there are then."""
    for number in range(ROUNDS):
        await tell(live, id, *(f"{number}-{n} {LONG}" for n in range(AT_ONCE)))
    await asyncio.sleep(SETTLING_SECONDS)
    return ROUNDS * AT_ONCE


async def answers(raw: websockets.ClientConnection, until: Any) -> list[Json]:
    """What comes once it reads, up to an answer that satisfies ``until``."""
    found: list[Json] = []
    async with asyncio.timeout(PATIENCE_SECONDS * 2):
        while not found or not until(found[-1]):
            message = json.loads(await raw.recv())
            if message["type"] == "error":
                return [*found, {"error": message["payload"][0]}]
            found += message["payload"]["data"].values()
    return found


def is_last(item: Json) -> bool:
    """Whether it is the very last event of a flood."""
    return str(item.get("message", "")).startswith(f"{ROUNDS - 1}-{AT_ONCE - 1} ")


async def test_gap_then_what_is_new_and_neighbours_get_all(live: Served) -> None:
    id = await new_request(live)
    async with live.socket() as socket, sleeper(live, EVENTS, {"overflow": "GAP"}) as raw:
        swift = await socket.subscribe(EVENTS)
        assert await swift.is_quiet(0.2)
        taking = asyncio.create_task(swift.take(ROUNDS * AT_ONCE))
        total = await flood(live, id)
        items = await asyncio.wait_for(taking, PATIENCE_SECONDS)
        assert [item["seq"] for item in items] == list(range(3, total + 3)), (
            "a neighbour missed some"
        )
        found = await answers(raw, lambda item: item["__typename"] == "Gap")
        *events, gap = found
        seqs = [item["seq"] for item in events]
        assert seqs == list(range(3, len(seqs) + 3))
        assert gap["missed"] + len(events) == total
        again = await socket.subscribe(EVENTS, {"after": gap["fromCursor"]})
        missed = await again.take(gap["missed"])
        assert missed[0]["seq"] == len(seqs) + 3
        assert missed[-1]["feedCursor"] == gap["toCursor"]


async def test_the_newest_after_a_gap(live: Served) -> None:
    id = await new_request(live)
    async with sleeper(live, EVENTS, {"overflow": "COALESCE"}) as raw:
        total = await flood(live, id)
        found = await answers(raw, is_last)
    gaps = [item for item in found if item["__typename"] == "Gap"]
    events = [item for item in found if item["__typename"] == "Event"]
    assert gaps
    assert sum(gap["missed"] for gap in gaps) + len(events) == total
    assert events[-1]["seq"] == total + 2


async def test_the_end_after_an_overflow(live: Served) -> None:
    id = await new_request(live)
    async with sleeper(live, EVENTS, {"overflow": "CLOSE"}) as raw:
        await flood(live, id)
        *events, last = await answers(raw, is_last)
    assert last["error"]["extensions"]["code"] == "OVERLOADED"
    assert [item["seq"] for item in events] == list(range(3, len(events) + 3))


async def test_a_log_is_read_at_its_readers_pace(live: Served) -> None:
    id = await new_request(live)
    async with sleeper(live, PROGRESS, {"id": str(id), "afterSeq": 2}) as raw:
        total = await flood(live, id)
        found = await answers(raw, lambda item: item["seq"] == total + 2)
    assert [item["seq"] for item in found] == list(range(3, total + 3)), "nothing is skipped"


@pytest.mark.sqlite
async def test_who_reads_nothing_at_all_is_given_up(serve: Serve, dialect: str) -> None:
    if dialect != "sqlite":
        return  # no database has a part in it
    live = await serve(live_stall_seconds=1)
    id = await new_request(live)
    side = live.server.live
    assert side is not None
    async with sleeper(live, PROGRESS, {"id": str(id), "afterSeq": 2}):
        await flood(live, id)
        await flood(live, id)  # both sockets are full for certain
        async with asyncio.timeout(PATIENCE_SECONDS):
            while side.connections:  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0.1)
