"""Rows of CSV files, however they are written."""

import gzip
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import pytest

from server.cli.failures import Refusal
from server.cli.importing import table
from server.cli.importing.columns import Mistakes, Wish
from server.cli.importing.identity import RecordIds
from server.cli.importing.records import Found, Malformed, Record
from server.cli.importing.sources import open_source
from server.cli.importing.table import RowsWish, TableForm, read_table
from server.cli.importing.times import time_reader
from server.cli.interruption import Interruption
from tests.importing.conftest import CALLS

WISH = RowsWish(
    maps=[Wish("occurredAt", "when"), Wish("error", "note")],
    sets=[Wish("kind", "LLM"), Wish("name", "chat")],
    read_time=time_reader(UTC, None),
)
HEADER = b"when,note\n"
ROW = b"2026-02-03 10:00:00,"


def read(
    path: Path, content: bytes, form: TableForm | None = None, wish: RowsWish = WISH
) -> Sequence[Found]:
    path.write_bytes(content)
    with open_source(path, Interruption()) as source:
        return list(read_table(source, form or TableForm(), RecordIds(), wish))


def notes(found: Sequence[Found]) -> list[str | None]:
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
    monkeypatch.setattr(table, "MAX_CELL", 200)
    found = read(file, HEADER + ROW + b"a\n" + ROW + b'"b\n' + (ROW + b"c\n") * 20)
    (bad,) = [item for item in found if isinstance(item, Malformed)]
    assert bad.line == 3
    assert "field larger than field limit" in bad.reason
    assert "up to line 13" in bad.reason
    assert notes(found) == ["a", *["c"] * 10]


def test_another_encoding(file: Path) -> None:
    content = HEADER + ROW + b"caf\xe9\n" + ROW + b"tea\n"
    bad, good = read(file, content)
    assert isinstance(bad, Malformed)
    assert bad.reason == "not utf-8: name its encoding with --encoding, such as latin-1"
    assert notes([good]) == ["tea"]
    assert notes(read(file, content, TableForm(encoding="latin-1"))) == ["café", "tea"]


def test_utf_16_is_told(file: Path) -> None:
    with pytest.raises(Refusal, match="is UTF-16: convert it with iconv"):
        read(file, (HEADER + ROW).decode().encode("utf-16"))


def test_a_header_that_is_not_there(file: Path) -> None:
    with pytest.raises(Refusal, match="is empty: there is no header"):
        read(file, b"\n")
    with pytest.raises(Refusal, match="line 1: the header is not utf-8"):
        read(file, b"caf\xe9\n")
    assert read(file, HEADER) == []


def test_times_without_zone_are_asked_for_at_once(file: Path) -> None:
    wish = RowsWish(WISH.maps, WISH.sets, time_reader(None, None))
    with pytest.raises(Mistakes, match=r"rows.csv:2: occurredAt: .* has no zone: add --zone UTC"):
        read(file, HEADER + ROW + b"a\n", wish=wish)
    found = read(file, HEADER + b"2026-02-03 10:00Z,a\n" + ROW + b"b\n", wish=wish)
    assert [type(item) for item in found] == [Record, Malformed]


def test_the_shipped_table(tmp_path: Path) -> None:
    maps = [
        Wish("occurredAt", "when"),
        Wish("llm.inputTokens", "prompt tokens"),
        Wish("error", "note"),
    ]
    wish = RowsWish(maps, WISH.sets, WISH.read_time)
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
