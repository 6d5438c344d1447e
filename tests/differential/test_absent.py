"""Values that are absent, null or empty: refused and taken alike with and without the fast path."""

from typing import Any

import pytest

from tests.api.absent_values.condition_places import Asked, guarded_arguments, places
from tests.differential.pair import Pair
from tests.support.databases import ON_SQLITE

pytestmark = [ON_SQLITE, pytest.mark.asyncio(loop_scope="module")]
GUARDED = [asked for asked in guarded_arguments() if asked.kind != "subscription"]
QUERY = "{ viewer { name } }"
BODIES: list[dict[str, Any]] = [
    {"query": QUERY, "operationName": ""},
    {"query": f"query A {QUERY}", "operationName": ""},
    {"query": f"query A {QUERY} query B {QUERY}", "operationName": ""},
    {"query": f"query A {QUERY}", "operationName": " "},
    {"query": QUERY, "variables": None, "extensions": None, "operationName": None},
    {"query": QUERY, "documentId": ""},
    {"query": ""},
    {"query": """mutation ($v: JSON) { trackOperation(input: {
        kind: API, name: "a", attributes: {a: $v, b: [$v]}}) { operation { attributes } } }"""},
    {"query": """mutation ($v: OperationInput!) { trackOperation(input: $v) { status } }""",
     "variables": {"v": {"kind": "API", "name": "a"}}, "operationName": ""},
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_requests_with_empty_members(pair: Pair, body: dict[str, Any]) -> None:
    await pair.same_twice(body)
    await pair.same(body, "a third time")


@pytest.mark.parametrize("asked", GUARDED, ids=lambda asked: f"{asked.name}.{asked.argument}")
async def test_conditions_without_a_value(pair: Pair, asked: Asked) -> None:
    declared = f"$w: {asked.type}"
    whole: tuple[dict[str, Any], ...] = ({}, {"w": None}, {"w": {}})
    for variables in whole:
        await pair.same_twice({"query": asked.document("$w", declared), "variables": variables})
    for place in [place for place in places(asked.type) if place.path][::9]:
        kind = str(place.type).rstrip("!")
        absent = asked.document(place.literal("$w"), f"$w: {kind}")
        for variables in whole[:2]:
            await pair.same_twice({"query": absent, "variables": variables})
        await pair.same({"query": asked.document(place.literal("null"))})
