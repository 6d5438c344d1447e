"""Operations with one root field, called directly: which are, and that each answers as ever."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
import strawberry
from graphql import GraphQLError, parse
from strawberry.schema.config import StrawberryConfig

from schema.scalars import SCALARS
from server.fast_path.executor import FastExecutor
from server.fast_path.prepared_operations import execute_known, operation_of
from server.graphql.document_cost import PageBounds
from server.graphql.schema import TrackstoreSchema, build_schema
from server.http.bodies import GraphQLRequest
from store.errors import InvalidInputError
from tests.differential.items import Color, Item, Part, build
from tests.differential.pair import Pair
from tests.differential.test_compiled_rows import LISTS, leaves
from tests.support.databases import ON_SQLITE

STOCK: Any = build()
FAST: Any = build(FastExecutor)
WRITTEN = [
    "name", "number", "count", "price", "moment", "key", "own", "isNew", "data", "color", "size",
    "taste", "colors", "words", "pairs", "part", "parts", "nothing", "another", "old",
]  # fmt: skip
"""Fields that are written without an executor."""


def encoded(result: Any) -> str:
    """Everything of a result."""
    errors = [error.formatted for error in result.errors or ()]
    return msgspec.json.encode({"data": result.data, "errors": errors}).decode()


async def known(
    schema: Any, query: str, variables: dict[str, Any] | None = None
) -> tuple[str, bool]:
    """The answer to a known document, and whether it could be called directly."""
    operation = operation_of(schema, parse(query), None, PageBounds())
    assert operation is not None
    asked = GraphQLRequest(query, variables, None, None)
    result = await execute_known(schema, operation, asked, None)  # type: ignore[arg-type]
    return encoded(result), operation.direct is not None


async def same(query: str) -> bool:
    """Compare with Strawberry's own way; whether it was called directly."""
    answer, is_direct = await known(FAST, query)
    assert answer == encoded(await STOCK.execute(query)), query
    return is_direct


@pytest.mark.parametrize("field", leaves())
async def test_a_field_alone(field: str) -> None:
    selected = leaves()[field]
    for root in ("one", "items"):
        assert await same(f"{{ {root} {{ {selected} }} }}") is (field in WRITTEN)
    assert not await same(f"{{ named {{ ... on Item {{ {selected} }} }} }}")


@pytest.mark.parametrize("name", [*LISTS[:6], *LISTS[8:]])
async def test_a_list(name: str) -> None:
    fields = leaves()
    own = {"nested", "one"}
    for selection in (
        "name count",
        "__typename a: name b: name",
        "part { label } parts { weight }",
    ):
        await same(f"{{ {name} {{ {selection} }} }}")
    everything = " ".join(fields[field] for field in WRITTEN)
    assert await same(f"{{ {name} {{ {everything} }} }}") or name in own


@pytest.mark.parametrize(
    ("query", "is_direct"),
    [
        ("{ one { name } }", True),
        ("query Named { it: one { its: name __typename kind: __typename } }", True),
        ("{ one { name name } }", False),
        ("{ one { name } one { count } }", False),
        ("{ one { name } other: one { name } }", False),
        ("{ one { ...f } } fragment f on Item { name }", False),
        ("{ ... { one { name } } }", False),
        ("{ one @include(if: true) { name } }", False),
        ("{ one { name @skip(if: true) } }", False),
        ("query ($yes: Boolean = false) { one { name @include(if: $yes) } }", False),
        ("{ __typename }", True),
        ("query Named { a: __typename b: __typename }", True),
        ("{ __typename __typename }", False),
        ("{ __typename one { name } }", False),
        ("{ __typename @include(if: false) }", False),
        ("{ ... { __typename } }", False),
        ("query ($yes: Boolean = true) { __typename @include(if: $yes) }", False),
        ("{ __schema { queryType { name } } }", False),
        ("{ words }", True),
        ("{ colors }", True),
        ("{ moments }", True),
    ],
)
async def test_which_operations_are_direct(query: str, is_direct: bool) -> None:
    assert await same(query) is is_direct


def raise_error(error: Exception) -> Any:
    """What a resolver may do."""
    raise error


STRANGE: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "a text": lambda: "x",
    "another class": lambda: Item,
    "no attributes": object,
    "a value error": lambda: raise_error(ValueError("no")),
    "an error of the store": lambda: raise_error(InvalidInputError("no", ("input",))),
    "an error of GraphQL": lambda: raise_error(GraphQLError("no", extensions={"code": "X"})),
    "null within": lambda: Part(label=None),  # type: ignore[arg-type]
    "a wrong kind within": lambda: Part(label=[]),  # type: ignore[arg-type]
    "not a number": lambda: Part(label="x", weight=float("nan")),
    "a whole number": lambda: Part(label="x", weight=3),
    "a text for a number": lambda: Part(label="x", weight="y"),  # type: ignore[arg-type]
    "as it should be": lambda: Part(label="x", weight=0.5),
}


