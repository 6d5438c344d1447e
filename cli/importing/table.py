"""CSV reader: quoting, byte order mark, any line ends; a bad row does not stop it."""

import codecs
import csv
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cli.errors import CommandError
from cli.importing.columns import ColumnMapping, ColumnMappingError, Columns, plan_columns
from cli.importing.records import Malformed, ReadItem, Record, RepeatedHeader
from cli.importing.sources import MAX_LINE_BYTES, UTF_16_MARKS, Source
from cli.importing.times import MissingTimeZoneError, ReadTime

MAX_CELL_CHARS = MAX_LINE_BYTES
"""Maximum length of a cell, and so of what a stray quote swallows."""
OPEN_QUOTE_MESSAGE = "{}, up to line {}: a quote is opened in this line and never closed properly"
SWALLOWED_ROWS_MESSAGE = (
    "a quote is opened in this line and closed in line {}, but the lines between are separate "
    "rows. Write a quote inside a cell twice"
)


@dataclass(frozen=True, slots=True)
class TableForm:
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    columns: Sequence[str] = ()
    """Column names of a file without a header."""


@dataclass(frozen=True, slots=True)
class TableOptions:
    maps: Sequence[ColumnMapping]
    sets: Sequence[ColumnMapping]
    read_time: ReadTime


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    cells: list[str]
    bad: str | None


class _Lines:
    """Lines as text for ``csv``, which reads more of them while a quoted cell is open."""

    def __init__(self, source: Source, encoding: str) -> None:
        self._lines = source.lines()
        self._encoding = encoding
        self._name = source.name
        self._again: deque[tuple[int, str, str | None]] = deque()
        self._row: list[tuple[int, str, str | None]] = []
        self.number = 0
        self.bad: str | None = None
        """Problem of the current row."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        self.number, text, bad = line
        self.bad = self.bad or bad
        self._row.append(line)
        return text

    def begin_row(self) -> int:
        """Start the next row; return the number of its first line."""
        self._row = []
        self.bad = None
        return self._again[0][0] if self._again else self.number + 1

    def row_lines(self) -> list[str]:
        return [text for _, text, _ in self._row]

    def end_after_first(self) -> None:
        """End the current row after its first line; the others are read again as rows."""
        self._again.extendleft(reversed(self._row[1:]))
        self.number = self._row[0][0]

    def _read(self) -> tuple[int, str, str | None]:
        number, line = next(self._lines)
        if number == 1:
            if line.startswith(UTF_16_MARKS):
                raise CommandError(
                    f"{self._name} is UTF-16. Convert it with iconv -f UTF-16 -t UTF-8"
                )
            line = line.removeprefix(codecs.BOM_UTF8)
        bad = f"longer than {MAX_LINE_BYTES:,} bytes" if len(line) > MAX_LINE_BYTES else None
        try:
            return number, line.decode(self._encoding), bad
        except UnicodeDecodeError:
            bad = f"not {self._encoding}. Set the encoding with --encoding, such as latin-1"
            return number, line.decode(self._encoding, "replace"), bad


def read_table(
    source: Source, form: TableForm, ids: Callable[[bytes], UUID], options: TableOptions
) -> Iterator[ReadItem]:
    """Yield every row that is not blank.

    Raises ``ColumnMappingError`` if the header does not fit the mappings, or if the time of the first
    row has no time zone: then no row has one, which is better reported before a million rows are sent.
    """
    check = _SwallowedRows(form)
    rows = read_rows(source, form, check)
    header = list(form.columns) or _header(source, rows)
    try:
        columns = plan_columns(header, options.maps, options.sets, options.read_time)
    except ColumnMappingError as mistakes:
        raise ColumnMappingError(
            mistakes.problems, [*mistakes.hints, *_other_delimiters(header)]
        ) from None
    check.columns = columns
    is_first = True
    for row in rows:
        if row.cells == header and not form.columns:
            yield RepeatedHeader(row.line)
            continue
        try:
            yield _record(row, header, columns, ids)
        except ValueError as error:
            if is_first and isinstance(error.__cause__, MissingTimeZoneError):
                raise ColumnMappingError([f"{source.name}:{row.line}: {error}"]) from None
            yield Malformed(row.line, str(error), form.delimiter.join(row.cells))
        is_first = False


class _SwallowedRows:
    """Tells a quoted text of several lines from rows that a stray quote swallowed."""

    def __init__(self, form: TableForm) -> None:
        self._form = form
        self.columns: Columns | None = None
        """Columns of the table; None until the header was read."""

    def are_in(self, lines: Sequence[str]) -> bool:
        return self.columns is not None and any(map(self._is_row, lines[1:]))

    def _is_row(self, line: str) -> bool:
        assert self.columns is not None
        reader = csv.reader(
            [line], delimiter=self._form.delimiter, quotechar=self._form.quote, strict=False
        )
        try:
            cells = next(reader, [])
            return len(cells) > 1 and bool(self.columns.operation(cells))
        except (csv.Error, ValueError):
            return False


def read_rows(
    source: Source, form: TableForm, swallowed: _SwallowedRows | None = None
) -> Iterator[Row]:
    """Yield every row that is not blank, including the header.

    If a quote is never closed, or closed after lines that are rows themselves, only the line with the
    quote is refused; the lines after it are read again one by one.
    """
    csv.field_size_limit(MAX_CELL_CHARS)
    lines = _Lines(source, form.encoding)

    def reading() -> Any:
        return csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, strict=True)

    reader = reading()
    while True:
        start = lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            several = lines.number > start
            yield Row(
                start, [], OPEN_QUOTE_MESSAGE.format(error, lines.number) if several else str(error)
            )
            lines.end_after_first()
            reader = reading()
            continue
        if lines.number > start and swallowed is not None and swallowed.are_in(lines.row_lines()):
            yield Row(start, [], SWALLOWED_ROWS_MESSAGE.format(lines.number))
            lines.end_after_first()
            reader = reading()
        elif cells:
            yield Row(start, cells, lines.bad)


def _header(source: Source, rows: Iterator[Row]) -> list[str]:
    first = next(rows, None)
    if first is None:
        raise CommandError(f"{source.name} is empty: it has no header")
    if first.bad:
        raise CommandError(f"{source.name}, line {first.line}: the header is {first.bad}")
    return first.cells


def _other_delimiters(header: Sequence[str]) -> list[str]:
    if len(header) > 1:
        return []
    options = {";": "';'", "\t": "tab", "|": "'|'", ",": "','"}
    return [
        f"The header has one column. Try --delimiter {option}."
        for character, option in options.items()
        if character in header[0]
    ]


def _record(
    row: Row, header: Sequence[str], columns: Columns, ids: Callable[[bytes], UUID]
) -> Record:
    """Return the record of a row. Its id depends on the cells by the names of their columns: neither the
    order of columns nor an empty column changes it.
    """
    if row.bad:
        raise ValueError(row.bad)
    operation = columns.operation(row.cells)
    named = sorted((name, cell) for name, cell in zip(header, row.cells, strict=True) if cell)
    content = json.dumps(named).encode()
    return Record(row.line, {"id": str(ids(content)), **operation}, len(content))
