"""Write CSV as in RFC 4180: a header, CRLF, quotes where needed."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from server.exporting.columns import Column, Kind

FORMULA_SIGNS = (
    "=+-@\N{MINUS SIGN}"
    "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}"
    "\N{FULLWIDTH COMMERCIAL AT}\N{SMALL EQUALS SIGN}\N{SMALL PLUS SIGN}\N{SMALL HYPHEN-MINUS}"
    "\N{SMALL COMMERCIAL AT}\N{SUPERSCRIPT EQUALS SIGN}\N{SUPERSCRIPT PLUS SIGN}"
    "\N{SUPERSCRIPT MINUS}\N{SUBSCRIPT EQUALS SIGN}\N{SUBSCRIPT PLUS SIGN}\N{SUBSCRIPT MINUS}"
)
"""Signs that begin a formula, and those that spreadsheets convert into one."""
IGNORED_CHARS = (
    r"\s\x00-\x20\x7f-\xa0\u00ad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff"
    "\"'`\u2018-\u201f\u2039\u203a\xab\xbb\u300c-\u300f\uff02\uff07"
)
"""Whitespace, controls, zero-width marks and quotes, which an import may drop before a sign."""
FORMULA = re.compile(rf"[\t\r\n]|[{IGNORED_CHARS}]*[{re.escape(FORMULA_SIGNS)}]")
"""Matches texts that a spreadsheet may run as a formula."""
FORMULA_GUARD = "'"
BOOLEANS = {True: "true", False: "false"}


class CsvWriter:
    """Write rows as lines. Null is empty; lists and free JSON are JSON in a cell."""

    media_type = "text/csv; charset=utf-8; header=present"
    extension = "csv"

    def __init__(self, columns: Sequence[Column], keep_formulas: bool = False) -> None:
        self._columns = columns
        text = _unchanged if keep_formulas else guarded
        convert: dict[Kind, Callable[[Any], Any] | None] = {
            Kind.TEXT: text,
            Kind.BOOLEANS: BOOLEANS.get,
            Kind.JSON: _json if keep_formulas else _guarded_json,
            Kind.INSTANT: None,
            Kind.WHOLE: None,
            Kind.NUMBER: None,
            Kind.EXACT: None,
        }
        self._convert = [convert[column.kind] for column in columns]
        self._buffer = io.StringIO(newline="")
        self._csv = csv.writer(self._buffer, lineterminator="\r\n")

    async def start(self) -> bytes:
        self._csv.writerow([column.name for column in self._columns])
        return self._take_text()

    async def write(self, rows: bytes) -> bytes:
        decoded_rows = msgspec.json.decode(rows)
        columns: list[list[Any]] = []
        for column, convert in zip(self._columns, self._convert, strict=True):
            values = [column.value(row) for row in decoded_rows]
            if convert is not None:
                values = [None if value is None else convert(value) for value in values]
            columns.append(values)
        self._csv.writerows(zip(*columns, strict=True))
        return self._take_text()

    async def finish(self) -> bytes:
        return b""

    def _take_text(self) -> bytes:
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text.encode()


def guarded(text: str) -> str:
    """Return the text, prefixed with an apostrophe where a spreadsheet may run it as a formula."""
    return FORMULA_GUARD + text if FORMULA.match(text) else text


def _unchanged(text: str) -> str:
    return text


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _guarded_json(value: Any) -> str:
    """Return JSON in which bare texts, the only values that can start a formula, are guarded."""
    text = _json(value)
    return guarded(text) if isinstance(value, str) else text
