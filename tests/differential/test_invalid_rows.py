"""Rows that hold what they never should: the same errors at the same places, however it is found out."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from schema.operations import Operation
from schema.sessions import Session
from tests.differential.invalid_values import MISSING, SPOILED, Silent
from tests.differential.pair import Pair
from tests.support.databases import ON_SQLITE

pytestmark = [pytest.mark.asyncio(loop_scope="module"), ON_SQLITE]

FIELDS = """uuid name client userId kind durationMs statusCode cacheHit sessionId requestId occurredAt
    priceStatus attributes"""
PAGES = (
    f"{{ operations(first: 9) {{ nodes {{ {FIELDS} }} }} }}",
    f"{{ viewer {{ name }} operations(first: 9) {{ edges {{ cursor node {{ {FIELDS} }} }} }} }}",
    f"{{ operations(first: 3) {{ nodes {{ {FIELDS} }} }} }}",
)
ON_A_PAGE = range(19, 10, -1)
"""Numbers of the nine newest operations."""
CHOSEN = ((19,), (15, 11))
Spoil = Callable[[int, Any], Any]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of errors are wanted here: write none of them down."""
    for name in ("trackstore.graphql", "trackstore.access"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)


def spoil_each(patch: pytest.MonkeyPatch, spoil: Spoil) -> None:
    """Let ``spoil`` replace each operation of a page; it gets its number first."""
    from_row = Operation.from_row

    def spoiled(row: Any) -> Any:
        return spoil(int(row["name"].split()[1]), from_row(row))

    patch.setattr(Operation, "from_row", spoiled)
    # Without its columns a row has no name to tell its number by.
    patch.setattr("resolvers.operations.columns_needed", lambda *_: None)


def setting(attribute: str, value: Any, numbers: tuple[int, ...]) -> Spoil:
    """Gives some operations another value."""

    def spoil(number: int, operation: Operation) -> Operation:
        if number in numbers:
            operation.__dict__.pop(attribute)
            if value is not MISSING:
                operation.__dict__[attribute] = value
        return operation

    return spoil


@pytest.mark.parametrize("attribute", SPOILED)
async def test_a_value_that_is_no_such_value(
    seeded: Pair, attribute: str, subtests: pytest.Subtests
) -> None:
    for index, value in enumerate(SPOILED[attribute]):
        for numbers in CHOSEN:
            with (
                subtests.test(f"{index} {value!r} {numbers}"),
                pytest.MonkeyPatch.context() as patch,
            ):
                spoil_each(patch, setting(attribute, value, numbers))
                for page in PAGES:
                    await seeded.same({"query": page})


async def test_many_at_once(seeded: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(number: int, operation: Operation) -> Operation:
        own = operation.__dict__
        if number % 3 == 0:
            own["name"] = own["uuid"] = None
        if number % 3 == 1:
            own["user_id"], own["cache_hit"] = object(), "yes"
        return operation

    spoil_each(monkeypatch, spoil)
    for page in PAGES:
        await seeded.same({"query": page})


class NarrowOperation(Operation):
    """An operation of a class that the schema does not know."""


def narrow(operation: Operation) -> Any:
    """The operation as one of that class."""
    made = NarrowOperation.__new__(NarrowOperation)
    made.__dict__.update(operation.__dict__)
    return made


OTHERS: dict[str, Callable[[Operation], Any]] = {
    "null": lambda _: None,
    "a dict": lambda operation: dict(operation.__dict__),
    "another type": lambda _: Session.__new__(Session),
    "a subclass": narrow,
    "an error": lambda _: ValueError("no operation"),
    "a number": lambda _: 7,
    "an object": lambda _: Silent(),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("numbers", [*CHOSEN, tuple(ON_A_PAGE)], ids=["one", "two", "all"])
async def test_an_object_that_is_no_operation(
    seeded: Pair, other: str, numbers: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_each(monkeypatch, lambda number, o: OTHERS[other](o) if number in numbers else o)
    for page in PAGES:
        await seeded.same({"query": page})
