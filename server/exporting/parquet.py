"""Parquet by pyarrow, where that is installed: typed columns, written group by group."""

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

GROUP_ROWS = 20_000
"""Rows of a group: enough to compress well, and little enough to be held in memory."""
MISSING = (
    "this server cannot write Parquet: install trackstore-server[parquet] there, or ask for csv "
    "or jsonl"
)


class ParquetWriter:
    """Rows are gathered to groups; each is compressed outside of the event loop."""

    media_type = "application/vnd.apache.parquet"
    extension = "parquet"

    def __init__(self, columns: Sequence[Column]) -> None:
        """Raises ``InvalidInputError`` where pyarrow is missing."""
        if pyarrow is None:
            raise InvalidInputError(MISSING, ("format",))
        self._columns = columns
        types = {
            Kind.TEXT: pyarrow.string(),
            Kind.WHOLE: pyarrow.int64(),
            Kind.NUMBER: pyarrow.float64(),
            Kind.EXACT: pyarrow.string(),
            Kind.TRUTH: pyarrow.bool_(),
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
        """What every such file begins with."""
        return self._sink.taken()

    async def write(self, rows: bytes) -> bytes:
        """Nothing, or what follows the last group: rows are JSON lists."""
        self._waiting.append(rows)
        self._rows += await asyncio.to_thread(count, rows)
        if self._rows >= GROUP_ROWS:
            await self._flush()
        return self._sink.taken()

    async def finish(self) -> bytes:
        """The last group and the footer, without which the file is none."""
        if self._rows:
            await self._flush()
        await asyncio.to_thread(self._file.close)
        return self._sink.taken()

    async def _flush(self) -> None:
        waiting, self._waiting, self._rows = self._waiting, [], 0
        await asyncio.to_thread(self._write_group, waiting)

    def _write_group(self, lists: Sequence[bytes]) -> None:
        rows = [row for one in lists for row in msgspec.json.decode(one)]
        arrays = []
        for column, field in zip(self._columns, self._schema, strict=True):
            convert = CONVERT.get(column.kind)
            values = [column.value(row) for row in rows]
            if convert is not None:
                values = [None if value is None else convert(value) for value in values]
            arrays.append(pyarrow.array(values, type=field.type))
        self._file.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))


class _Sink(io.RawIOBase):
    """Holds what pyarrow writes until it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """What was written since the last time."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found


def count(rows: bytes) -> int:
    """How many rows a JSON list has."""
    return len(msgspec.json.decode(rows, type=list[msgspec.Raw]))


CONVERT: dict[Kind, Callable[[Any], Any]] = {
    Kind.INSTANT: datetime.fromisoformat,
    Kind.EXACT: lambda value: msgspec.json.encode(value).decode(),
    Kind.JSON: lambda value: msgspec.json.encode(value).decode(),
    Kind.NUMBER: float,
}
