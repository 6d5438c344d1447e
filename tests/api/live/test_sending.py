"""A deadline that is set up only where something waits."""

import asyncio

import pytest

from server.live.sending import send_within

LONG = 30.0


async def test_what_is_done_at_once_needs_no_deadline() -> None:
    done = []

    async def send() -> None:
        done.append(True)

    await send_within(-1, send())  # a deadline would have passed before it began
    assert done == [True]


async def test_what_waits_goes_on_where_it_was() -> None:
    steps = []

    async def send() -> None:
        for step in range(3):
            steps.append(step)
            await asyncio.sleep(0.001 * step)

    await send_within(LONG, send())
    assert steps == [0, 1, 2]


async def test_what_waits_too_long_is_cancelled() -> None:
    ended = []

    async def send() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    with pytest.raises(TimeoutError):
        await send_within(0.01, send())
    assert ended == [True]


async def test_a_cancellation_reaches_what_waits() -> None:
    ended = []

    async def send() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(True)
            raise

    task = asyncio.create_task(send_within(LONG, send()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


@pytest.mark.parametrize("pause", [None, 0.001])
async def test_what_fails_is_told(pause: float | None) -> None:
    async def send() -> None:
        if pause is not None:
            await asyncio.sleep(pause)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await send_within(LONG, send())
