"""Generated inputs and selections: equal answers, and equal rows in every column."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.differential.generated import items, query
from tests.differential.inputs import ENTRIES, MANY
from tests.differential.pair import Pair
from tests.support.databases import ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="module")

BULK = {"OperationInput": MANY, "EntryInput": ENTRIES}
BROKEN = {"valid": 0.0, "slightly broken": 0.03, "badly broken": 0.3}
# One pair of servers answers all examples; each example leaves both of them alike.
ONE_PAIR = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("kind", BULK)
@settings(max_examples=40, suppress_health_check=ONE_PAIR)
@given(data=st.data())
async def test_generated_inputs(
    shared_pair: Pair, kind: str, broken: str, data: st.DataObject
) -> None:
    text = data.draw(items(kind, BROKEN[broken]))
    await shared_pair.forget_operations()
    await shared_pair.same(f'{{"query": {json.dumps(BULK[kind])}, "variables": {{"v": []}}}}')
    await shared_pair.same(f'{{"query": {json.dumps(BULK[kind])}, "variables": {{"v": {text}}}}}')
    await shared_pair.same_operations()


async def test_what_was_stored_beside_operations(shared_pair: Pair) -> None:
    await shared_pair.same_rows()


@ON_SQLITE
@pytest.mark.parametrize("field", ["operations", "requests"])
@settings(max_examples=80, suppress_health_check=ONE_PAIR)
@given(data=st.data())
async def test_generated_selections(seeded: Pair, field: str, data: st.DataObject) -> None:
    document = data.draw(query(field, {"operations": "Operation", "requests": "Request"}[field]))
    size = data.draw(st.sampled_from([3, 9, None]))
    variables: dict[str, Any] = {"n": size}
    await seeded.same_twice({"query": document, "variables": variables})
    flipped = {"n": size, "yes": False, "no": True}
    await seeded.same({"query": document, "variables": flipped})
