"""One follower of a stream and its policies, held against streams that are made up."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from store.errors import OverloadedError
from subscriptions.streams import Item, Missed, Page, Stream
from subscriptions.subscriber import Policy, Subscriber


class Numbers(Stream):
    """Numbers that were written, and are told or not."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[int] = []
        self.reads = 0
        self.away = 0

    def on_first_subscriber(self) -> None:
        """Nothing to do."""

    def on_last_unsubscribed(self) -> None:
        """Nothing to do."""

    async def start(self) -> int:
        return self.written[-1] if self.written else 0

    async def read(self, after: Any) -> Page:
        self.reads += 1
        await asyncio.sleep(0)
        if self.away:
            self.away -= 1
            raise OverloadedError("away")
        found = [n for n in self.written if n > after][:10]
        through = found[-1] if found else after
        return Page([Item(n, n) for n in found], through, len(found) == 10)

    async def gap(self, missed: Missed) -> Item:
        return Item(missed.through, (missed.count, missed.after, missed.through))

    def write(self, *numbers: int, tells: bool = True) -> None:
        """Commit numbers, and tell of them."""
        self.written += numbers
        if tells:
            self.publish([Item(n, n, n % 2) for n in numbers], numbers[-1])


async def settle() -> None:
    """Let everybody who can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def take(items: Any, count: int) -> Sequence[Any]:
    """The next values."""
    return [(await asyncio.wait_for(anext(items), 5)).value for _ in range(count)]


async def live_follower(stream: Numbers, policy: Policy, queue: int = 4) -> Any:
    """One that waits for what comes: its first item has been asked for and delivered."""
    items = Subscriber(stream, None, policy, queue).items()
    first = asyncio.ensure_future(anext(items))
    await settle()
    stream.write(1)
    assert (await first).value == 1
    return items


async def test_reads_then_follows_without_gap_or_repeat() -> None:
    stream = Numbers()
    stream.write(*range(1, 26), tells=False)
    items = Subscriber(stream, 0, Policy.READ).items()
    found = list(await take(items, 12))
    stream.write(26)  # while it reads
    found += await take(items, 14)
    more = asyncio.ensure_future(take(items, 2))
    await settle()
    stream.write(27, 28)
    assert found + list(await more) == list(range(1, 29))


async def test_a_slow_reader_of_a_log_reads_what_it_has_missed() -> None:
    stream = Numbers()
    items = await live_follower(stream, Policy.READ)
    reads = stream.reads
    for number in range(2, 40):
        stream.write(number)
    assert await take(items, 38) == list(range(2, 40))
    assert stream.reads > reads


async def test_a_slow_reader_is_told_of_the_gap() -> None:
    stream = Numbers()
    items = await live_follower(stream, Policy.GAP)
    for number in range(2, 40):
        stream.write(number)
    assert await take(items, 5) == [2, 3, 4, 5, (34, 5, 39)]
    more = asyncio.ensure_future(take(items, 1))
    await settle()
    stream.write(40)
    assert await more == [40]


async def test_a_slow_reader_gets_the_newest_of_each_group() -> None:
    stream = Numbers()
    items = await live_follower(stream, Policy.COALESCE)
    for number in range(2, 40):
        stream.write(number)
    found = await take(items, 3)
    (missed, after, through), *newest = found
    assert (after, newest) == (1, [38, 39])
    assert missed + len(newest) == 38
    assert through == 39


async def test_a_slow_reader_is_ended() -> None:
    stream = Numbers()
    items = await live_follower(stream, Policy.CLOSE)
    for number in range(2, 40):
        stream.write(number)
    assert await take(items, 4) == [2, 3, 4, 5]
    with pytest.raises(OverloadedError, match="slower than its stream"):
        await anext(items)
    assert stream.listeners == 0


async def test_what_was_lost_is_read() -> None:
    stream = Numbers()
    items = await live_follower(stream, Policy.GAP)
    stream.write(2, 3, tells=False)
    stream.invalidate(3)
    stream.write(4)
    assert await take(items, 3) == [2, 3, 4]


async def test_a_database_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscriptions.subscriber.MIN_PAUSE_SECONDS", 0.001)
    stream = Numbers()
    stream.write(1, 2, tells=False)
    stream.away = 3
    items = Subscriber(stream, 0, Policy.READ).items()
    assert await take(items, 2) == [1, 2]


async def test_nobody_listens_after_the_end() -> None:
    stream = Numbers()
    items = await live_follower(stream, Policy.READ)
    assert stream.listeners == 1
    await items.aclose()
    assert stream.listeners == 0
