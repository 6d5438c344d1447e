"""Every kind of value, good and bad, in every place an operation can be sent from."""

import json

import pytest

from tests.differential.pair import Pair
from tests.differential.selections import everything
from tests.differential.values import VALUES, operation
from tests.support.databases import ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD = '{"kind": "API", "name": "a neighbour", "api": {"statusCode": 200}}'
ANSWER = f"accepted duplicates rejected repaired results {{ {everything('ItemResult', 1)} }}"
MANY = f"mutation ($v: [OperationInput!]!) {{ trackOperations(operations: $v) {{ {ANSWER} }} }}"
ONE = f"""mutation ($v: OperationInput!) {{
    trackOperation(input: $v) {{ status uuid operation {{ {everything("Operation")} }} }} }}"""
ENTRIES = f"mutation ($v: [EntryInput!]!) {{ ingest(entries: $v) {{ {ANSWER} }} }}"


def body(document: str, value: str) -> str:
    """A request whose one variable is this JSON text."""
    return f'{{"query": {json.dumps(document)}, "variables": {{"v": {value}}}}}'


async def warm_up(pair: Pair) -> None:
    """Make the documents known: only then are their variables decoded fast."""
    for document, value in (
        (MANY, f"[{GOOD}]"),
        (ONE, GOOD),
        (ENTRIES, f'[{{"operation": {GOOD}}}]'),
    ):
        await pair.same(body(document, value))


@ON_SQLITE
@pytest.mark.parametrize("path", VALUES)
async def test_a_value_anywhere(pair: Pair, path: str, subtests: pytest.Subtests) -> None:
    await warm_up(pair)
    for value in VALUES[path]:
        item = operation(path, value)
        with subtests.test(value[:80]):
            await pair.same(body(MANY, f"[{GOOD}, {item}, {item}, {GOOD}]"))
            await pair.same(body(ENTRIES, f'[{{"operation": {item}}}, {{"operation": {GOOD}}}]'))
            await pair.same(body(ONE, item))
    assert await pair.same_operations()


@pytest.mark.parametrize("path", [path for path in VALUES if path.islower()])
async def test_a_value_as_it_is_stored(pair: Pair, path: str) -> None:
    await warm_up(pair)
    for value in VALUES[path]:
        await pair.same(body(MANY, f"[{operation(path, value)}]"), value)
    assert await pair.same_operations()
