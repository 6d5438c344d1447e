"""Rows of CSV files, however they are written."""

import gzip
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.importing import table
from cli.importing.columns import ColumnMapping, ColumnMappingError
from cli.importing.record_ids import RecordIds
from cli.importing.records import Malformed, ReadItem, Record, RepeatedHeader
from cli.importing.sources import open_source
from cli.importing.table import TableForm, TableOptions, read_table
from cli.importing.times import time_reader
from cli.interrupts import Interrupts
from tests.unit.cli.importing.conftest import CALLS

WISH = TableOptions(
    maps=[ColumnMapping("occurredAt", "when"), ColumnMapping("error", "note")],
    sets=[ColumnMapping("kind", "LLM"), ColumnMapping("name", "chat")],
    read_time=time_reader(UTC, None),
)
HEADER = b"when,note\n"
ROW = b"2026-02-03 10:00:00,"


def read(
    path: Path, content: bytes, form: TableForm | None = None, wish: TableOptions = WISH
) -> Sequence[ReadItem]:
    path.write_bytes(content)
    with open_source(path, Interrupts()) as source:
        return list(read_table(source, form or TableForm(), RecordIds(), wish))


def notes(found: Sequence[ReadItem]) -> list[str | None]:
    return [item.operation.get("error") for item in found if isinstance(item, Record)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def test_the_same_rows_in_other_clothes_have_the_same_ids(file: Path) -> None:
    plain = HEADER + ROW + b'"a ""b"", c"\n' + ROW + b"d\n"
    mark = "\N{BYTE ORDER MARK}".encode()
    clothes = [
        mark + plain,
        plain.replace(b"\n", b"\r\n"),
        plain.rstrip(b"\n"),
        gzip.compress(plain),
        HEADER + b"\n" + ROW + b'"a ""b"", c"\n\r\n' + ROW + b'"d"\n',
    ]
    ids = [item.operation["id"] for item in read(file, plain) if isinstance(item, Record)]
    assert notes(read(file, plain)) == ['a "b", c', "d"]
    for content in clothes:
        found = read(file, content)
        assert [r.operation["id"] for r in found if isinstance(r, Record)] == ids


def test_delimiter_quote_and_names_of_columns(file: Path) -> None:
    form = TableForm(delimiter="\t", quote="'", columns=["when", "note"])
    content = b"2026-02-03 10:00:00\t'a\tb'\n2026-02-03 10:00:01\tc\n"
    found = read(file, content, form)
    assert notes(found) == ["a\tb", "c"]
    assert [item.line for item in found] == [1, 2]


def test_a_bad_row_costs_only_itself(file: Path) -> None:
    content = HEADER + ROW + b"a\nx,b\n" + ROW + b"c,d\n" + ROW + b'"e\nf"\n' + ROW + b'"g"h\n'
    found = read(file, content + ROW + b"i\n")
    assert notes(found) == ["a", "e\nf", "i"]
    bad = [item for item in found if isinstance(item, Malformed)]
    assert [item.line for item in bad] == [3, 4, 7]
    assert "occurredAt: 'x' is not a time" in bad[0].reason
    assert bad[1].reason == "3 cells, where the header has 2"
    assert bad[1].text == "2026-02-03 10:00:00,c,d"
    assert "expected after" in bad[2].reason


def test_a_quote_that_is_never_closed_is_told_with_the_lines_it_took(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MAX_CELL_CHARS", 200)
    found = read(file, HEADER + ROW + b"a\n" + ROW + b'"b\n' + (ROW + b"c\n") * 20)
    (bad,) = [item for item in found if isinstance(item, Malformed)]
    assert bad.line == 3
    assert "field larger than field limit" in bad.reason
    assert "up to line 13" in bad.reason
    assert notes(found) == ["a", *["c"] * 20]  # what it took is read again


@pytest.mark.parametrize(
    "swallowing",
    [
        b'"b\n' + ROW + b"c\n" + ROW + b'd"\n',  # as one legal cell of three lines
        b'"b\n' + ROW + b"c\n" + ROW + b'"d"\n',  # closed where another one is opened
        b'"b\n' + ROW + b"c\n" + ROW + b"d\n",  # never closed
    ],
)
def test_a_quote_that_swallows_rows_costs_its_own_line(file: Path, swallowing: bytes) -> None:
    found = read(file, HEADER + ROW + b"a\n" + ROW + swallowing)
    (bad,) = [item for item in found if isinstance(item, Malformed)]
    assert bad.line == 3
    assert "a quote is opened in this line" in bad.reason
    assert [note.strip('"') for note in notes(found) if note] == ["a", "c", "d"]
    assert [item.line for item in found] == [2, 3, 4, 5]


def test_text_of_several_lines_is_one_cell(file: Path) -> None:
    text = "Dear Ana,\n\n2026-02-03 10:00:00\nyours, Ben\na,b\n"
    found = read(file, HEADER + ROW + b'"' + text.encode() + b'"\n' + ROW + b"z\n")
    assert notes(found) == [text, "z"]
    assert [item.line for item in found] == [2, 8]


@pytest.mark.parametrize("note", ['5" disk', "it's", 'a "b" c', "a\\"])
def test_a_quote_inside_a_plain_cell_is_text(file: Path, note: str) -> None:
    assert notes(read(file, HEADER + ROW + note.encode() + b"\n" + ROW + b"z\n")) == [note, "z"]


def test_many_stray_quotes_are_read_in_time_that_grows_with_the_file(file: Path) -> None:
    found = read(file, HEADER + (ROW + b'"x\n') * 5_000)
    assert [item.line for item in found] == list(range(2, 5_002))
    assert all(isinstance(item, Malformed) for item in found)


def test_a_header_in_the_middle_is_no_record(file: Path) -> None:
    found = read(file, HEADER + ROW + b"a\n" + HEADER + ROW + b"b\n")
    assert [type(item) for item in found] == [Record, RepeatedHeader, Record]
    assert notes(found) == ["a", "b"]


def ids(found: Sequence[ReadItem]) -> set[str]:
    return {item.operation["id"] for item in found if isinstance(item, Record)}


def test_rows_are_known_again_however_the_file_is_turned(file: Path) -> None:
    rows = [b"2026-02-03 10:00:0%d,%s\n" % (i, b"abc"[i : i + 1] or b"x") for i in range(5)]
    first = ids(read(file, HEADER + b"".join(rows)))
    assert len(first) == 5
    assert ids(read(file, HEADER + b"".join(reversed(rows)))) == first
    assert ids(read(file, HEADER + b"".join(rows[2:]))) < first
    assert ids(read(file, HEADER + b"".join(rows[:3]) + HEADER + b"".join(rows[3:]))) == first
    assert ids(read(file, HEADER + ROW + b"new\n" + b"".join(rows))) > first
    swapped = b"note,when\n" + b"".join(
        b",".join(reversed(row.strip().split(b","))) + b"\n" for row in rows
    )
    assert ids(read(file, swapped)) == first
    wider = b"when,note,region\n" + b"".join(row.replace(b"\n", b",\n") for row in rows)
    assert ids(read(file, wider)) == first
    assert len(ids(read(file, HEADER + (ROW + b"a\n") * 3))) == 3


def test_a_delimiter_that_does_not_divide_is_told(file: Path) -> None:
    with pytest.raises(ColumnMappingError) as error:
        read(file, b"when;note\n2026-02-03 10:00:00;a\n")
    assert "The header has one column. Try --delimiter ';'." in error.value.hints


def test_another_encoding(file: Path) -> None:
    content = HEADER + ROW + b"caf\xe9\n" + ROW + b"tea\n"
    bad, good = read(file, content)
    assert isinstance(bad, Malformed)
    assert bad.reason == "not utf-8. Set the encoding with --encoding, such as latin-1"
    assert notes([good]) == ["tea"]
    assert notes(read(file, content, TableForm(encoding="latin-1"))) == ["café", "tea"]


def test_utf_16_is_told(file: Path) -> None:
    with pytest.raises(CommandError, match=r"is UTF-16\. Convert it with iconv"):
        read(file, (HEADER + ROW).decode().encode("utf-16"))


def test_a_header_that_is_not_there(file: Path) -> None:
    with pytest.raises(CommandError, match="is empty: it has no header"):
        read(file, b"\n")
    with pytest.raises(CommandError, match="line 1: the header is not utf-8"):
        read(file, b"caf\xe9\n")
    assert read(file, HEADER) == []


def test_times_without_zone_are_asked_for_at_once(file: Path) -> None:
    wish = TableOptions(WISH.maps, WISH.sets, time_reader(None, None))
    with pytest.raises(
        ColumnMappingError, match=r"rows.csv:2: occurredAt: .* has no time zone: add --zone UTC"
    ):
        read(file, HEADER + ROW + b"a\n", wish=wish)
    found = read(file, HEADER + b"2026-02-03 10:00Z,a\n" + ROW + b"b\n", wish=wish)
    assert [type(item) for item in found] == [Record, Malformed]


def test_the_shipped_table(tmp_path: Path) -> None:
    maps = [
        ColumnMapping("occurredAt", "when"),
        ColumnMapping("llm.inputTokens", "prompt tokens"),
        ColumnMapping("error", "note"),
    ]
    wish = TableOptions(maps, WISH.sets, WISH.read_time)
    found = read(tmp_path / "calls.csv", CALLS.read_bytes(), wish=wish)
    assert [(type(item), item.line) for item in found] == [
        (Record, 2),
        (Record, 3),
        (Record, 5),
        (Malformed, 7),
        (Record, 8),
        (Malformed, 9),
        (Record, 10),
    ]
    assert notes(found) == ["first, and quoted", "two\nlines", "two\nlines", 'say "yes"', None]
