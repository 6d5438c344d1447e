"""What the store asks of a database beyond standard SQL."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Double,
    Insert,
    Select,
    Table,
    cast,
    func,
    literal,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.types import Lanes, PackedLanes

Rows = Sequence[Sequence[Any]]
"""Rows in the order of ``table.columns``, with Python values."""
Columns = Mapping[int, Sequence[Any]]
"""Columns of equal length by their position in ``table.columns``; JSON as text, others as Python
values. A column that is missing is null."""
Filled = tuple[int, ...]
"""Positions of the columns that can hold something; the others are null in every row."""


KEYS_PER_STATEMENT = 2_000
"""Keys in one IN list; with up to five columns each, well below 32,767 bound parameters."""

T = TypeVar("T")


def chunks(keys: Sequence[T], size: int = KEYS_PER_STATEMENT) -> Iterator[Sequence[T]]:
    """``keys`` in slices that one statement can take."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


Convert = Callable[[Any], Any]


def encode_json(value: Any) -> str:
    """JSON as text, the same for every database."""
    return msgspec.json.encode(value).decode()


class BulkPlan:
    """How rows of one table are handed to a driver: which columns, and which of them converted.

    Values are converted column by column: most columns need nothing, and those cost nothing.
    """

    __slots__ = ("_convert", "_pick", "columns", "sql")

    def __init__(
        self,
        table: Table,
        filled: Filled | None,
        converter: Callable[[Column[Any]], Convert | None],
    ) -> None:
        every = list(table.columns)
        positions = filled or tuple(range(len(every)))
        chosen = [every[i] for i in positions]
        self.columns = [column.name for column in chosen]
        self.sql = ""
        found = [(n, converter(column)) for n, column in enumerate(chosen)]
        self._convert = [(n, convert) for n, convert in found if convert is not None]
        self._pick = itemgetter(*positions)

    def records(self, rows: Rows) -> list[tuple[Any, ...]]:
        """The rows as the driver takes them."""
        if not rows:
            return []
        columns: list[Any] = list(zip(*map(self._pick, rows), strict=True))
        for n, convert in self._convert:
            columns[n] = [None if value is None else convert(value) for value in columns[n]]
        return list(zip(*columns, strict=True))


class ColumnPlan:
    """How rows that are given column by column are handed to a driver; JSON is text already."""

    __slots__ = ("_convert", "names", "positions", "sql")

    def __init__(
        self,
        table: Table,
        positions: Filled,
        converter: Callable[[Column[Any]], Convert | None],
    ) -> None:
        every = list(table.columns)
        self.positions = positions
        self.names = [every[position].name for position in positions]
        self.sql = ""
        found = [(p, converter(every[p])) for p in positions if not isinstance(every[p].type, JSON)]
        self._convert = {p: convert for p, convert in found if convert is not None}

    def records(self, columns: Columns) -> list[tuple[Any, ...]]:
        """The rows as the driver takes them, in the same order."""
        return list(zip(*(self._values(p, columns[p]) for p in self.positions), strict=True))

    def _values(self, position: int, values: Sequence[Any]) -> Sequence[Any]:
        convert = self._convert.get(position)
        if convert is None:
            return values
        return [None if value is None else convert(value) for value in values]


class DuplicateKeys(Exception):
    """A bulk insert met a key that exists; nothing of it stays once its savepoint is rolled back."""


class Fault(Enum):
    """What an error of the driver means for the caller."""

    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    CONTENTION = "contention"
    OVERFLOW = "overflow"
    """A number grew beyond what its type holds."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Connections kept (``size``) and lent on top (``overflow``); waits and statements in seconds."""

    size: int = 10
    overflow: int = 20
    wait_seconds: float = 5.0
    statement_seconds: float = 30.0
    lock_seconds: float = 10.0
    synchronous: str = "FULL"


