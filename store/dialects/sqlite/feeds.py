"""Positions of rows in the feeds of SQLite."""

import sqlite3
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
        if table.name not in self._positions:
            ((newest,),) = await driver.execute_fetchall(_newest(table))
            self._positions[table.name] = newest or 0
        return self._following(table)

    def position_in(self, connection: sqlite3.Connection, table: Table) -> int:
        """Return the same within the thread of the connection."""
        if table.name not in self._positions:
            (newest,) = connection.execute(_newest(table)).fetchone()
            self._positions[table.name] = newest or 0
        return self._following(table)

    def _following(self, table: Table) -> int:
        number = max(self._positions[table.name] + 1, time.time_ns() // 1_000)
        self._positions[table.name] = number
        return number


def _newest(table: Table) -> str:
    # The index is of the rows that have one.
    return f'SELECT max({FEED_POSITION}) FROM "{table.name}" WHERE {FEED_POSITION} IS NOT NULL'  # noqa: S608  # our own names
