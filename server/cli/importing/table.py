"""Rows of CSV files as operations: quoting, byte order mark, any line ends, one bad row at a time."""

import codecs
import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from server.cli.failures import Refusal
from server.cli.importing.columns import Columns, Mistakes, Wish, plan
from server.cli.importing.records import Found, Malformed, Record
from server.cli.importing.sources import MAX_LINE_BYTES, Source
from server.cli.importing.times import NoZone, ReadTime

UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MAX_CELL = MAX_LINE_BYTES
"""Characters of a cell. A quote that is opened by mistake swallows no more than this."""


@dataclass(frozen=True, slots=True)
class TableForm:
    """How the file is written."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    columns: Sequence[str] = ()
    """Names of the columns where the file has no header."""


@dataclass(frozen=True, slots=True)
class RowsWish:
    """What a person asked to be made of each row."""

    maps: Sequence[Wish]
    sets: Sequence[Wish]
    read_time: ReadTime


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, the line it begins in, and why it is none, if so."""

    line: int
    cells: list[str]
    bad: str | None


class _Lines:
    """Lines as text for ``csv``, which asks for more of them while a quoted cell is open."""

    def __init__(self, source: Source, encoding: str) -> None:
        self._lines = source.lines()
        self._encoding = encoding
        self._name = source.name
        self.number = 0
        self.bad: str | None = None
        """What is wrong with the lines of the present row."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if self.number == 1:
            if line.startswith(UTF_16_MARKS):
                raise Refusal(f"{self._name} is UTF-16: convert it with iconv -f UTF-16 -t UTF-8")
            line = line.removeprefix(codecs.BOM_UTF8)
        if len(line) > MAX_LINE_BYTES:
            self.bad = f"longer than {MAX_LINE_BYTES:,} bytes"
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError:
            self.bad = f"not {self._encoding}: name its encoding with --encoding, such as latin-1"
            return line.decode(self._encoding, "replace")


def read_table(
    source: Source, form: TableForm, ids: Callable[[bytes], UUID], wish: RowsWish
) -> Iterator[Found]:
    """Every row that is not blank.

    Raises ``Mistakes`` where the header does not fit the wish, or where the first row's time has
    no zone: then none has one, and that is better asked now than after a million rows.
    """
    rows = read_rows(source, form)
    header = list(form.columns) or _header(source, rows)
    columns = plan(header, wish.maps, wish.sets, wish.read_time)
    is_first = True
    for row in rows:
        try:
            yield _record(row, columns, ids)
        except ValueError as error:
            if is_first and isinstance(error.__cause__, NoZone):
                raise Mistakes([f"{source.name}:{row.line}: {error}"]) from None
            yield Malformed(row.line, str(error), form.delimiter.join(row.cells))
        is_first = False


def read_rows(source: Source, form: TableForm) -> Iterator[Row]:
    """Every row that is not blank, the header included."""
    csv.field_size_limit(MAX_CELL)
    lines = _Lines(source, form.encoding)
    reader = csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, strict=True)
    while True:
        start = lines.number + 1
        lines.bad = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            until = f", up to line {lines.number}" if lines.number > start else ""
            yield Row(start, [], f"{error}{until}")
            continue
        if cells:
            yield Row(start, cells, lines.bad)


def _header(source: Source, rows: Iterator[Row]) -> list[str]:
    first = next(rows, None)
    if first is None:
        raise Refusal(f"{source.name} is empty: there is no header to read")
    if first.bad:
        raise Refusal(f"{source.name}, line {first.line}: the header is {first.bad}")
    return first.cells


def _record(row: Row, columns: Columns, ids: Callable[[bytes], UUID]) -> Record:
    """The record of a row; its id is taken in any case, so that the source keeps its identity."""
    content = json.dumps(row.cells).encode()
    id = ids(content)
    if row.bad:
        raise ValueError(row.bad)
    return Record(row.line, {"id": str(id), **columns.operation(row.cells)}, len(content))
