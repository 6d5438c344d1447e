"""Positions of rows in the feeds of PostgreSQL: transaction ids."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    Text,
    any_,
    cast,
    func,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.dialects.feeds import CommitHorizon, FeedHorizon, FeedPositions
from store.dialects.notification_channel import NotificationChannel
from store.dialects.postgresql.notifications import PostgresqlNotificationChannel

SNAPSHOT = text(
    "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint "
    "FROM pg_current_snapshot() s"
)
"""The oldest transaction that runs, and the next one to begin."""
ENDED = text(
    "SELECT pg_snapshot_xmax(s)::text::bigint, "
    "ARRAY(SELECT number::text::bigint FROM pg_snapshot_xip(s) number) FROM pg_current_snapshot() s"
)
"""The next transaction to begin, and those before it that run."""


class PostgresqlFeedPositions(FeedPositions):
    def __init__(self, engine: AsyncEngine, silence_seconds: float) -> None:
        self._engine = engine
        self._silence_seconds = silence_seconds

    def foreign_positions(self, position: ColumnElement[Any]) -> ColumnElement[bool]:
        # Of one snapshot: whoever wrote a row that it shows had begun before it.
        started_below = func.pg_snapshot_xmax(func.pg_current_snapshot())
        return position >= cast(cast(started_below, Text()), BigInteger())

    async def feed_horizon(self, connection: AsyncConnection, table: Table) -> FeedHorizon:
        del table
        result = await connection.execute(SNAPSHOT)
        return FeedHorizon(*result.one())

    async def commit_horizon(self, connection: AsyncConnection, table: Table) -> CommitHorizon:
        del table
        below, pending = (await connection.execute(ENDED)).one()
        return CommitHorizon(below, tuple(pending))

    def is_beyond(
        self,
        position: ColumnElement[Any],
        below: ColumnElement[Any],
        pending: ColumnElement[Any],
    ) -> ColumnElement[bool]:
        numbers = cast(pending, ARRAY(BigInteger()))  # ANY of a query would mean its rows
        return or_(position >= below, position == any_(numbers))

    def notification_channel(self) -> NotificationChannel:
        return PostgresqlNotificationChannel(self._engine, self._silence_seconds)
