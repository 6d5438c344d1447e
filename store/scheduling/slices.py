"""Divide long work into slices, so that other calls get a turn of the event loop in between."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
COLUMNAR_SLICE_ITEMS = 1_000
"""Operations converted or sent column by column in a few milliseconds."""
VALIDATED_SLICE_ITEMS = 200
"""Entries validated one by one in less than 10 ms."""


async def slices_of(
    items: Sequence[T], size: int = COLUMNAR_SLICE_ITEMS
) -> AsyncIterator[Sequence[T]]:
    """Yield the items in slices of at most ``size``; other calls run between two slices."""
    if len(items) <= size:
        yield items
        return
    for start in range(0, len(items), size):
        if start:
            await asyncio.sleep(0)
        yield items[start : start + size]


async def in_turns(items: Iterable[T], size: int = COLUMNAR_SLICE_ITEMS) -> AsyncIterator[T]:
    """Yield the items one by one; other calls run after each ``size`` of them."""
    for number, item in enumerate(items, 1):
        yield item
        if not number % size:
            await asyncio.sleep(0)
