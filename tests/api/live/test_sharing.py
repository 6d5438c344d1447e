"""Equal subscriptions are executed once; unequal ones, and idle ones, cost what they must."""

import asyncio
from typing import Any

import pytest

from server.live.engine import LiveEngine
from server.live.sharing import SharedExecution
from subscriptions.streams import Item, Missed, Page, Place, Stream
from subscriptions.subscriber import Policy, Subscriber
from tests.api.live.conftest import Serve
from tests.api.live.documents import EVENTS, PROGRESS, STATS, TRACK, new_request, tell
from tests.api.live.serving import Served
from tests.api.paging.statements import statements_of


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The items that were executed, one by one."""
    found: list[Any] = []
    original = LiveEngine._answer

    async def answer(self: LiveEngine, subscribed: Any, item: Any) -> str:
        found.append(item.place)
        return await original(self, subscribed, item)

    monkeypatch.setattr(LiveEngine, "_answer", answer)
    return found


@pytest.mark.parametrize("shares", [True, False])
async def test_one_execution_for_all(serve: Serve, answered: list[Any], shares: bool) -> None:
    live = await serve(live_sharing=shares)
    id = await new_request(live)
    async with live.socket() as one, live.socket() as other:
        watched = [
            await socket.subscribe(PROGRESS, {"id": str(id), "afterSeq": after})
            for socket in (one, other)
            for after in (1, 2)
        ]
        for operation in watched[::2]:
            assert (await operation.next())["seq"] == 2
        assert await watched[-1].is_quiet(0.1)
        answered.clear()
        await tell(live, id, "a", "b")
        for operation in watched:
            assert [i["event"]["message"] for i in await operation.take(2)] == ["a", "b"]
    assert sorted(answered) == ([3, 4] if shares else [3] * 4 + [4] * 4)


async def test_another_selection_or_another_caller_shares_nothing(
    live: Served, answered: list[Any]
) -> None:
    id = await new_request(live)
    other_selection = PROGRESS.replace("etaSeconds", "")
    async with live.socket() as socket:
        one = await socket.subscribe(PROGRESS, {"id": str(id), "afterSeq": 2})
        other = await socket.subscribe(other_selection, {"id": str(id), "afterSeq": 2})
        assert await one.is_quiet(0.3)
        assert await other.is_quiet(0.3)  # both have begun
        answered.clear()
        await tell(live, id, "a")
        await asyncio.gather(one.next(), other.next())
    assert answered == [3, 3]


async def test_a_cursor_that_the_answers_depend_on_is_not_shared(live: Served) -> None:
    """The same variable says where to begin, and what is selected of the request."""
    document = PROGRESS.replace(
        "request {", "request { events(afterSeq: $afterSeq) { totalCount nodes { seq } }"
    )
    id = await new_request(live)
    async with live.socket() as socket:
        one = await socket.subscribe(document, {"id": str(id), "afterSeq": 1})
        other = await socket.subscribe(document, {"id": str(id), "afterSeq": 2})
        await one.next()
        assert await other.is_quiet(0.1)
        await tell(live, id, "a")
        found = [await operation.next() for operation in (one, other)]
    seqs = [[node["seq"] for node in item["request"]["events"]["nodes"]] for item in found]
    assert seqs == [[2, 3], [3]]


async def test_idle_streams_ask_the_database_nothing(serve: Serve) -> None:
    # What the server does by itself from time to time is none of theirs.
    live = await serve(rollups=False, stall_sweep_seconds=0)
    id = await new_request(live)
    async with live.socket() as socket:
        watched = [await socket.subscribe(PROGRESS, {"id": str(id)}) for _ in range(10)]
        for operation in watched:
            await operation.next()
        feeds = [await socket.subscribe(EVENTS, {}) for _ in range(10)]
        stats = await socket.subscribe(STATS)
        assert await stats.next() == {"rows": []}
        assert await feeds[-1].is_quiet(1.0)
        with statements_of(live) as sent:
            await asyncio.sleep(2)
        assert sent == []
        with statements_of(live) as sent:
            await tell(live, id, "x")
            for operation in (*watched, *feeds):
                await operation.next()
            await asyncio.sleep(0.2)
        reads = [text for text in sent if "FROM request_events JOIN requests" in text]
        assert len(reads) <= 2, "one read serves all followers of a feed"
        horizon = "FROM request_events \nWHERE request_events.feed_position IS NOT NULL"
        assert not [t for t in sent if "FROM request_events \n" in t and horizon not in t]


async def test_a_live_question_is_answered_when_its_answer_changes(live: Served) -> None:
    async with live.socket() as socket:
        one = await socket.subscribe(STATS, {"where": {"name": {"eq": "x"}}})
        every = await socket.subscribe(STATS)
        assert await one.next() == {"rows": []}
        assert await every.next() == {"rows": []}
        await live(TRACK, {"name": "x"})
        row = {"rows": [{"count": 1, "key": {"name": "x"}}]}
        assert [await one.next(), await every.next()] == [row, row]
        await live(TRACK, {"name": "y"})
        assert len((await every.next())["rows"]) == 2
        assert await one.is_quiet(), "what has not changed is not sent"


class Growing(Stream):
    """A stream that has one place more at each read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def on_first_subscriber(self) -> None: ...
    def on_last_unsubscribed(self) -> None: ...
    async def start(self) -> Place | None: ...

    async def read(self, after: Place | None) -> Page:  # noqa: ARG002  # of no matter here
        self.reads += 1
        through = self.reads
        await asyncio.sleep(0)
        return Page([Item(through, None)], through)

    async def gap(self, missed: Missed) -> Item:
        raise NotImplementedError


async def test_a_read_that_is_over_is_not_shared() -> None:
    """Or a follower that is behind gets the same page again and again, and nobody else a turn."""
    stream = Growing()

    async def encoded(item: Item) -> str:
        return str(item.place)

    shared = SharedExecution(stream, encoded, lambda: None)
    first = asyncio.create_task(shared.read(0))
    await asyncio.sleep(0)
    reading = shared._reads[0]
    while not reading.done():  # noqa: ASYNC110  # each turn counts
        await asyncio.sleep(0)
    assert shared._reads[0] is reading, "it is over, and the loop had no turn to forget it"
    async with asyncio.timeout(5):
        assert (await shared.read(0)).through == 2
        assert (await first).through == 1
    assert not shared._reads


async def test_nobody_joins_behind_what_the_stream_has_told() -> None:
    """Two selections of one stream: the first to join has read further than the second."""
    stream = Growing()

    async def encoded(item: Item) -> str:
        return str(item.place)

    one, other = (SharedExecution(stream, encoded, lambda: None) for _ in range(2))
    late = Subscriber(one, 0, Policy.READ)
    early = Subscriber(other, 0, Policy.READ)
    one.subscribe(late)
    other.subscribe(early)
    assert other.try_go_live(2)
    assert not one.try_go_live(1), "2 was told to nobody here"
    assert one.try_go_live(2)
    one.unsubscribe(late)
    other.unsubscribe(early)
