"""requestProgress: the present state, then every event once, in order, to the end."""

import asyncio
from uuid import uuid4

from tests.api.live.documents import (
    COMPLETE,
    EVENTS,
    FAIL,
    LOG,
    PROGRESS,
    RETRY,
    new_request,
    tell,
)
from tests.api.live.serving import Served


async def test_present_state_then_every_change_then_the_end(live: Served) -> None:
    id = await new_request(live)
    async with live.socket() as socket:
        progress = await socket.subscribe(PROGRESS, {"id": str(id)})
        state = await progress.next()
        assert state == {
            "seq": 2, "progress": 0.0, "replayed": True, "event": None, "etaSeconds": None,
            "request": {"status": "RUNNING", "lastSeq": 2},
        }  # fmt: skip
        await tell(live, id, "a", "b")
        await live(COMPLETE, {"id": str(id)})
        rest = await progress.rest()
    assert [item["seq"] for item in rest] == [3, 4, 5, 6, 7]
    assert [item["event"]["message"] for item in rest[:2]] == ["a", "b"]
    assert rest[-1]["event"]["type"] == "request.completed"
    assert rest[-1]["request"]["status"] == "COMPLETED"
    assert not any(item["replayed"] for item in rest)


async def test_a_reconnect_goes_on_after_the_last_seq(live: Served) -> None:
    id = await new_request(live)
    await tell(live, id, *map(str, range(250)))  # more than a page
    async with live.socket() as socket:
        progress = await socket.subscribe(PROGRESS, {"id": str(id), "afterSeq": 1})
        found = await progress.take(251)
        assert [item["event"]["seq"] for item in found] == list(range(2, 253))
        assert all(item["replayed"] for item in found)
        await tell(live, id, "live")
        fresh = await progress.next()
    assert fresh["event"] == {"seq": 253, "type": "told", "message": "live"}
    assert not fresh["replayed"]


async def test_an_ended_request_is_told_and_completed_at_once(live: Served) -> None:
    id = await new_request(live)
    await live(COMPLETE, {"id": str(id)})
    async with live.socket() as socket:
        whole = await (await socket.subscribe(PROGRESS, {"id": str(id)})).rest()
        log = await (await socket.subscribe(PROGRESS, {"id": str(id), "afterSeq": 0})).rest()
        nothing = await (await socket.subscribe(PROGRESS, {"id": str(id), "afterSeq": 99})).rest()
    assert [item["request"]["status"] for item in whole] == ["COMPLETED"]
    assert [item["seq"] for item in log] == [1, 2, 3, 4, 5]
    assert nothing == []


async def test_what_is_logged_while_it_is_read_comes_once(live: Served) -> None:
    """Subscribers come and go while events are logged: each sees all of them from its place on."""
    id = await new_request(live)
    total = 120

    async def write() -> None:
        for number in range(total):
            await live(LOG, {"id": str(id), "message": str(number)})

    async def read(delay: float) -> list[int]:
        await asyncio.sleep(delay)
        async with live.socket() as socket:
            progress = await socket.subscribe(PROGRESS, {"id": str(id), "afterSeq": 2})
            return [item["event"]["seq"] for item in await progress.take(total)]

    _, *found = await asyncio.gather(write(), *(read(n * 0.03) for n in range(12)))
    assert found == [list(range(3, total + 3))] * 12


async def test_strangers_and_unknown_requests_are_refused(live: Served) -> None:
    async with live.socket() as socket:
        operation = await socket.subscribe(PROGRESS, {"id": str(uuid4())})
        message = await operation.message()
        assert message["type"] == "next"
        (error,) = message["payload"]["errors"]
        assert error["extensions"]["code"] == "NOT_FOUND"
        assert "data" not in message["payload"]
        assert (await operation.message())["type"] == "complete"


async def test_many_that_begin_at_once_are_all_told(live: Served) -> None:
    ids = [await new_request(live) for _ in range(40)]
    async with live.socket() as socket:
        watched = [await socket.subscribe(PROGRESS, {"id": str(id), "afterSeq": 2}) for id in ids]
        again = [await socket.subscribe(PROGRESS, {"id": str(id), "afterSeq": 2}) for id in ids]
        assert await again[-1].is_quiet(0.5)
        for id in ids:
            await tell(live, id, "x")
        for operation in (*watched, *again):
            assert (await operation.next())["seq"] == 3


async def test_a_request_that_runs_again_goes_on_after_the_last_seq(live: Served) -> None:
    """The stream completes at FAILED; who continues gets the reopening and what follows."""
    id = str(await new_request(live))
    async with live.socket() as socket:
        first = await socket.subscribe(PROGRESS, {"id": id, "afterSeq": 2})
        await live(FAIL, {"id": id})
        failed = await first.rest()
        assert failed[-1]["event"]["type"] == "request.failed"
        last = failed[-1]["seq"]
        again = await (await socket.subscribe(PROGRESS, {"id": id, "afterSeq": last})).rest()
        assert again == []  # it is over, as far as anybody knows
        await live(RETRY, {"id": id})
        watched = await socket.subscribe(PROGRESS, {"id": id, "afterSeq": last})
        reopened = await watched.next()
        assert (reopened["event"]["type"], reopened["seq"]) == ("request.reopened", last + 1)
        assert reopened["request"]["status"] == "RUNNING"
        await live(COMPLETE, {"id": id})
        rest = await watched.rest()
        assert rest[-1]["event"]["type"] == "request.completed"
        whole = await (await socket.subscribe(PROGRESS, {"id": id, "afterSeq": 0})).rest()
    types = [item["event"]["type"] for item in whole]
    assert types.index("request.failed") < types.index("request.reopened") < len(types) - 1
    assert types[-1] == "request.completed"
    assert [item["seq"] for item in whole] == list(range(1, len(whole) + 1))


async def test_the_feed_of_events_has_the_reopening(live: Served) -> None:
    id = str(await new_request(live))
    async with live.socket() as socket:
        feed = await socket.subscribe(EVENTS, {"where": {"requestId": {"in": [id]}}})
        assert await feed.is_quiet(0.2)  # it has begun
        await live(FAIL, {"id": id})
        await live(RETRY, {"id": id})
        types: list[str] = []
        while "request.reopened" not in types:
            types.append((await feed.next())["type"])
    assert types[-2:] == ["request.failed", "request.reopened"]
