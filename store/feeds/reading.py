"""Reads a feed: what was committed after a place, for several who ask different questions, at once.

A reader stops at the oldest transaction that still runs: what commits later with a smaller number
would be missed for ever by whoever went past it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models import RollupFold, table_of
from store.auth.access import UNRESTRICTED, TenantBounds
from store.database import Database, Row
from store.dialects import FeedHorizon
from store.errors import QueryTimeoutError, StoreError
from store.feeds.sources import Feed, Position
from store.query.filters import Condition, ConditionCompiler, count_values
from store.query.paging import decode_cursor, encode_cursor

log = logging.getLogger(__name__)

QUERIES_PER_STATEMENT = 30
"""Different questions that one statement answers; each adds a column to it."""
MAX_QUERY_VALUES = 2_000
"""Values in the filter of one question: it is compared with every record that is committed."""
VALUES_PER_STATEMENT = 5_000
"""Values in the filters of one statement, each of which may be sent twice."""
MATCH = "match_{}_"


class FeedError(StoreError):
    """What one question asks cannot be answered; feeds with other questions go on."""

    def __init__(self, cause: BaseException) -> None:
        is_slow = isinstance(cause, QueryTimeoutError)
        self.code = QueryTimeoutError.code if is_slow else StoreError.code
        reason = "takes the database too long" if is_slow else "cannot be answered by the database"
        super().__init__(
            f"The filter of this subscription {reason}, so the subscription has ended. "
            "Subscribe again with a simpler filter",
            ("where",),
        )


@dataclass(frozen=True, slots=True)
class FeedQuery:
    where: Condition | None
    bounds: TenantBounds

    @property
    def values(self) -> int:
        return 0 if self.where is None else count_values(self.where)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Rows in order, each with the numbers of the questions that it answers.

    Everything up to ``through`` was looked at. ``is_full``: there may be more at once. ``is_held``:
    a transaction still runs that may have something from before.
    """

    rows: Sequence[tuple[Row, tuple[int, ...]]]
    through: Position
    is_full: bool
    is_held: bool


class FeedReader:
    def __init__(self, database: Database, feed: Feed) -> None:
        self._database = database
        self.feed = feed
        self._columns = list(feed.table.columns)

    async def prepare(self) -> None:
        """Take rows out of the feed that another database numbered, before it was restored here.

        Where transactions are counted, a copy begins to count again: old numbers lie ahead of it.
        """
        beyond = self._database.dialect.feeds.foreign_positions(self.feed.position)
        if beyond is None:
            return
        async with self._database.read(self._database.flush_seconds) as connection:
            foreign = select(self.feed.position).where(beyond).limit(1)
            if (await connection.execute(foreign)).first() is None:
                return  # also for a role that may only read
        statement = update(self.feed.table).where(beyond).values({self.feed.position: None})
        async with self._database.write() as connection:
            result = await connection.execute(statement)
            # Which of them the rollups contained cannot be told any more: they begin again.
            folds = table_of(RollupFold)
            await connection.execute(delete(folds).where(folds.c.source == self.feed.table.name))
        if result.rowcount:
            log.warning(
                "removed rows of a restored database from its feed",
                extra={"table": self.feed.table.name, "rows": result.rowcount},
            )

    def check(self, question: FeedQuery) -> None:
        """Raise ``InvalidInputError`` where a question asks for too much."""
        self._condition(question)

    def position_of(self, cursor: str) -> Position:
        """Decode a cursor; raise ``InvalidInputError`` for one of another order."""
        return tuple(decode_cursor(cursor, self.feed.terms, "after"))

    def cursor_of(self, position: Position) -> str:
        names = [term.name for term in self.feed.terms]
        return encode_cursor(self.feed.terms, dict(zip(names, position, strict=True)))

    async def now(self) -> Position:
        async with self._database.read(self._database.flush_seconds) as connection:
            return self.feed.before((await self._feed_horizon(connection)).stable_below)

    async def probe(self, after: Position) -> None:
        """Raise what any question would meet now, whatever it asks."""
        await self.read([FeedQuery(None, UNRESTRICTED)], after, 1)

    async def read(self, questions: Sequence[FeedQuery], after: Position, limit: int) -> FeedPage:
        """Return at most ``limit`` rows after a place that answer one of the questions."""
        async with self._database.read(self._database.flush_seconds) as connection:
            return await self._read(connection, questions, after, limit)

    async def catch_up(self, question: FeedQuery, after: Position, limit: int) -> FeedPage:
        async with self._database.read_for(question.bounds.organization_id) as connection:
            return await self._read(connection, [question], after, limit)

    async def _read(
        self,
        connection: AsyncConnection,
        questions: Sequence[FeedQuery],
        after: Position,
        limit: int,
    ) -> FeedPage:
        horizon = await self._feed_horizon(connection)
        end = self.feed.before(horizon.stable_below)
        is_held = horizon.stable_below < horizon.started_below
        if after >= end or not questions:
            return FeedPage((), max(after, end), False, is_held)
        statement = self._statement(questions, after, horizon.stable_below, limit)
        mappings = (await connection.execute(statement)).mappings().all()
        matches = [MATCH.format(n) for n in range(len(questions))]
        rows = [(row, tuple(n for n, name in enumerate(matches) if row[name])) for row in mappings]
        is_full = len(rows) == limit
        through = self.feed.place(rows[-1][0]) if is_full else end
        return FeedPage(rows, through, is_full, is_held)

    async def _feed_horizon(self, connection: AsyncConnection) -> FeedHorizon:
        return await self._database.dialect.feeds.feed_horizon(connection, self.feed.table)

    def _statement(
        self, questions: Sequence[FeedQuery], after: Position, before: int, limit: int
    ) -> Select[Any]:
        feed = self.feed
        conditions = [self._condition(question) for question in questions]
        matches = [c.label(MATCH.format(n)) for n, c in enumerate(conditions)]
        statement = select(*self._columns, *matches)
        if feed.parent is not None:
            statement = statement.join_from(feed.table, feed.parent.table, feed.parent.on)
        order = self._order()
        place = tuple_(*order)
        return (
            statement.where(
                feed.position >= after[0],
                feed.position < before,
                place > tuple_(*after, types=[column.type for column in order]),
                or_(*conditions),
            )
            .order_by(*order)
            .limit(limit)
        )

    def _order(self) -> list[ColumnElement[Any]]:
        """By commit, then by key as Python compares it."""
        organization, *others = (self.feed.table.c[name] for name in self.feed.key)
        by_code_point = self._database.dialect.expressions.by_code_point(organization)
        return [self.feed.position, by_code_point, *others]

    def _condition(self, question: FeedQuery) -> ColumnElement[bool]:
        parts = list(self.feed.conditions(question.bounds))
        if question.where is not None:
            dialect = self._database.dialect
            compiler = ConditionCompiler(self.feed.fields, dialect, MAX_QUERY_VALUES)
            parts.append(compiler.compile(question.where))
        return and_(true(), *parts)
