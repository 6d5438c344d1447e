"""List the export formats, and choose the one that a request names."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib import import_module
from typing import Protocol

from server.exporting.columns import Column
from server.exporting.csv_text import CsvWriter
from server.exporting.json_lines import JsonLinesWriter
from store.errors import InvalidInputError


class Format(StrEnum):
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
"""By media type in Accept."""
KEEP_FORMULAS = "keep"


class Writer(Protocol):
    media_type: str
    extension: str

    async def start(self) -> bytes: ...

    async def write(self, rows: bytes) -> bytes: ...

    async def finish(self) -> bytes: ...


def format_of(parameters: Mapping[str, str], accept: str) -> Format:
    """Return the format by ``?format=``, else by Accept, else CSV; raise ``InvalidInputError``."""
    requested = parameters.get("format")
    if requested is not None:
        try:
            return Format(requested.lower())
        except ValueError:
            format_names = ", ".join(Format)
            raise InvalidInputError(
                f"Unknown format {requested[:40]!r}. Use {format_names}.", ("format",)
            ) from None
    for part in accept.lower().split(","):
        media_format = MEDIA_TYPES.get(part.split(";")[0].strip())
        if media_format is not None:
            return media_format
    return Format.CSV


def writer_of(format: Format, columns: Sequence[Column], parameters: Mapping[str, str]) -> Writer:
    formulas = parameters.get("formulas")
    if formulas not in (None, KEEP_FORMULAS, "guard"):
        raise InvalidInputError(
            f"Unknown value {formulas[:40]!r}. Use guard or keep.", ("formulas",)
        )
    make: dict[Format, Callable[[], Writer]] = {
        Format.CSV: lambda: CsvWriter(columns, formulas == KEEP_FORMULAS),
        Format.JSONL: JsonLinesWriter,
        # Imported on demand because its library is large.
        Format.PARQUET: lambda: import_module("server.exporting.parquet").ParquetWriter(columns),
    }
    return make[format]()
