"""Pages in every shape, from documents that are new, known, and known again after many others."""

import json

import pytest

from server.fast_path.documents import MAX_CACHED_DOCUMENTS
from tests.differential.pair import Pair
from tests.differential.reads import (
    NAMES,
    OPERATIONS_OF_A_DOCUMENT,
    SHAPES,
    SIZES,
    VARIABLES,
    headed,
)
from tests.support.databases import ON_SQLITE

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_shape_of_a_page(seeded: Pair, shape: str) -> None:
    document = headed(SHAPES[shape])
    for size in SIZES:
        await seeded.same_twice({"query": document, "variables": {"n": size}}, f"{shape} {size}")


@ON_SQLITE
@pytest.mark.parametrize("given", VARIABLES)
async def test_variables_of_a_page(seeded: Pair, given: str) -> None:
    shape = SHAPES["include and skip"]
    longer = shape.replace("}", "} ... @include(if: $maybe) { __typename }", 1)
    for text in (headed(longer), headed(shape)):
        await seeded.same_twice({"query": text, "variables": VARIABLES[given]})


@ON_SQLITE
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_one_operation_of_several(seeded: Pair, name: str | None, method: str) -> None:
    item = {"kind": "API", "name": "one of several"}
    for variables in (None, {}, {"v": item}, {"v": [item]}, {"n": 3}):
        asked = {"query": OPERATIONS_OF_A_DOCUMENT, "variables": variables, "operationName": name}
        if method == "POST":
            await seeded.same_twice(asked)
        else:
            texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in asked.items() if v}
            await seeded.same(None, method="GET", params=texts)


@ON_SQLITE
async def test_a_document_again_after_many_others(seeded: Pair) -> None:
    known = [headed(SHAPES[shape]) for shape in ("every plain field", "include and skip")]
    for document in known:
        await seeded.same_twice({"query": document})
    for n in range(MAX_CACHED_DOCUMENTS + 100):
        await seeded.fast.raw({"query": f"{{ viewer {{ field{n}: name }} }}"})
    for document in known:
        await seeded.same_twice({"query": document})


@ON_SQLITE
async def test_a_document_that_is_almost_known(seeded: Pair) -> None:
    document = "query ($n: Int) { operations(first: $n) { nodes { name } } }"
    for text in (
        document,
        document + " ",
        " " + document,
        document + "\n#",
        document.replace("$n", "$N"),
    ):
        for variables in ({"n": 9}, {"N": 9}):
            await seeded.same_twice({"query": text, "variables": variables})


@ON_SQLITE
async def test_introspection(seeded: Pair) -> None:
    await seeded.same_twice({"query": "{ __schema { types { name kind fields { name } } } }"})
    await seeded.same_twice({"query": '{ __type(name: "Operation") { name fields { name } } }'})
    await seeded.same_twice({"query": "{ __typename }"})


@ON_SQLITE
@pytest.mark.parametrize("levels", [5, 20, 50, 100, 200, 300, 400, 600, 900])
@pytest.mark.parametrize("member", ['{"not": %s}', '{"and": [%s]}', '{"or": %s}'])
async def test_filters_within_filters(seeded: Pair, levels: int, member: str) -> None:
    document = "query ($w: OperationFilter) { operations(where: $w) { nodes { name } } }"
    text = '{"name": {"contains": "call"}}'
    for _ in range(levels):
        text = member.replace("%s", text)
    await seeded.same_twice(f'{{"query": "{document}", "variables": {{"w": {text}}}}}', str(levels))