class DatabaseDialect(ABC):
    """One database's way of doing what the store needs."""

    name: str
    partitioned: bool
    many_processes: bool
    """Whether several server processes may share the database."""
    parallel_writers: int
    """How many flushes may be under way at once."""

    @property
    @abstractmethod
    def read_engine(self) -> AsyncEngine:
        """Where reads take their connections from."""

    @property
    @abstractmethod
    def write_engine(self) -> AsyncEngine:
        """Where writes take their connections from."""

    @property
    @abstractmethod
    def snapshot_engine(self) -> AsyncEngine:
        """Where transactions come from that see one state of the database in all statements."""

    @abstractmethod
    def insert(self, table: Table) -> Insert:
        """An INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""

    @abstractmethod
    def lock_rows(self, statement: Select[Any]) -> Select[Any]:
        """``statement`` that locks the rows it returns until the transaction ends."""

    @abstractmethod
    async def bulk_insert(
        self, connection: AsyncConnection, table: Table, rows: Rows, filled: Filled | None = None
    ) -> None:
        """Insert all rows by the fastest way there is; raises ``DuplicateKeys``."""

    @abstractmethod
    async def bulk_insert_columns(
        self, connection: AsyncConnection, table: Table, columns: Columns
    ) -> None:
        """The same of rows that are given column by column."""

    @abstractmethod
    async def write_columns(self, tables: Sequence[tuple[Table, Columns]]) -> bool:
        """The same, of several tables, in a transaction of their own; False where a key exists.

        Nothing is inserted then.
        """

    @abstractmethod
    def fault(self, error: BaseException) -> Fault:
        """What an error of the driver means."""

    @abstractmethod
    async def ensure_partition(self, table: Table, start: datetime, end: datetime) -> None:
        """Make the partition of ``table`` for [start, end) unless it exists; safe between servers."""

    @abstractmethod
    async def read_server_clock(self, connection: AsyncConnection) -> datetime:
        """The database server's present instant."""

    @abstractmethod
    def json_leaf(self, column: ColumnElement[Any], path: Sequence[str]) -> "JsonLeaf":
        """The value at ``path`` (object keys only) inside a JSON column."""

    @abstractmethod
    def contains(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        """Whether the text column contains ``text``, case-sensitive, without wildcards."""

    @abstractmethod
    def starts_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        """Whether the text column starts with ``text``, case-sensitive, without wildcards."""

    # --- aggregation -----------------------------------------------------------------------------

    @abstractmethod
    def quantile(self, value: ColumnElement[Any], q: float) -> ColumnElement[float] | None:
        """The quantile of a group, linear between neighbours; None where there is no such aggregate."""

    @abstractmethod
    def bin(
        self, column: ColumnElement[Any], step: timedelta, origin: datetime
    ) -> ColumnElement[datetime]:
        """The last instant at or before ``column`` that is whole steps after ``origin``.

        ``column`` never lies before ``origin``.
        """

    @abstractmethod
    def milliseconds(
        self, start: ColumnElement[Any], end: ColumnElement[Any]
    ) -> ColumnElement[float]:
        """How many milliseconds lie between two instants."""

    @abstractmethod
    def wide_sum(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """A sum that passes the range of its type without an error; slower, or less exact."""

    @abstractmethod
    def by_code_point(self, column: ColumnElement[str]) -> ColumnElement[str]:
        """The text for an order that is the same on every database."""

    # --- histograms (store.histograms) ---------------------------------------------------

    def histogram_of(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """The histogram of a single value; null where it has no lane."""
        return func.trackstore_single(cast(value, Double()), type_=PackedLanes)

    @abstractmethod
    def add_histograms(self, histogram: ColumnElement[Any]) -> ColumnElement[Any]:
        """The aggregate that adds histograms up."""

    @abstractmethod
    def lanes_of(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """The aggregate of the lanes of single values."""

    @abstractmethod
    def has_few_lanes(self, lanes: ColumnElement[Any], most: int) -> ColumnElement[bool]:
        """Whether lanes stand for so many values or fewer."""

    def join_lanes(
        self, lanes: ColumnElement[Any], which: ColumnElement[bool]
    ) -> ColumnElement[Any]:
        """The aggregate of lanes, of those rows that satisfy a condition."""
        return func.trackstore_join(lanes, type_=Lanes).filter(which)

    def stored_histogram(
        self, packed: ColumnElement[Any], lanes: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        """The histogram of a stored row."""
        return func.trackstore_histogram(packed, lanes, type_=PackedLanes)

    def histogram_quantile(
        self, histogram: ColumnElement[Any], present: ColumnElement[Any], q: float
    ) -> ColumnElement[float]:
        """The quantile of so many values, linear between neighbours."""
        number = cast(present, BigInteger())
        return func.trackstore_quantile(histogram, number, literal(q, Double()), type_=Double())

    async def dispose(self) -> None:
        """Close all connections."""
        for engine in dict.fromkeys((self.read_engine, self.write_engine)):
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
        inserted = await connection.execute(
            statement, [dict(zip(names, row, strict=True)) for row in rows]
        )
        return {tuple(found) for found in inserted}

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

    async def insert_new(
        self, connection: AsyncConnection, table: Table, rows: Rows, filled: Filled | None = None
    ) -> set[tuple[Any, ...]] | None:
        """Insert the rows whose key is new, by bulk if all are: None means all were inserted."""
        if not rows:
            return None
        try:
            async with connection.begin_nested():
                await self.bulk_insert(connection, table, rows, filled)
        except DuplicateKeys:
            return await self.insert_ignoring_duplicates(connection, table, rows)
        return None

    async def insert_columns_if_new(
        self, connection: AsyncConnection, table: Table, columns: Columns
    ) -> bool:
        """Insert all rows, or none of them where the key of one exists: False."""
        try:
            async with connection.begin_nested():
                await self.bulk_insert_columns(connection, table, columns)
        except DuplicateKeys:
            return False
        return True


@dataclass(frozen=True, slots=True)
class JsonLeaf:
    """One place in a JSON column as SQL: its kind, and its value in three readings.

    ``kind`` is ``string``, ``number``, ``boolean``, ``null``, ``object``, ``array``, or SQL NULL
    where there is nothing; each reading is NULL unless the kind fits.
    """

    kind: ColumnElement[str]
    text: ColumnElement[str]
    number: ColumnElement[float]
    truth: ColumnElement[bool]

    def one_of(self, values: Iterable[Any]) -> list[ColumnElement[bool]]:
        """A condition per JSON value (string, number, boolean or null)."""
        found: list[ColumnElement[bool]] = []
        for value in values:
            if value is None:
                found.append(self.kind == "null")
            elif isinstance(value, bool):
                found.append(self.truth == value)
            elif isinstance(value, int | float):
                found.append(self.number == float(value))
            else:
                found.append(self.text == value)
        return found
