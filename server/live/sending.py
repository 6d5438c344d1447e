"""A deadline for what hardly ever waits: it costs nothing unless it does."""

import asyncio
from collections.abc import Awaitable, Generator
from types import coroutine
from typing import Any


async def within(seconds: float, sending: Awaitable[None]) -> None:
    """Await ``sending``; raises ``TimeoutError`` after so many seconds.

    It is begun without a deadline: a socket with room takes a message at once, and to set up and
    take down a deadline for each would cost half as much as to send it.
    """
    steps = sending.__await__()
    try:
        waits_for = next(steps)
    except StopIteration:
        return
    async with asyncio.timeout(seconds):
        await _rest(steps, waits_for)


@coroutine
def _rest(steps: Generator[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Go on with what was begun: its event loop is asked for what it waits for."""
    while True:
        try:
            try:
                got = yield waits_for
            except BaseException as error:  # noqa: BLE001  # it is handed on, a cancellation too
                waits_for = steps.throw(error)
            else:
                waits_for = steps.send(got)
        except StopIteration:
            return
