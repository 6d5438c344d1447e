"""Live answers move on with the clock although nothing is recorded."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subscriptions import stats
from tests.api.live.conftest import Serve
from tests.api.live.serving import Operation, Served
from tests.api.paging.statements import statements_of
from tests.support.api import Json

START = datetime(2026, 6, 30, 12, 30, 10, tzinfo=UTC)
LIVE = """subscription($where: OperationFilter, $bucket: BucketInput) {
  operationStatsLive(where: $where, bucket: $bucket, minInterval: "PT0.1S") {
    rows { count bucket { start } } totals { count } } }"""
RATE = """subscription($where: OperationFilter) {
  operationStatsLive(where: $where, minInterval: "PT0.1S") { totals { perSecond } } }"""
TRACK = """mutation($at: DateTime!, $name: String!) {
  trackOperation(input: {kind: API, name: $name, occurredAt: $at}) { status } }"""


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The clock of a server whose timers look at it often."""
    monkeypatch.setattr(stats, "RECHECK_SECONDS", 0.02)
    return Hands()


async def track(live: Served, clock: Hands, age: timedelta, name: str = "x") -> None:
    """Record an operation that happened before now."""
    await live(TRACK, {"at": (clock.now - age).isoformat(), "name": name})


async def settled(following: Operation, seconds: float = 0.4) -> Json | None:
    """The last answer of those that come, once none has come for a while."""
    message = await following.message()
    while True:
        (found,) = message["payload"]["data"].values()
        try:
            message = await following.message(seconds)
        except TimeoutError:
            return found  # type: ignore[no-any-return]


LAST = {"occurredAt": {"last": "1h"}}


@pytest.mark.parametrize(
    "where",
    [
        LAST,
        {"and": [LAST]},
        {"or": [LAST, {"name": {"eq": "nobody"}}]},
        {"not": {"or": [{"not": LAST}]}},
        {**LAST, "name": {"eq": "x"}},
    ],
)
async def test_what_is_too_old_falls_out_of_the_window(
    serve: Serve, clock: Hands, where: Json
) -> None:
    live = await serve(clock=clock)
    for minutes in (50, 59):
        await track(live, clock, timedelta(minutes=minutes))
    async with live.socket() as socket:
        following = await socket.subscribe(LIVE, {"where": where})
        assert (await following.next())["totals"] == {"count": 2}
        clock.now += timedelta(minutes=1, seconds=1)
        assert (await following.next())["totals"] == {"count": 1}
        clock.now += timedelta(minutes=30)
        assert (await following.next())["totals"] == {"count": 0}
        assert await following.is_quiet()


async def test_a_window_that_is_asked_for_all_does_not_move(serve: Serve, clock: Hands) -> None:
    live = await serve(clock=clock)
    await track(live, clock, timedelta(minutes=50))
    async with live.socket() as socket:
        following = await socket.subscribe(LIVE, {"where": {"occurredAt": {"last": "all"}}})
        assert (await following.next())["totals"] == {"count": 1}
        clock.now += timedelta(days=9)
        assert await following.is_quiet()


@pytest.mark.parametrize("where", [LAST, {"occurredAt": {"since": "2026-06-30T12:00:00Z"}}])
async def test_buckets_shift(serve: Serve, clock: Hands, where: Json) -> None:
    live = await serve(clock=clock)
    async with live.socket() as socket:
        bucket = {"unit": "MINUTE", "every": 10}
        following = await socket.subscribe(LIVE, {"where": where, "bucket": bucket})
        first = await following.next()
        assert first["rows"][-1]["bucket"]["start"] == "2026-06-30T12:30:00Z"
        clock.now += timedelta(minutes=10)
        moved = await settled(following)
        assert moved is not None
        assert moved["rows"][-1]["bucket"]["start"] == "2026-06-30T12:40:00Z"


async def test_the_first_bucket_leaves_with_the_window(serve: Serve, clock: Hands) -> None:
    clock.now = datetime(2026, 6, 30, 12, 39, 50, tzinfo=UTC)
    live = await serve(clock=clock)
    async with live.socket() as socket:
        variables: Json = {"where": {"occurredAt": {"last": "95m"}}, "bucket": {"unit": "HOUR"}}
        following = await socket.subscribe(LIVE, variables)
        assert (await following.next())["rows"][0]["bucket"]["start"] == "2026-06-30T11:00:00Z"
        clock.now += timedelta(minutes=56)  # 13:35:50: the hour of 11 ended before 12:00:50
        moved = await settled(following)
        assert moved is not None
        assert [r["bucket"]["start"][11:16] for r in moved["rows"]] == ["12:00", "13:00"]


async def test_a_rate_since_an_instant_falls(serve: Serve, clock: Hands) -> None:
    live = await serve(clock=clock)
    await track(live, clock, timedelta(seconds=5))
    since = {"occurredAt": {"since": (clock.now - timedelta(seconds=10)).isoformat()}}
    async with live.socket() as socket:
        following = await socket.subscribe(RATE, {"where": since})
        assert (await following.next())["totals"] == {"perSecond": 0.1}
        clock.now += timedelta(seconds=10)
        moved = await settled(following)
        assert moved is not None
        assert moved["totals"] == {"perSecond": 0.05}


async def test_a_long_window_moves_in_steps(serve: Serve, clock: Hands) -> None:
    live = await serve(clock=clock)
    await track(live, clock, timedelta(days=7) - timedelta(minutes=5))
    async with live.socket() as socket:
        following = await socket.subscribe(LIVE, {"where": {"occurredAt": {"last": "7d"}}})
        assert (await following.next())["totals"] == {"count": 1}
        clock.now += timedelta(minutes=11)
        assert (await following.next())["totals"] == {"count": 0}


async def test_an_empty_window_asks_nothing(serve: Serve, clock: Hands) -> None:
    live = await serve(clock=clock)
    async with live.socket() as one, live.socket() as other:
        watched = [
            await socket.subscribe(LIVE, {"where": {**LAST, "name": {"eq": "nobody"}}})
            for socket in (one, other)
        ]
        for following in watched:
            assert (await following.next())["totals"] == {"count": 0}
        await asyncio.sleep(0.3)
        with statements_of(live) as statements:
            for _ in range(5):
                clock.now += timedelta(minutes=40)
                await asyncio.sleep(0.05)
        assert [text for text in statements if "operations" in text] == []


async def test_equal_subscriptions_share_the_timer(
    serve: Serve, clock: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    original = stats.StatsStream._due

    async def due(self: stats.StatsStream, answered: datetime) -> datetime | None:
        asked.append(answered)
        return await original(self, answered)

    monkeypatch.setattr(stats.StatsStream, "_due", due)
    live = await serve(clock=clock)
    await track(live, clock, timedelta(minutes=59))
    async with live.socket() as one, live.socket() as other:
        watched = [await socket.subscribe(LIVE, {"where": LAST}) for socket in (one, other, one)]
        for following in watched:
            assert (await following.next())["totals"] == {"count": 1}
        await asyncio.sleep(0.3)
        clock.now += timedelta(minutes=2)
        for following in watched:
            assert (await following.next())["totals"] == {"count": 0}
        await asyncio.sleep(0.3)
    assert len(asked) == 2