@strawberry.type
class Leaves:
    """Leaves whose values are not what their types say."""

    number: int | None = 2**31
    key: UUID | None = strawberry.field(default="not a key")
    moment: datetime | None = strawberry.field(default="noon")
    color: Color | None = strawberry.field(default="GREEN")
    red: Color | None = strawberry.field(default="RED")
    naive: datetime | None = datetime(2026, 1, 1)  # noqa: DTZ001  # what must not be


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("is_async", [True, False])
async def test_what_a_resolver_gives(strange: str, is_async: bool) -> None:
    calls: list[str] = []

    def give() -> Any:
        calls.append(strange)
        return STRANGE[strange]()

    async def give_later() -> Any:
        return give()

    @strawberry.type
    class Query:
        """The same, where null may be and where it may not."""

        maybe: Part | None = strawberry.field(resolver=give_later if is_async else give)
        always: Part = strawberry.field(resolver=give_later if is_async else give)

    config = StrawberryConfig(scalar_map=SCALARS)
    stock = strawberry.Schema(query=Query, config=config)
    fast: Any = TrackstoreSchema(query=Query, config=config, execution_context_class=FastExecutor)
    for query in ("{ maybe { label weight } }", "{ it: always { weight label } }"):
        expected = await stock.execute(query)
        answer, is_direct = await known(fast, query)
        assert is_direct
        assert answer == encoded(expected)
        assert len(calls) == 2, "once by each"
        calls.clear()


async def test_leaves_that_are_not_plain() -> None:
    @strawberry.type
    class Query:
        """One of them."""

        leaves: Leaves = strawberry.field(resolver=Leaves)

    config = StrawberryConfig(scalar_map=SCALARS)
    stock = strawberry.Schema(query=Query, config=config)
    fast: Any = TrackstoreSchema(query=Query, config=config, execution_context_class=FastExecutor)
    for name in ("number", "key", "moment", "color", "red", "naive"):
        query = f"{{ leaves {{ {name} }} }}"
        answer, is_direct = await known(fast, query)
        assert is_direct
        assert answer == encoded(await stock.execute(query)), query


@pytest.mark.parametrize(
    ("query", "is_direct"),
    [
        ("mutation ($v: OperationInput!) { trackOperation(input: $v) { status uuid } }", True),
        (
            "mutation ($v: OperationInput!) { trackOperation(input: $v) { operation { id } } }",
            False,
        ),
        (
            "mutation ($v: [OperationInput!]!) { trackOperations(operations: $v) { accepted } }",
            True,
        ),
        ("mutation ($v: ConsumeInput!) { consume(input: $v) { allowed deniedBy { used } } }", True),
        (
            "query ($n: Int) { operations(first: $n) { nodes { name } pageInfo { endCursor } } }",
            True,
        ),
        ("{ operations { totalCount } }", False),
        ("{ viewer { name scopes } }", True),
    ],
)
def test_operations_of_the_server(query: str, is_direct: bool) -> None:
    operation = operation_of(build_schema(executor=FastExecutor), parse(query), None, PageBounds())
    assert operation is not None
    assert (operation.direct is not None) is is_direct


USE = "mutation ($v: ConsumeInput!) { consume(input: $v) { allowed status reason units } }"
TRACK = "mutation ($v: OperationInput!) { trackOperation(input: $v) { status uuid } }"
READ = "query ($n: Int = 3, $a: String) { operations(first: $n, after: $a) { nodes { name } } }"
RESERVE = """mutation ($v: ReserveInput!) {
    reserve(input: $v) { allowed reservation { units } } }"""
WRONG: tuple[Any, ...] = ({}, None, 5)
GIVEN: list[tuple[str, Any]] = [
    *[(USE, {"v": {"interactionType": name}}) for name in ("t", "", None, 5)],
    *[(USE, {"v": wrong}) for wrong in WRONG],
    (USE, {"v": {"interactionType": "t", "units": 0}}),
    (USE, {"v": {"interactionType": "t", "units": 2.0}}),
    (USE, {"v": {"interactionType": "t", "labels": {"userId": 5}}}),
    (USE, {}),
    (USE, None),
    (TRACK, {"v": {"kind": "API", "name": "n"}}),
    (TRACK, {"v": {"kind": "API", "name": ""}}),
    (TRACK, {"v": {"kind": "NONE", "name": "n"}}),
    (TRACK, {"v": {"kind": "API", "name": "n", "occurredAt": "2027-05-01T00:00:00Z"}}),
    *[
        (READ, v)
        for v in ({}, {"n": 1}, {"n": None}, {"n": -1}, {"n": "1"}, {"n": 10**6}, {"a": "x"})
    ],
    (READ, {"n": 1, "unknown": 5}),
    *[
        (RESERVE, {"v": {"interactionType": "t", **v}})
        for v in ({}, {"ttl": "PT5S"}, {"ttl": "soon"})
    ],
    ("{ operations(first: 2) { nodes { name kind } pageInfo { hasNextPage } } }", None),
    ("{ operations(first: -2) { nodes { name } } }", None),
    ('{ request(id: "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f") { type } }', None),
    ("{ viewer { name scopes __typename } }", None),
]


@ON_SQLITE
@pytest.mark.asyncio(loop_scope="module")
async def test_the_servers_answer_alike(pair: Pair) -> None:
    for query, variables in GIVEN:
        await pair.same_twice({"query": query, "variables": variables}, f"{query} {variables}")
    named = f"{USE.replace('mutation', 'mutation Use')} {READ.replace('query', 'query Read')}"
    for name in ("Use", "Read", "Nobody", None):
        body = {"query": named, "operationName": name, "variables": {"v": {"interactionType": "t"}}}
        await pair.same_twice(body, str(name))
    for method in ("GET", "HEAD"):
        for query in ("{ viewer { name } }", "mutation { startSession(input: {}) { status } }"):
            await pair.same(None, query, method=method, params={"query": query})
    await pair.same_rows()
