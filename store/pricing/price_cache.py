"""The book of all prices, kept for a moment so that not every flush must read it."""

import asyncio
import time

from sqlalchemy import select

from store.database import Database
from store.pricing.prices import TABLE, PriceBook

FRESH_SECONDS = 1.0
"""So long after it was set, at most, a price counts on all servers; on its own server at once."""


class PriceBookCache:
    """Hold the one price book; written by hand for what a cache of a library lacks.

    Who asks while it is read waits for that read, and a change during a read makes its result stale.
    """

    def __init__(self, database: Database, default_tool_nanos: int) -> None:
        self._database = database
        self._default_tool_nanos = default_tool_nanos
        self._book: PriceBook | None = None
        self._stale_at = 0.0
        self._changes = 0
        self._lock = asyncio.Lock()

    async def current(self) -> PriceBook:
        """Return the prices as they were at most ``FRESH_SECONDS`` ago."""
        if self._book is not None and time.monotonic() < self._stale_at:
            return self._book
        async with self._lock:
            if self._book is None or time.monotonic() >= self._stale_at:
                changes, asked_at = self._changes, time.monotonic()
                async with self._database.read(self._database.flush_seconds) as connection:
                    result = await connection.execute(select(TABLE))
                    self._book = PriceBook(result.mappings(), self._default_tool_nanos)
                # A change that came meanwhile may not be in what was read.
                self._stale_at = asked_at + FRESH_SECONDS if changes == self._changes else 0.0
            return self._book

    def invalidate(self) -> None:
        self._changes += 1
        self._stale_at = 0.0
