"""Bulk inputs in every form and place, and bodies that are odd outside of them."""

import json

import pytest

from tests.differential.bodies import ACCEPTED_TYPES, BODIES, GOOD, OTHER_TYPES
from tests.differential.inputs import ENTRIES, ENTRY_LISTS, HANDED, LISTS, MANY, asked, written
from tests.differential.pair import LARGEST_BATCH, Pair
from tests.support.databases import ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="module")


@ON_SQLITE
@pytest.mark.parametrize("name", LISTS)
async def test_a_list_of_operations(pair: Pair, name: str) -> None:
    await pair.same_twice(asked(MANY, {"v": LISTS[name]}))
    await pair.same_operations()


@pytest.mark.parametrize("name", ENTRY_LISTS)
async def test_a_list_of_entries(pair: Pair, name: str) -> None:
    await pair.same_twice(asked(ENTRIES, {"v": ENTRY_LISTS[name]}))
    await pair.same_operations()


@pytest.mark.parametrize("name", HANDED)
async def test_an_input_handed_over(pair: Pair, name: str) -> None:
    document, variables = written(HANDED[name][0]), HANDED[name][1]
    await pair.same_twice(asked(document, variables))
    await pair.same(asked(document, {**variables, "v": 1, "unknown": []}))
    await pair.same(asked(document, dict.fromkeys(variables)))
    await pair.same(asked(document, {}))
    await pair.same(asked(document, variables), "once more")
    await pair.same_operations()


@ON_SQLITE
@pytest.mark.parametrize("name", BODIES)
async def test_a_body(pair: Pair, name: str) -> None:
    for _ in range(3):  # from the third time on it is told by how it begins
        await pair.same(GOOD)
    await pair.same(BODIES[name])
    await pair.same_operations()


@ON_SQLITE
@pytest.mark.parametrize("levels", range(900, 1_010, 6))
async def test_the_deepest_json(pair: Pair, levels: int) -> None:
    deep = "[" * levels + "]" * levels
    for text in (f'{{"kind": "API", "name": "deep", "attributes": {{"a": {deep}}}}}', deep):
        await pair.same(GOOD)
        fast, plain = await pair.ask(
            f'{{"query": {json.dumps(MANY)}, "variables": {{"v": [{text}]}}}}'
        )
        assert {fast.status_code, plain.status_code} <= {200, 400}
        assert "INTERNAL" not in fast.text + plain.text


@ON_SQLITE
@pytest.mark.parametrize("accept", ACCEPTED_TYPES)
@pytest.mark.parametrize("sent", OTHER_TYPES)
async def test_media_types(pair: Pair, sent: str | None, accept: str) -> None:
    headers = {"Accept": accept, **({"Content-Type": sent} if sent else {})}
    for body in (GOOD, asked(MANY, {"v": [1]}), asked("{ viewer { name nobody } }", None), b"{"):
        await pair.same_twice(body, headers=headers)


@ON_SQLITE
async def test_a_batch_that_is_too_large(pair: Pair) -> None:
    for size in (LARGEST_BATCH, LARGEST_BATCH + 1):
        await pair.same_twice(asked(MANY, {"v": [{"kind": "API", "name": ""}] * size}))
