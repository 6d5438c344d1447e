"""The plan for a table: every mistake told at once, then rows applied."""

from datetime import UTC

import pytest
import typer

from cli.importing.columns import (
    ColumnMapping,
    ColumnMappingError,
    constants,
    plan_columns,
    read_maps,
    read_sets,
)
from cli.importing.times import time_reader

READ_TIME = time_reader(UTC, None)
HEADER = ["when", "tokens", "who"]
SETS = [ColumnMapping("kind", "LLM"), ColumnMapping("name", "chat")]
MAPS = [ColumnMapping("occurredAt", "when"), ColumnMapping("llm.inputTokens", "tokens")]
WHEN = "2026-02-03T10:00:00Z"


def test_a_row_becomes_an_operation() -> None:
    maps = [*MAPS, ColumnMapping("labels.userId", "who"), ColumnMapping("attributes.who", "who")]
    columns = plan_columns(HEADER, maps, [*SETS, ColumnMapping("attributes.run", "7")], READ_TIME)
    assert columns.operation([WHEN, "12", "ana"]) == {
        "kind": "LLM",
        "name": "chat",
        "occurredAt": WHEN,
        "llm": {"inputTokens": 12},
        "labels": {"userId": "ana"},
        "attributes": {"who": "ana", "run": "7"},
    }


def test_an_empty_cell_is_no_value() -> None:
    assert "llm" not in plan_columns(HEADER, MAPS, SETS, READ_TIME).operation([WHEN, "", ""])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([WHEN, "1"], "2 cells, where the header has 3"),
        ([WHEN, "1", "2", "3"], "4 cells"),
        (["", "1", "ana"], "occurredAt: the cell is empty"),
        ([WHEN, "many", "ana"], r"llm.inputTokens: must be an integer \(got 'many'\)"),
    ],
)
def test_a_row_that_does_not_fit(row: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan_columns(HEADER, MAPS, SETS, READ_TIME).operation(row)


def mistakes(
    header: list[str], maps: list[ColumnMapping], sets: list[ColumnMapping]
) -> ColumnMappingError:
    with pytest.raises(ColumnMappingError) as found:
        plan_columns(header, maps, sets, READ_TIME)
    return found.value


def test_every_mistake_is_told_at_once_with_what_there_is() -> None:
    found = mistakes(
        HEADER,
        [
            ColumnMapping("occurredAt", "wen"),
            ColumnMapping("llm.tokens", "tokens"),
            ColumnMapping("api.route", "who"),
        ],
        [ColumnMapping("kind", "LLM"), ColumnMapping("durationMs", "fast")],
    )
    told = "\n".join(found.problems)
    assert "there is no column 'wen': did you mean when?" in told
    assert "there is no field 'llm.tokens'" in told
    assert "durationMs: must be a number (got 'fast')" in told
    assert "nothing is mapped to name" in told
    assert found.hints[0] == "The columns are 'when', 'tokens', 'who'."
    assert "llm.inputTokens" in found.hints[1]


def test_without_a_map_it_says_what_is_missing() -> None:
    assert [problem.split(",")[0] for problem in mistakes(HEADER, [], []).problems] == [
        f"nothing is mapped to {name}" for name in ("occurredAt", "kind", "name")
    ]


@pytest.mark.parametrize(
    ("maps", "sets", "message"),
    [
        ([*MAPS, ColumnMapping("name", "who")], SETS, "name is filled twice"),
        (
            [*MAPS, ColumnMapping("api.route", "who")],
            SETS,
            "api.route belongs to kind API, not LLM",
        ),
        ([*MAPS, ColumnMapping("interaction.units", "who")], SETS, "needs interaction.type"),
    ],
)
def test_what_cannot_go_together(
    maps: list[ColumnMapping], sets: list[ColumnMapping], message: str
) -> None:
    assert message in str(mistakes(HEADER, maps, sets))


def test_columns_of_one_name() -> None:
    assert "columns of the same name (when)" in str(mistakes([*HEADER, "when"], MAPS, SETS))


def test_an_id_of_its_own_may_carry_the_time() -> None:
    columns = plan_columns(["key"], [ColumnMapping("id", "key")], SETS, READ_TIME)
    id = "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"
    assert columns.operation([id])["id"] == id


def test_what_maps_and_sets_look_like() -> None:
    assert read_maps(["a=b=name"]) == [ColumnMapping("name", "a=b")]
    assert read_sets(["attributes.x=a=b"]) == [ColumnMapping("attributes.x", "a=b")]
    for text in ("name", "=name", "column="):
        with pytest.raises(typer.BadParameter, match="is not COLUMN=FIELD"):
            read_maps([text])


def test_constants_are_checked_as_well() -> None:
    assert constants([ColumnMapping("cacheHit", "yes")], READ_TIME) == {"cacheHit": True}
    with pytest.raises(ColumnMappingError, match="there is no field 'nmae': did you mean name"):
        constants([ColumnMapping("nmae", "x")], READ_TIME)
