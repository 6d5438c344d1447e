"""Defines the positions of rows in feeds, and the channel by which servers tell each other of commits."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from store.dialects.notification_channel import NotificationChannel


class CommitHorizon(NamedTuple):
    """The transactions that have ended: all numbered below ``below``, except ``pending``."""

    below: int
    pending: tuple[int, ...] = ()


class FeedHorizon(NamedTuple):
    """No row can appear below ``stable_below`` any more; every row so far lies below ``started_below``."""

    stable_below: int
    started_below: int


class FeedPositions(ABC):
    async def feed_position(self, connection: AsyncConnection, table: Table) -> dict[str, int]:
        """Return the feed position of rows inserted now; empty where a column default sets it."""
        del connection, table
        return {}

    def foreign_positions(self, position: ColumnElement[Any]) -> ColumnElement[bool] | None:
        """Return whether a visible row has a position that this database has not assigned yet."""
        del position
        return None

    @abstractmethod
    async def feed_horizon(self, connection: AsyncConnection, table: Table) -> FeedHorizon:
        """Up to where the feed of ``table`` can be read now."""

    @abstractmethod
    async def commit_horizon(self, connection: AsyncConnection, table: Table) -> CommitHorizon:
        """Return what has ended by now; every later statement sees all of it."""

    def is_beyond(
        self,
        position: ColumnElement[Any],
        below: ColumnElement[Any],
        pending: ColumnElement[Any],
    ) -> ColumnElement[bool]:
        """Return whether the parts of a ``CommitHorizon`` leave a feed position out.

        False or null for rows without a position.
        """
        del pending  # one writer: nothing is pending
        return position >= below

    @abstractmethod
    def notification_channel(self) -> NotificationChannel | None:
        """Return the channel to other server processes; None where there is only one."""
