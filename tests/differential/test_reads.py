"""Pages in every shape, from documents that are new, known, and known again after many others."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from server.execution.documents import KEPT
from tests.differential.pair import ON_SQLITE, Pair, own_id
from tests.differential.reads import (
    HEAD,
    NAMES,
    OPERATIONS_OF_A_DOCUMENT,
    SHAPES,
    SIZES,
    VARIABLES,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

INGEST = """mutation ($v: [EntryInput!]!) {
    ingest(entries: $v) { results(only: [REJECTED]) { message path } } }"""
RECORDS = 24


def entries() -> list[dict[str, Any]]:
    """Records of every kind that pages are made of; enough for rows to be compiled."""
    found: list[dict[str, Any]] = []
    for n in range(RECORDS):
        request, session = str(own_id(n, 1)), str(own_id(n, 2))
        found += [
            {"session": {"id": session, "name": f"sitting {n}", "labels": {"userId": f"u{n % 3}"}}},
            {"createRequest": {"id": request, "type": "made", "stages": [{"name": "one"}]}},
            {"startStage": {"requestId": request, "stage": "one"}},
            *(
                {"logEvent": {"requestId": request, "type": "note", "data": {"n": k}}}
                for k in range(n)
            ),
            {"operation": operation(n, request, session)},
        ]
    return found


def operation(n: int, request: str, session: str) -> dict[str, Any]:
    """An operation of one of the three kinds, with everything that it can have."""
    kind = ("API", "TOOL", "LLM")[n % 3]
    parts: dict[str, Any] = {
        "API": {"api": {"route": "v1/memory", "statusCode": 200 + n, "batchSize": 10**9 - n}},
        "TOOL": {"tool": {"toolName": "read", "tokensOriginal": 9 + n, "tokensActual": 10}},
        "LLM": {"llm": {"model": "m", "inputTokens": n, "message": "asked", "response": "said"}},
    }[kind]
    return {
        "kind": kind,
        "name": f"call {n} \u00e9\U0001f600",
        "id": str(own_id(n, 3)),
        "occurredAt": f"2026-11-{n % 20 + 1:02}T09:30:00.{n:06}Z",
        "durationMs": n / 7 if n % 2 else None,
        "requestId": request,
        "sessionId": session,
        "labels": {"userId": f"u{n % 4}", "companyId": "c"} if n % 3 else None,
        "cacheHit": (True, False, None)[n % 3],
        "outcome": "ERROR" if n % 5 == 0 else "OK",
        "interaction": {"type": f"t{n}", "units": n + 1},
        "attributes": (None, {}, {"a": [1.0, None, {"b": "\u00e9"}]}, {"n": n})[n % 4],
        **parts,
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seeded(shared_pair: Pair) -> AsyncIterator[Pair]:
    """A pair with the same records in both."""
    answer = await shared_pair.call(INGEST, {"v": entries()})
    assert not answer["ingest"]["results"]
    yield shared_pair
    await shared_pair.same_rows()


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_shape_of_a_page(seeded: Pair, shape: str) -> None:
    document = SHAPES[shape]
    if not document.startswith("subscription"):
        document = HEAD + document
    for size in SIZES:
        await seeded.same_twice({"query": document, "variables": {"n": size}}, f"{shape} {size}")


@ON_SQLITE
@pytest.mark.parametrize("given", VARIABLES)
async def test_variables_of_a_page(seeded: Pair, given: str) -> None:
    document = HEAD + SHAPES["include and skip"].replace(
        "}", "} ... @include(if: $maybe) { __typename }", 1
    )
    for text in (document, HEAD + SHAPES["include and skip"]):
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
    known = [HEAD + SHAPES[shape] for shape in ("every plain field", "include and skip")]
    for document in known:
        await seeded.same_twice({"query": document})
    for n in range(KEPT + 100):
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
