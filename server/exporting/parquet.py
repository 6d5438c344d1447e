"""Write Parquet with pyarrow, if installed: typed columns, one row group at a time."""

import asyncio
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from server.exporting.columns import Column, Kind
from store.errors import InvalidInputError

try:
    import pyarrow
    from pyarrow import parquet
except ImportError:  # an optional extra
    pyarrow = parquet = None

ROWS_PER_GROUP = 20_000
"""Enough to compress well, and few enough to keep in memory."""
MISSING_PYARROW = (
    "This server cannot write Parquet. Install trackstore-server[parquet] there, or use csv "
    "or jsonl."
)


class ParquetWriter:
    """Buffer rows into groups, each compressed outside of the event loop."""

    media_type = "application/vnd.apache.parquet"
    extension = "parquet"

    def __init__(self, columns: Sequence[Column]) -> None:
        if pyarrow is None:
            raise InvalidInputError(MISSING_PYARROW, ("format",))
        self._columns = columns
        types = {
            Kind.TEXT: pyarrow.string(),
            Kind.WHOLE: pyarrow.int64(),
            Kind.NUMBER: pyarrow.float64(),
            Kind.EXACT: pyarrow.string(),
            Kind.BOOLEANS: pyarrow.bool_(),
            Kind.INSTANT: pyarrow.timestamp("us", tz="UTC"),
            Kind.JSON: pyarrow.string(),
        }
        self._schema = pyarrow.schema([(c.name, types[c.kind]) for c in columns])
        self._sink = _Sink()
        self._file = parquet.ParquetWriter(
            pyarrow.PythonFile(self._sink, mode="w"), self._schema, compression="zstd"
        )
        self._waiting: list[bytes] = []
        self._rows = 0

    async def start(self) -> bytes:
        return self._sink.take()

    async def write(self, rows: bytes) -> bytes:
        self._waiting.append(rows)
        self._rows += await asyncio.to_thread(count, rows)
        if self._rows >= ROWS_PER_GROUP:
            await self._flush()
        return self._sink.take()

    async def finish(self) -> bytes:
        if self._rows:
            await self._flush()
        await asyncio.to_thread(self._file.close)
        return self._sink.take()

    async def _flush(self) -> None:
        waiting, self._waiting, self._rows = self._waiting, [], 0
        await asyncio.to_thread(self._write_group, waiting)

    def _write_group(self, lists: Sequence[bytes]) -> None:
        rows = [row for row_list in lists for row in msgspec.json.decode(row_list)]
        arrays = []
        for column, field in zip(self._columns, self._schema, strict=True):
            convert = CONVERTERS.get(column.kind)
            values = [column.value(row) for row in rows]
            if convert is not None:
                values = [None if value is None else convert(value) for value in values]
            arrays.append(pyarrow.array(values, type=field.type))
        self._file.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))


class _Sink(io.RawIOBase):
    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def take(self) -> bytes:
        written = b"".join(self._parts)
        self._parts.clear()
        return written


def count(rows: bytes) -> int:
    return len(msgspec.json.decode(rows, type=list[msgspec.Raw]))


CONVERTERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.INSTANT: datetime.fromisoformat,
    Kind.EXACT: lambda value: msgspec.json.encode(value).decode(),
    Kind.JSON: lambda value: msgspec.json.encode(value).decode(),
    Kind.NUMBER: float,
}
