"""The formats of exports, and which one a request asks for."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib import import_module
from typing import Protocol

from server.exporting.columns import Column
from server.exporting.csv_text import CsvWriter
from server.exporting.json_lines import JsonLinesWriter
from store.errors import InvalidInputError


class Format(StrEnum):
    """What rows are written as."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


MEDIA_TYPES = {
    "text/csv": Format.CSV,
    "application/jsonl": Format.JSONL,
    "application/x-ndjson": Format.JSONL,
    "application/ndjson": Format.JSONL,
    "application/vnd.apache.parquet": Format.PARQUET,
}
"""By what an Accept header names."""
KEEP = "keep"


class Writer(Protocol):
    """Writes rows, which it is given as JSON lists."""

    media_type: str
    extension: str

    async def start(self) -> bytes:
        """What comes before the first row."""

    async def write(self, rows: bytes) -> bytes:
        """Some rows, if they are to be sent already."""

    async def finish(self) -> bytes:
        """What comes after the last row."""


def format_of(parameters: Mapping[str, str], accept: str) -> Format:
    """The format by ``?format=``, else by Accept, else CSV; raises ``InvalidInputError``."""
    named = parameters.get("format")
    if named is not None:
        try:
            return Format(named.lower())
        except ValueError:
            known = ", ".join(Format)
            raise InvalidInputError(
                f"{named[:40]!r} is no format: use {known}", ("format",)
            ) from None
    for part in accept.lower().split(","):
        found = MEDIA_TYPES.get(part.split(";")[0].strip())
        if found is not None:
            return found
    return Format.CSV


def writer_of(format: Format, columns: Sequence[Column], parameters: Mapping[str, str]) -> Writer:
    """What writes rows of these columns; raises ``InvalidInputError``."""
    formulas = parameters.get("formulas")
    if formulas not in (None, KEEP, "guard"):
        raise InvalidInputError(f"{formulas[:40]!r} is unknown: use guard or keep", ("formulas",))
    make: dict[Format, Callable[[], Writer]] = {
        Format.CSV: lambda: CsvWriter(columns, formulas == KEEP),
        Format.JSONL: JsonLinesWriter,
        # Loaded with its large library when it is asked for.
        Format.PARQUET: lambda: import_module("server.exporting.parquet").ParquetWriter(columns),
    }
    return make[format]()
