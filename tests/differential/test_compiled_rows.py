"""Compiled rows in a schema made for tests: every kind of field and of list, alone and together."""

import json
from collections.abc import Callable
from itertools import combinations
from typing import Any

import msgspec
import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from server.fast_path.executor import FastExecutor
from server.fast_path.rows import MIN_ROWS, RowWriters
from tests.differential.items import Item, build

STOCK, FAST = build(), build(FastExecutor)
LISTS = (
    "items", "nullable", "notAll", "tuples", "generators", "later", "named", "either", "nested", "none",
    "one", "notAList", "texts",
)  # fmt: skip
COMPILED = [
    "name",
    "count",
    "price",
    "moment",
    "key",
    "own",
    "isNew",
    "data",
    "nothing",
    "another",
    "old",
]
"""Fields that rows are compiled from; all others are left to the stock executor."""


def leaves() -> dict[str, str]:
    """Every field of an item with a selection, by its name."""
    item = STOCK._schema.type_map["Item"]  # Strawberry has no public way to it
    assert isinstance(item, GraphQLObjectType)
    plain = {n for n, f in item.fields.items() if is_leaf_type(get_named_type(f.type))}
    objects = {"part": "part { label }", "parts": "parts { label weight }", "mine": "mine { name }"}
    return {n: n if n in plain else objects[n] for n in item.fields}


async def same(query: str) -> str:
    """The answer of both, which must be the same."""
    answers = []
    for schema in (STOCK, FAST):
        result = await schema.execute(query)
        errors = [error.formatted for error in result.errors or ()]
        answers.append(msgspec.json.encode({"data": result.data, "errors": errors}).decode())
    assert answers[1] == answers[0], query
    return answers[0]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each list that was looked at could be written at once."""
    found: list[bool] = []
    write = RowWriters.write

    def spy(*args: object) -> object:
        rows = write(*args)  # type: ignore[arg-type]
        found.append(rows is not None)
        return rows

    monkeypatch.setattr(RowWriters, "write", spy)
    return found


@pytest.mark.parametrize("field", leaves())
async def test_a_field_alone(field: str, written: list[bool]) -> None:
    await same(f"{{ items {{ {leaves()[field]} }} }}")
    assert written[0] is (field in COMPILED)


@pytest.mark.parametrize("name", LISTS)
async def test_a_list(name: str) -> None:
    selections = [
        " ".join(leaves().values()),
        " ".join(COMPILED),
        "__typename name",
        "a: name b: name",
    ]
    for selection in selections:
        await same(f"{{ {name} {{ ... on Item {{ {selection} }} }} }}")


async def test_lists_of_leaves() -> None:
    await same("{ words colors moments }")


async def test_nothing_selected() -> None:
    for selection in ("name @skip(if: true)", "... @include(if: false) { name }"):
        await same(f"{{ items {{ {selection} }} nullable {{ {selection} }} }}")


async def test_fields_together() -> None:
    fields = leaves()
    for one, other in combinations(fields, 2):
        query = f"{{ items {{ {fields[one]} __typename {fields[other]} x: {fields[one]} }} }}"
        await same(query)


async def test_lists_around_the_shortest(
    written: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    for length in range(MIN_ROWS + 2):
        monkeypatch.setattr("tests.differential.items.NUMBER_OF_ITEMS", length)
        answer = json.loads(await same("{ items { name count } }"))
        assert len(answer["data"]["items"]) == length
    assert written == [False] * MIN_ROWS + [True] * 2


def fail(_: object) -> str:
    """What a property may do."""
    raise LookupError("no name today")


@pytest.mark.parametrize(
    "show", [lambda _: "shown", lambda _: None, fail], ids=["a text", "null", "an error"]
)
async def test_an_attribute_of_the_class(
    show: Callable[[object], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Item, "name", property(show, lambda *_: None), raising=False)
    await same("{ items { name count } }")
