"""Records that PostgreSQL writes as JSON objects are, byte for byte, those that the server writes."""

import math
import struct
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from graphql import GraphQLObjectType

from models import Operation, table_of
from server.fast_path.columns import field_of
from server.fast_path.object_members import is_written
from store.dialects import LARGE_COLUMNS
from store.query.paging import Page
from store.query.records import Records
from tests.differential.pair import NOW, Pair, own_id
from tests.differential.reads import headed
from tests.support.databases import ON_POSTGRESQL
from tests.unit.store.rows import Row, insert
from tests.unit.store.test_loaders import blank

pytestmark = [pytest.mark.asyncio(loop_scope="module"), ON_POSTGRESQL]
OPERATIONS = table_of(Operation)
TEXTS = (
    "read", "", 'a "quoted" \\ text', "\x01\x08\t\n\x0b\x0c\r\x1f\x7f", "\u2028 é 漢 😀 </script>",
    "'", ":x %s %(y)s",
)  # fmt: skip
FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, 5e-324, 1e-7, 1e-6, 9.999999999999999e-06, 1e-5, 1.5e-5, -2.1e-5,
    9.999e-5, 1e-4, 1.25e-4, 123456.789, 1e14, 999999999999999.0, 999999999999999.9, 1e16, 1.5e16, 1e17, 1e22,
    1.7976931348623157e308, -1e300,
)  # fmt: skip
UNWRITTEN = (1e15, 2.0**53, 1234567890123456.0, -9.5e15)
"""Floats that PostgreSQL writes with an exponent, and the server without."""
WHOLE = (
    0,
    1,
    -1,
    9,
    999,
    10_000,
    21_000,
    123_456_789,
    10**9,
    10**12 + 1,
    2**53,
    2**63 - 1,
    -(2**63),
)
NANOS = tuple(n for n in WHOLE if abs(n) <= 2**53)
FRACTIONS = (0, 1, 10, 100_000, 123_456, 999_999)
COUNT = 400


def numbers(seed: int) -> Iterator[float]:
    yield from FLOATS
    random = Random(seed)  # not for secrets
    while True:
        (bits,) = struct.unpack("<d", random.randbytes(8))
        magnitude = random.uniform(1, 10) * 10.0 ** random.randint(-12, 14)
        for value in (bits, magnitude, float(round(magnitude)), round(magnitude, 3)):
            if math.isfinite(value) and not 1e15 <= abs(value) < 1e16:
                yield value


def row(number: int, **values: Any) -> Row:
    text, whole = TEXTS[number % len(TEXTS)], WHOLE[number % len(WHOLE)]
    nanos = NANOS[number % len(NANOS)] if number % 3 else number * 7_919
    filled: Row = {
        name: text for name, column in OPERATIONS.columns.items()
        if name in ("client", "route", "method", "stage", "tool_name", "operation_mode")
        or (column.nullable and name.endswith("_id") and name != "request_id")
    }  # fmt: skip
    filled |= {
        "tokens_original": whole, "tokens_actual": whole, "status_code": whole, "cache_hit": number % 2 == 0,
        "cost_baseline": nanos, "cost_actual": -nanos, "cost_saved": nanos, "price_status": "PRICED",
        "request_id": own_id(number, 8),
    }  # fmt: skip
    if number % 5 == 0:
        filled = {}
    at = NOW + timedelta(seconds=number, microseconds=FRACTIONS[number % len(FRACTIONS)] - 250_000)
    required = {
        "organization_id": "default", "occurred_at": at, "id": own_id(number, 9), "recorded_at": NOW,
        "kind": ("API", "TOOL", "LLM")[number % 3], "name": TEXTS[number % 2], "outcome": "OK",
    }  # fmt: skip
    return blank(OPERATIONS, **required | filled | values)


