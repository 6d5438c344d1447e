"""Ids of imported records: the same again, and different where records are."""

from uuid import RFC_4122

import pytest

from cli.importing import record_ids
from cli.importing.record_ids import RecordIds

LINES = [b"a", b"b", b"a", b"a", b"c"]


def ids(lines: list[bytes], name: str | None = None) -> list[str]:
    make = RecordIds(name)
    return [str(make(line)) for line in lines]


def test_they_are_of_version_8_and_do_not_change_between_releases() -> None:
    first = RecordIds()(b"a")
    assert (first.version, first.variant) == (8, RFC_4122)
    assert str(first) == "654fb915-2841-8fac-9f87-ddac93b6c729"


def test_equal_lines_have_ids_of_their_own() -> None:
    assert len(set(ids(LINES))) == len(LINES)


def test_a_source_that_has_grown_keeps_its_ids() -> None:
    assert ids([*LINES, b"d", b"a"])[: len(LINES)] == ids(LINES)


def test_neither_the_first_line_nor_the_order_matters() -> None:
    assert set(ids([b"x", *LINES])) == {*ids([b"x"]), *ids(LINES)}
    assert set(ids(LINES[::-1])) == set(ids(LINES))
    assert set(ids(LINES[2:])) < set(ids(LINES))


def test_a_name_tells_sources_apart() -> None:
    assert set(ids([b"x", *LINES], "web")) > set(ids(LINES, "web"))
    assert not set(ids(LINES, "web")) & set(ids(LINES, "other"))
    assert not set(ids(LINES, "a")) & set(ids(LINES))


def test_memory_is_bounded_and_near_repeats_still_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_ids, "MAX_REMEMBERED_DIGESTS", 10)
    lines = [b"%d" % (number // 2) for number in range(1_000)]
    make = RecordIds()
    assert len({make(line) for line in lines}) == 1_000
    assert len(make._recent) <= 10
    assert len(make._older) <= 10
