"""Bound sends that rarely wait, at no cost unless they do."""

import asyncio
from collections.abc import Awaitable, Generator
from types import coroutine
from typing import Any


async def send_within(seconds: float, sending: Awaitable[None]) -> None:
    """Await ``sending``; raise ``TimeoutError`` after so many seconds.

    It starts without a deadline: a socket with room takes a message at once, and setting up a deadline
    for each would cost half as much as sending it.
    """
    steps = sending.__await__()
    try:
        waits_for = next(steps)
    except StopIteration:
        return
    async with asyncio.timeout(seconds):
        await _resume(steps, waits_for)


@coroutine
def _resume(steps: Generator[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    while True:
        try:
            try:
                got = yield waits_for
            except BaseException as error:  # noqa: BLE001  # passed on, including cancellation
                waits_for = steps.throw(error)
            else:
                waits_for = steps.send(got)
        except StopIteration:
            return
