"""A live question that cannot be answered ends with an error; one that meets an outage goes on after it."""

import asyncio
from typing import Any

import pytest

from schema.stats.arguments import run_stats
from store.auth.access import UNRESTRICTED
from store.database import DatabaseFailureError
from store.errors import InvalidInputError, OverloadedError, QueryTimeoutError
from store.feeds.reading import FeedQuery
from store.query.filters import Compare, ComparisonOperator
from subscriptions import operations, stats
from subscriptions.feeds import FeedStream
from subscriptions.streams import Item
from subscriptions.subscriber import Policy, Subscriber
from tests.api.live.documents import TRACK
from tests.api.live.serving import Operation, Served

NE = ComparisonOperator.NE
LIVE = 'subscription { operationStatsLive(minInterval: "PT0.1S") { totals { count } } }'


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "MIN_RETRY_SECONDS", 0.05)


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[Exception | None]:
    """What the next answers fail with; the last holds for all that follow."""
    errors: list[Exception | None] = [None]

    async def answer(*arguments: Any) -> Any:
        error = errors.pop(0) if len(errors) > 1 else errors[0]
        if error is not None:
            raise error
        return await run_stats(*arguments)

    monkeypatch.setattr(operations, "run_stats", answer)
    return errors


async def error_of(following: Operation) -> tuple[str, str]:
    """The code and message with which the subscription ends, and nothing after it."""
    message = await following.message()
    payload = message["payload"]
    (error,) = payload if isinstance(payload, list) else payload["errors"]
    return error["extensions"]["code"], error["message"]


@pytest.mark.parametrize(
    ("error", "code", "asked"),
    [
        (QueryTimeoutError("the database took longer than 30 s"), "TIMEOUT", 3),
        (DatabaseFailureError("it should have taken this"), "INTERNAL", 3),
        (KeyError("a mistake"), "INTERNAL", 3),
        (InvalidInputError("too many rows"), "BAD_USER_INPUT", 1),
    ],
    ids=["too slow", "refused", "mistake", "not acceptable"],
)
async def test_a_question_that_cannot_be_answered_ends_with_an_error(
    live: Served, failures: list[Exception | None], error: Exception, code: str, asked: int
) -> None:
    async with live.socket() as one, live.socket() as other:
        watched = [await socket.subscribe(LIVE) for socket in (one, other)]
        for following in watched:
            assert (await following.next())["totals"] == {"count": 0}
        failures[:] = [error] * (asked + 5)
        await live(TRACK, {"name": "a"})
        for following in watched:
            found, message = await error_of(following)
            assert found == code
            assert "database took" not in message
        await asyncio.sleep(0.3)
        assert len(failures) == 5, "it is not asked any more"
        failures[:] = [None]
        again = await one.subscribe(LIVE)
        assert (await again.next())["totals"] == {"count": 1}


async def test_an_outage_is_waited_for(live: Served, failures: list[Exception | None]) -> None:
    """Longer than a question would be tried that cannot be answered."""
    slow = QueryTimeoutError("slow")
    async with live.socket() as socket:
        following = await socket.subscribe(LIVE)
        assert (await following.next())["totals"] == {"count": 0}
        away = OverloadedError("the database is away")
        failures[:] = [*[away] * (stats.MAX_TRIES + 1), slow, slow, None]
        await live(TRACK, {"name": "a"})
        assert (await following.next())["totals"] == {"count": 1}
        failures[:] = [slow, slow, None]  # what failed before does not count
        await live(TRACK, {"name": "b"})
        assert (await following.next())["totals"] == {"count": 2}


async def test_several_slow_filters_take_as_long_as_one(
    live: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each runs into its deadline, a few at once; the reader beside them misses nothing."""
    assert live.server.live is not None
    hub = live.server.live.hub
    at_once = most = 0

    async def names(stream: FeedStream, count: int) -> list[str]:
        items = Subscriber(stream, None, Policy.READ).items()
        found: list[Item] = [await asyncio.wait_for(anext(items), 20) for _ in range(count)]
        await items.aclose()  # type: ignore[attr-defined]
        return [item.value.row["name"] for item in found]

    reader = hub.operation_feed(FeedQuery(None, UNRESTRICTED))
    slow = [
        hub.operation_feed(
            FeedQuery(Compare("name", ComparisonOperator.NE, f"slow {n}"), UNRESTRICTED)
        )
        for n in range(6)
    ]
    follower = hub._operations
    read = follower.reader.read

    async def limited(questions: Any, *more: Any) -> Any:
        nonlocal at_once, most
        if any(q.where is not None for q in questions):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.05)
            at_once -= 1
            raise QueryTimeoutError("too slow")
        return await read(questions, *more)

    monkeypatch.setattr(follower.reader, "read", limited)
    waiting = [asyncio.create_task(names(stream, 2)) for stream in (reader, *slow)]
    for _ in range(400):
        if all(stream.head is not None for stream in (reader, *slow)):
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    for name in "abc":
        await live(TRACK, {"name": name})
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert results[0] == ["a", "b"]
    assert [getattr(error, "code", None) for error in results[1:]] == ["TIMEOUT"] * 6
    assert 1 < most <= 4
