"""Positions of rows in the feeds of SQLite."""

import time
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.feeds import FEED_POSITION
from store.dialects.feeds import CommitHorizon, FeedHorizon, FeedPositions


class SqliteFeedPositions(FeedPositions):
    def __init__(self) -> None:
        self._positions: dict[str, int] = {}

    async def feed_position(self, connection: AsyncConnection, table: Table) -> dict[str, int]:
        raw = await connection.get_raw_connection()
        return {FEED_POSITION: await self.next_position(raw.driver_connection, table)}

    async def feed_horizon(self, connection: AsyncConnection, table: Table) -> FeedHorizon:
        # Whoever reads sees whole transactions of one writer, in their order.
        position = table.c[FEED_POSITION]
        # The index is of the rows that have one: without the condition all rows would be read.
        newest = await connection.scalar(select(func.max(position)).where(position.is_not(None)))
        return FeedHorizon((newest or 0) + 1, (newest or 0) + 1)

    async def commit_horizon(self, connection: AsyncConnection, table: Table) -> CommitHorizon:
        return CommitHorizon((await self.feed_horizon(connection, table)).stable_below)

    def notification_channel(self) -> None:
        return None

    async def next_position(self, driver: Any, table: Table) -> int:
        """Return microseconds since the epoch, monotonic even if the clock moves back.

        Only the one writer asks, inside its transaction.
        """
        last = self._positions.get(table.name)
        if last is None:
            newest = (
                f'SELECT max({FEED_POSITION}) FROM "{table.name}" '  # noqa: S608  # our own names
                f"WHERE {FEED_POSITION} IS NOT NULL"
            )
            ((newest_rows,),) = await driver.execute_fetchall(newest)
            last = newest_rows or 0
        self._positions[table.name] = number = max(last + 1, time.time_ns() // 1_000)
        return number
