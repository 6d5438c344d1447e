"""What the store asks of a database beyond standard SQL."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Double,
    Insert,
    Select,
    Table,
    case,
    cast,
    func,
    literal,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.feeds import FEED_POSITION
from models.types import PackedSketch, SketchBins
from store.dialects.attempts import TransactionAttempt
from store.dialects.errors import Diagnosis, Fault
from store.dialects.insert_plans import Columns, Convert, Rows, columns_of_rows
from store.dialects.json_leaf import JsonLeaf
from store.dialects.notification_channel import NotificationChannel
from store.dialects.partitioning import TimeSpan
from store.dialects.pools import ConnectionCapacity
from store.dialects.probes import Rights
from store.dialects.row_columns import FetchedColumns

KEYS_PER_STATEMENT = 2_000
"""Keys in one IN list: five columns of each stay well below 32,767 bound parameters."""

T = TypeVar("T")


def chunks(keys: Sequence[T], size: int = KEYS_PER_STATEMENT) -> Iterator[Sequence[T]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


class DuplicateKeysError(Exception):
    """A bulk insert met a key that exists; nothing of it stays once its savepoint is rolled back."""


class FeedHorizon(NamedTuple):
    """No row can appear below ``stable_below`` any more; every row so far lies below ``started_below``."""

    stable_below: int
    started_below: int


class DatabaseDialect(ABC):
    name: str
    title: str
    """As its makers write it."""
    partitioned: bool
    hashes_groups: bool
    """Whether it finds many groups by hashing, where it would sort the distinct values of each."""
    many_processes: bool
    """Whether several server processes may share the database."""
    parallel_writers: int
    """How many flushes may be under way at once."""
    probe_chars: int
    """Characters of a text that a probe writes: so many that it needs room of its own."""

    def __init__(self) -> None:
        self._readers: dict[Column[Any], Convert | None] = {}

    @property
    @abstractmethod
    def read_engine(self) -> AsyncEngine:
        """Return the engine of reads."""

    @property
    def aggregation_engine(self) -> AsyncEngine:
        return self.read_engine

    @property
    @abstractmethod
    def places(self) -> ConnectionCapacity:
        """Return how many connections callers may read over at once; the server keeps the rest."""

    @property
    @abstractmethod
    def write_engine(self) -> AsyncEngine:
        """Return the engine of writes."""

    @property
    @abstractmethod
    def snapshot_engine(self) -> AsyncEngine:
        """Return the engine of transactions that see one snapshot in all statements."""

    @property
    def is_log_long(self) -> bool:
        return False

    async def shorten_log(self) -> bool:
        return True

    @abstractmethod
    def insert(self, table: Table) -> Insert:
        """Return an INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""

    @abstractmethod
    def lock_rows(self, statement: Select[Any]) -> Select[Any]:
        """Return ``statement`` with locks on its rows until the transaction ends."""

    async def share_locks(self, connection: AsyncConnection, names: Sequence[str]) -> None:
        """Hold named locks until the transaction ends, beside others that share them.

        Nothing to do where there is one writer.
        """
        del connection, names

    async def exclusive_lock(self, connection: AsyncConnection, name: str) -> None:
        """Hold a named lock alone until the transaction ends; waits for those that share it."""
        del connection, name

    @abstractmethod
    async def bulk_insert_columns(
        self, connection: AsyncConnection, table: Table, columns: Columns
    ) -> None:
        """Insert all rows by the fastest way there is; raises ``DuplicateKeysError``."""

    @abstractmethod
    async def write_columns(
        self, tables: Sequence[tuple[Table, Columns]], attempt: TransactionAttempt, seconds: float
    ) -> bool:
        """Insert into several tables in one transaction; return False and insert nothing if a key exists."""

    @abstractmethod
    def limit_unit(self, connection: AsyncConnection, seconds: float | None) -> None:
        """Let a unit of work take so many seconds in all."""

    @abstractmethod
    def was_rolled_back(self, error: BaseException) -> bool:
        """Return whether the error of a commit means that nothing was stored."""

    @abstractmethod
    def diagnose(self, error: BaseException) -> Diagnosis:
        """Classify an error of the driver."""

    async def examine(self, error: BaseException) -> Diagnosis:
        return self.diagnose(error)

    def fault(self, error: BaseException) -> Fault:
        return self.diagnose(error).fault

    async def rights(self, connection: AsyncConnection, tables: Sequence[str]) -> Rights:
        del connection, tables
        return Rights()

    async def hides_tables(self, connection: AsyncConnection) -> bool:
        del connection
        return False

    @abstractmethod
    async def check_free_space(self, connection: AsyncConnection) -> Diagnosis | None:
        """Return or raise what is wrong where the disk has no room for a write."""

    @abstractmethod
    def reopen(self) -> None:
        """Replace every connection that is open now before its next use."""

    @abstractmethod
    def is_partition_missing(self, error: BaseException | None) -> bool:
        """Return whether an insert failed because the partition was dropped."""

    @abstractmethod
    async def ensure_partition(
        self, table: Table, month: TimeSpan, shared_before: datetime
    ) -> TimeSpan:
        """Make the partition of ``table`` that holds ``month`` unless it exists; return its span."""

    @abstractmethod
    async def read_server_clock(self, connection: AsyncConnection) -> datetime:
        """Return the current time of the database server."""

    @abstractmethod
    def json_leaf(self, column: ColumnElement[Any], path: Sequence[str]) -> JsonLeaf:
        """Return the value at ``path`` (object keys only) inside a JSON column."""

    @abstractmethod
    def contains(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        """Return whether the text column contains ``text``, case-sensitive, without wildcards."""

    @abstractmethod
    def starts_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        """Return whether the text column starts with ``text``, case-sensitive, without wildcards."""

    @abstractmethod
    def ends_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        """Return whether the text column ends with ``text``, case-sensitive, without wildcards."""

    @abstractmethod
    def fold_ascii_case(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        """Return the text column with A to Z in lower case, and any other letter unchanged."""

    @abstractmethod
    def one_of(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """Return whether the column is one of any number of values, as a single parameter."""

    # --- feeds (store.feeds) ---------------------------------------------------------------------

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
    def notification_channel(self) -> NotificationChannel | None:
        """Return the channel to other server processes; None where there is only one."""

    # --- aggregation -----------------------------------------------------------------------------

    @abstractmethod
    def quantile(
        self, value: ColumnElement[Any], q: float, quantiles: tuple[float, ...]
    ) -> ColumnElement[float]:
        """Return the quantile of a group, linear between neighbours; one of those ``asked`` of the value."""

    @abstractmethod
    def bin(
        self, column: ColumnElement[Any], step: timedelta, origin: datetime
    ) -> ColumnElement[datetime]:
        """Return the last instant at or before ``column`` that is whole steps after ``origin``.

        ``column`` never lies before ``origin``.
        """

    @abstractmethod
    def milliseconds(
        self, start: ColumnElement[Any], end: ColumnElement[Any]
    ) -> ColumnElement[float]:
        """Return how many milliseconds lie between two instants."""

    @abstractmethod
    def wide(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a number that may exceed the range of its type; slower or less exact."""

    def exact_sum(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.sum(self.wide(value))

    @abstractmethod
    def by_code_point(self, column: ColumnElement[str]) -> ColumnElement[str]:
        """Order text by code points, the same on every database."""

    # --- histograms (store.histograms) ---------------------------------------------------

    def histogram_of(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.trackstore_single(cast(value, Double()), type_=PackedSketch)

    @abstractmethod
    def add_histograms(self, histogram: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the aggregate that adds histograms up."""

    @abstractmethod
    def bin_indexes_of(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the aggregate of the bin indexes of single values."""

    @abstractmethod
    def has_few_bins(self, lanes: ColumnElement[Any], most: int) -> ColumnElement[bool]:
        """Return whether bins hold at most ``n`` values."""

    def join_bins(
        self, lanes: ColumnElement[Any], which: ColumnElement[bool]
    ) -> ColumnElement[Any]:
        return func.trackstore_join(lanes, type_=SketchBins).filter(which)

    def stored_histogram(
        self, packed: ColumnElement[Any], lanes: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        # Most rows that are read were merged: nothing need be called for them.
        counted = func.trackstore_histogram(packed, lanes, type_=PackedSketch)
        return case((lanes.is_(None), packed), else_=counted)

    def histogram_quantile(
        self, histogram: ColumnElement[Any], present: ColumnElement[Any], q: float
    ) -> ColumnElement[float]:
        number = cast(present, BigInteger())
        return func.trackstore_quantile(histogram, number, literal(q, Double()), type_=Double())

    async def fetch(
        self,
        connection: AsyncConnection,
        statement: Select[Any],
        columns: Sequence[Column[Any]],
    ) -> FetchedColumns:
        """Return the rows of a statement that selects ``columns``, without SQLAlchemy's own rows."""
        result = await connection.execute(statement)
        cursor: Any = result.cursor
        rows = cursor.fetchall()
        result.close()
        return FetchedColumns([c.name for c in columns], [self._reader(c) for c in columns], rows)

    def _reader(self, column: Column[Any]) -> Convert | None:
        if column not in self._readers:
            self._readers[column] = self.make_reader(column)
        return self._readers[column]

    @abstractmethod
    def make_reader(self, column: Column[Any]) -> Convert | None:
        """Return the function that converts driver values of ``column``."""

    @property
    def engines(self) -> Sequence[AsyncEngine]:
        engines = (self.read_engine, self.aggregation_engine, self.write_engine)
        return tuple(dict.fromkeys(engines))

    async def dispose(self) -> None:
        for engine in self.engines:
            await engine.dispose()

    async def insert_ignoring_duplicates(
        self, connection: AsyncConnection, table: Table, rows: Rows
    ) -> set[tuple[Any, ...]]:
        """Insert the rows whose key is new; return the primary keys that were inserted."""
        if not rows:
            return set()
        names = [column.name for column in table.columns]
        key = list(table.primary_key.columns)
        insert: Any = self.insert(table)
        statement = insert.on_conflict_do_nothing().returning(*key)
        values = [dict(zip(names, row, strict=True)) for row in rows]
        if FEED_POSITION in names:
            number = await self.feed_position(connection, table)
            for row in values:
                del row[FEED_POSITION]
                row.update(number)
        inserted = await connection.execute(statement, values)
        return {tuple(inserted_key) for inserted_key in inserted}

    async def upsert(
        self, connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Insert the rows; where a primary key exists, set its other given columns."""
        if not rows:
            return
        key = [column.name for column in table.primary_key.columns]
        insert: Any = self.insert(table)
        changed = {n: insert.excluded[n] for n in rows[0] if n not in key}
        statement = insert.on_conflict_do_update(index_elements=key, set_=changed)
        await connection.execute(statement, list(rows))

    async def bulk_insert(self, connection: AsyncConnection, table: Table, rows: Rows) -> None:
        if rows:
            await self.bulk_insert_columns(connection, table, columns_of_rows(table, rows))

    async def insert_new(
        self, connection: AsyncConnection, table: Table, rows: Rows
    ) -> set[tuple[Any, ...]] | None:
        """Insert the rows whose key is new, by bulk if all are: None means all were inserted."""
        columns = columns_of_rows(table, rows)
        if not rows or await self.insert_columns_if_new(connection, table, columns):
            return None
        return await self.insert_ignoring_duplicates(connection, table, rows)

    async def insert_columns_if_new(
        self, connection: AsyncConnection, table: Table, columns: Columns
    ) -> bool:
        """Insert all rows, or none of them where the key of one exists: False."""
        try:
            async with connection.begin_nested():
                await self.bulk_insert_columns(connection, table, columns)
        except DuplicateKeysError:
            return False
        return True
