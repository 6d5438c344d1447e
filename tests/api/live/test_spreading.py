"""Answers of a shared execution go to many followers, and others have their turn in between."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from server.live.sharing import LISTENERS_PER_TURN, SharedExecution
from subscriptions.streams import Item
from subscriptions.subscriber import Policy, Subscriber
from tests.api.live.test_subscriber import Numbers, settle, take

FOLLOWERS = 4 * LISTENERS_PER_TURN


async def leave(followers: Sequence[AsyncIterator[Item]]) -> None:
    for items in followers:
        assert isinstance(items, AsyncGenerator)
        await items.aclose()


async def shared_by(stream: Numbers) -> SharedExecution:
    async def answer(item: Item) -> str:
        return f"answer {item.value}"

    return SharedExecution(stream, answer, lambda: None)


async def test_whoever_waits_has_a_turn_before_all_are_told() -> None:
    stream = Numbers()
    shared = await shared_by(stream)
    followers = [Subscriber(shared, 0, Policy.READ).items() for _ in range(FOLLOWERS)]
    told = [asyncio.create_task(take(items, 1)) for items in followers]
    await settle()
    stream.write(1)
    counts = []
    while not all(task.done() for task in told):
        counts.append(sum(task.done() for task in told))
        await asyncio.sleep(0)
    assert any(0 < count < FOLLOWERS for count in counts)
    assert {tuple(task.result()) for task in told} == {("answer 1",)}
    await leave(followers)


async def test_whoever_joins_while_others_are_told_gets_everything_once() -> None:
    stream = Numbers()
    shared = await shared_by(stream)
    followers = [Subscriber(shared, 0, Policy.READ).items() for _ in range(FOLLOWERS)]
    told = [asyncio.create_task(take(items, 3)) for items in followers]
    await settle()
    for number in (1, 2, 3):
        stream.write(number)
        await asyncio.sleep(0)
        late = Subscriber(shared, 0, Policy.READ).items()
        followers.append(late)
        told.append(asyncio.create_task(take(late, 3)))
    expected = ["answer 1", "answer 2", "answer 3"]
    for task in told:
        assert list(await task) == expected
    await leave(followers)