def written_fields(pair: Pair) -> list[str]:
    core = pair.fast.server.schema._schema
    operation_type = core.type_map["Operation"]
    assert isinstance(operation_type, GraphQLObjectType)
    fields = []
    for name in operation_type.fields:
        field = field_of(operation_type, name)
        if field is not None and is_written(field) and field.attribute not in LARGE_COLUMNS:
            fields.append(name)
    return fields


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the database wrote the records, page by page."""
    outcomes: list[bool] = []
    list_objects = Records.list_objects

    async def noted(self: Records, *arguments: Any) -> Page | None:
        page = await list_objects(self, *arguments)
        outcomes.append(page is not None)
        return page

    monkeypatch.setattr(Records, "list_objects", noted)
    return outcomes


async def record(pair: Pair, rows: list[Row]) -> None:
    await pair.forget_operations()
    for api in (pair.fast, pair.plain):
        await insert(api.server.store.database, OPERATIONS, rows)


async def test_every_field_with_every_kind_of_value(shared_pair: Pair, written: list[bool]) -> None:
    durations = numbers(seed=4)
    await record(shared_pair, [row(n, duration_ms=next(durations)) for n in range(COUNT)])
    fields = written_fields(shared_pair)
    assert len(fields) > 40
    for arguments in (
        f"first: {COUNT}",
        "last: 50",
        "first: 70, orderBy: [{field: DURATION_MS, direction: ASC}]",
        'first: 9, where: {organizationId: {in: ["default", "other"]}}',
        "first: 0",
        'first: 9, where: {name: {eq: "nothing"}}',
    ):
        paging = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount"
        for selection in (
            f"nodes {{ {' '.join(fields)} }}",
            f"nodes {{ {' '.join(f'a{n}: {name}' for n, name in enumerate(fields[:20]))} __typename }}"
            + paging,
            f"{paging} nodes {{ ... on Operation {{ name }} uuid @skip(if: $no) kind @include(if: $no) }}",
        ):
            document = headed(f"{{ operations({arguments}) {{ {selection} }} }}")
            answer = await shared_pair.same_twice({"query": document}, arguments)
            assert "errors" not in answer.json(), answer.text
    assert written
    assert all(written)


async def test_what_it_writes_otherwise_is_written_by_the_server(
    shared_pair: Pair, written: list[bool]
) -> None:
    document = {"query": "{ operations(first: 9) { nodes { uuid kind durationMs costSaved } } }"}
    changes: list[Row] = [{"duration_ms": value} for value in (*UNWRITTEN, math.nan, math.inf)]
    for values in (*changes, {"cost_saved": 2**53 + 1}, {"kind": "OTHER"}):
        await record(shared_pair, [row(1), row(2, **values)])
        written.clear()
        await shared_pair.same_twice(document, f"{values}")
        assert written
        assert not any(written), values


@pytest.mark.parametrize(
    "selection",
    [
        "nodes { uuid } edges { cursor }",
        "nodes { uuid } a: nodes { name }",
        "nodes { uuid name a: name }",
        "nodes { uuid attributes }",
        "nodes { uuid error }",
        "nodes { id }",
        "nodes { uuid session { name } }",
        "totalCount",
    ],
)
async def test_other_selections(shared_pair: Pair, written: list[bool], selection: str) -> None:
    await record(shared_pair, [row(n) for n in range(12)])
    await shared_pair.same_twice({"query": f"{{ operations(first: 9) {{ {selection} }} }}"})
    assert not any(written)


async def test_a_database_in_another_zone_and_with_fewer_digits(
    shared_pair: Pair, written: list[bool]
) -> None:
    await record(shared_pair, [row(n, duration_ms=1 / 3) for n in range(9)])
    document = {"query": "{ operations(first: 9) { nodes { occurredAt durationMs } } }"}
    database = shared_pair.fast.server.store.database
    name = database.dialect.connections.read_engine.url.database
    for setting, is_written_there in (
        ("TimeZone = 'Asia/Kathmandu'", True),
        ("extra_float_digits = 0", False),
    ):
        async with database.write() as connection:
            await connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET {setting}')
        database.dialect.connections.reopen()
        written.clear()
        await shared_pair.same_twice(document, setting)
        assert set(written) == {is_written_there}
