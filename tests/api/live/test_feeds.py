"""requestEvents and operationFeed: the order of commits, from any cursor on, within bounds."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.api.live.conftest import Serve
from tests.api.live.documents import EVENTS, OPERATIONS, TRACK, new_request, tell
from tests.api.live.serving import Served


async def begin(socket: Any, document: str, **variables: Any) -> Any:
    """A feed that is live: it has been read up to now."""
    operation = await socket.subscribe(document, variables)
    assert await operation.is_quiet(0.2)
    return operation


async def test_events_of_all_requests_come_as_they_are_committed(live: Served) -> None:
    async with live.socket() as socket:
        feed = await begin(socket, EVENTS)
        first, second = await new_request(live), await new_request(live)
        await tell(live, first, "a")
        await tell(live, second, "b")
        found = await feed.take(6)
    assert [(item["requestId"], item["seq"]) for item in found] == [
        (str(first), 1), (str(first), 2), (str(second), 1), (str(second), 2),
        (str(first), 3), (str(second), 3),
    ]  # fmt: skip
    assert not any(item["replayed"] for item in found)


async def test_a_cursor_goes_on_where_it_stopped(live: Served) -> None:
    id = await new_request(live)
    async with live.socket() as socket:
        feed = await begin(socket, EVENTS)
        await tell(live, id, *map(str, range(8)))
        cursor = (await feed.take(3))[-1]["feedCursor"]
    await tell(live, id, "meanwhile")
    async with live.socket() as socket:
        again = await socket.subscribe(EVENTS, {"after": cursor})
        found = await again.take(6)
        await tell(live, id, "live")
        found.append(await again.next())
    assert [item["message"] for item in found] == ["3", "4", "5", "6", "7", "meanwhile", "live"]
    assert [item["replayed"] for item in found] == [True] * 6 + [False]


async def test_a_filter_is_the_databases_own(live: Served) -> None:
    async with live.socket() as socket:
        one = await begin(socket, EVENTS, where={"requestType": {"eq": "audio"}})
        other = await begin(socket, EVENTS, where={"message": {"startsWith": "x"}})
        video, audio = await new_request(live, "video"), await new_request(live, "audio")
        await tell(live, video, "xa", "b")
        await tell(live, audio, "c", "xd")
        assert [i["message"] for i in await one.take(4)] == [None, None, "c", "xd"]
        assert [i["message"] for i in await other.take(2)] == ["xa", "xd"]


async def test_operations_come_as_they_are_committed(live: Served) -> None:
    async with live.socket() as socket:
        feed = await begin(socket, OPERATIONS, where={"name": {"ne": "dull"}})
        for name in ("a", "dull", "b"):
            await live(TRACK, {"name": name})
        found = await feed.take(2)
    assert [item["name"] for item in found] == ["a", "b"]
    async with live.socket() as socket:
        again = await socket.subscribe(OPERATIONS, {"after": found[0]["feedCursor"]})
        assert [item["name"] for item in await again.take(2)] == ["dull", "b"]


async def test_a_duplicate_is_not_told_again(live: Served) -> None:
    document = """mutation($input: OperationInput!) { trackOperation(input: $input) { status } }"""
    given = {"id": "01a1fe01-f043-77af-917e-5bc08b32ccaf", "kind": "API", "name": "once"}
    async with live.socket() as socket:
        feed = await begin(socket, OPERATIONS)
        for _ in range(3):
            await live(document, {"input": given})
        await live(TRACK, {"name": "next"})
        assert [item["name"] for item in await feed.take(2)] == ["once", "next"]


async def test_a_cursor_of_another_order_is_refused(live: Served) -> None:
    async with live.socket() as socket:
        operation = await socket.subscribe(EVENTS, {"after": "nonsense"})
        (error,) = (await operation.message())["payload"]["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["argumentPath"] == ["after"]


@pytest.mark.postgresql
async def test_what_commits_late_is_waited_for(serve: Serve, dialect: str) -> None:
    """A transaction that began first and commits last loses nothing, and keeps its place."""
    if dialect != "postgresql":
        return  # one writer: transactions commit in their order
    live = await serve()
    early, late = await new_request(live), await new_request(live)
    engine = live.server.store.database.dialect.connections.write_engine
    copy = text(
        "INSERT INTO request_events (organization_id, request_id, seq, id, type, severity, "
        "occurred_at, recorded_at) SELECT organization_id, request_id, 3, gen_random_uuid(), "
        "'late', severity, occurred_at, recorded_at FROM request_events "
        "WHERE request_id = :id AND seq = 2"
    )
    async with live.socket() as socket:
        feed = await begin(socket, EVENTS)
        async with engine.connect() as slow:
            await slow.execute(copy, {"id": early})  # it has its number now
            await tell(live, late, "a", "b")
            assert await feed.is_quiet(0.5), "it went past a transaction that still runs"
            # Somebody who comes now, or comes back, does not go past it either.
            other = await socket.subscribe(EVENTS, {})
            assert await other.is_quiet(0.2)
            await slow.commit()
        found = await feed.take(3)
        assert [item["type"] for item in found] == ["late", "told", "told"]
        assert [item["type"] for item in await other.take(3)] == ["late", "told", "told"]
        async with engine.connect() as slow:
            await slow.execute(text("SELECT pg_current_xact_id()"))
            await tell(live, late, "c")
            assert await feed.is_quiet(0.3)
            await slow.rollback()  # nothing comes of it, and nobody tells
        assert [item["message"] for item in await feed.take(1)] == ["c"]


async def test_readers_of_many_commits_agree(live: Served) -> None:
    """Writers at work, readers that come at any time from one cursor: all see the same feed."""
    ids = [await new_request(live) for _ in range(5)]
    async with live.socket() as socket:
        first = await begin(socket, EVENTS)
        await tell(live, ids[0], "begin")
        cursor = (await first.next())["feedCursor"]
        each = 20

        async def write(id: Any) -> None:
            for number in range(each):
                await tell(live, id, str(number))

        async def read(delay: float) -> list[tuple[str, int]]:
            await asyncio.sleep(delay)
            feed = await socket.subscribe(EVENTS, {"after": cursor})
            return [(i["requestId"], i["seq"]) for i in await feed.take(each * len(ids))]

        *_, one, two, three = await asyncio.gather(*map(write, ids), read(0), read(0.1), read(0.4))
        watched = [(i["requestId"], i["seq"]) for i in await first.take(each * len(ids))]
    assert one == two == three == watched
    for id in ids:
        seqs = [seq for request, seq in one if request == str(id)]
        assert seqs == list(range(seqs[0], seqs[0] + each))
