"""Members and parameters of a request that are empty, as GraphQL's reference and Apollo take them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.support.api import Api, Json
from tests.support.databases import ON_SQLITE

QUERY = "{ viewer { name } }"
NAMED = "query A { viewer { name } }"
TWO = "query A { viewer { name } } query B { about { version } }"
DATA = {"viewer": {"name": "open"}}
PERSISTED: Json = {
    "persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(QUERY.encode()).hexdigest()}
}
UNKNOWN: Json = {"persistedQuery": {"version": 1, "sha256Hash": "c0ffee"}}


def outcome(answer: httpx.Response) -> Any:
    """The data, or the first error's message."""
    found = answer.json()
    return found["errors"][0]["message"] if "errors" in found else found["data"]


@ON_SQLITE
@pytest.mark.parametrize(
    "body",
    [
        {"query": QUERY, "operationName": ""},
        {"query": NAMED, "operationName": ""},
        {"query": QUERY, "operationName": None},
        {"query": QUERY, "variables": None},
        {"query": QUERY, "extensions": None},
        {"query": QUERY, "variables": {}, "extensions": {}},
        {"query": QUERY, "documentId": ""},
        {"query": QUERY, "documentId": None},
        {"query": QUERY, "extensions": {"persistedQuery": None}},
        {"query": QUERY, "unknown": 1},
    ],
    ids=json.dumps,
)
async def test_empty_members_are_not_given(api: Api, body: Json) -> None:
    for _ in range(3):  # known the second time, decoded in one step the third
        assert outcome(await api.raw(body)) == DATA


@ON_SQLITE
@pytest.mark.parametrize(
    "parameters",
    [
        {"operationName": ""},
        {"variables": ""},
        {"variables": "null"},
        {"extensions": ""},
        {"extensions": "null"},
        {"documentId": ""},
        {"operationName": "", "variables": "", "extensions": "", "documentId": ""},
    ],
    ids=json.dumps,
)
async def test_empty_parameters_are_not_given(api: Api, parameters: Mapping[str, str]) -> None:
    answer = await api.raw(method="GET", params={"query": QUERY, **parameters})
    assert outcome(answer) == DATA


@ON_SQLITE
@pytest.mark.parametrize("query", [{}, {"query": ""}, {"query": None}], ids=json.dumps)
async def test_an_empty_query_beside_a_hash_is_not_given(api: Api, query: Json) -> None:
    assert outcome(await api.raw({**query, "extensions": PERSISTED})) == "PersistedQueryNotFound"
    assert outcome(await api.raw({"query": QUERY, "extensions": PERSISTED})) == DATA
    assert outcome(await api.raw({**query, "extensions": PERSISTED})) == DATA
    by_get = {"query": "", "extensions": json.dumps(PERSISTED)}
    assert outcome(await api.raw(method="GET", params=by_get)) == DATA
    assert outcome(await api.raw({**query, "extensions": UNKNOWN})) == "PersistedQueryNotFound"


@ON_SQLITE
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"query": ""}, "query is missing"),
        ({"query": " "}, "query is missing"),
        ({"query": " ", "extensions": PERSISTED}, "query is missing"),
        ({"query": "", "documentId": ""}, "query is missing"),
        ({"query": "", "extensions": {"persistedQuery": None}}, "query is missing"),
        ({"query": TWO, "operationName": ""}, "The document has 2 operations"),
        ({"query": NAMED, "operationName": " "}, "no operation of that name"),
        ({"query": NAMED, "operationName": 0}, "operationName must be a string"),
        ({"query": NAMED, "operationName": False}, "operationName must be a string"),
        ({"query": QUERY, "documentId": []}, "documentId must be a string"),
        ({"query": QUERY, "variables": ""}, "variables must be an object"),
        ({"query": QUERY, "variables": []}, "variables must be an object"),
        ({"query": QUERY, "extensions": ""}, "extensions must be an object"),
    ],
    ids=json.dumps,
)
async def test_what_is_wrong_stays_wrong(api: Api, body: Json, message: str) -> None:
    for _ in range(2):
        assert message in outcome(await api.raw(body))


@ON_SQLITE
@pytest.mark.parametrize("name", ["variables", "extensions"])
async def test_parameters_that_are_not_json_are_refused(api: Api, name: str) -> None:
    answer = await api.raw(method="GET", params={"query": QUERY, name: " "})
    assert (answer.status_code, f"{name} is not valid JSON" in outcome(answer)) == (400, True)


@ON_SQLITE
async def test_a_byte_order_mark_is_ignored(api: Api) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"query": QUERY}).encode()
    assert outcome(await api.raw(body)) == DATA


ATTRIBUTES = """mutation ($v: %s) { trackOperation(input: {
  kind: API, name: "a", attributes: {a: $v, b: {c: $v, d: 1}, e: [$v, 2, {f: $v}]}
}) { operation { attributes } } }"""


@ON_SQLITE
@pytest.mark.parametrize("type_", ["JSON", "String"])
async def test_an_absent_variable_in_json_is_left_out(api: Api, type_: str) -> None:
    for variables, found in (
        ({}, {"b": {"d": 1}, "e": [None, 2, {}]}),
        ({"v": None}, {"a": None, "b": {"c": None, "d": 1}, "e": [None, 2, {"f": None}]}),
        ({"v": "x"}, {"a": "x", "b": {"c": "x", "d": 1}, "e": ["x", 2, {"f": "x"}]}),
    ):
        for _ in range(2):
            data = outcome(await api.raw({"query": ATTRIBUTES % type_, "variables": variables}))
            assert data == {"trackOperation": {"operation": {"attributes": found}}}, variables


@ON_SQLITE
async def test_an_absent_variable_as_a_whole_json_is_absent(api: Api) -> None:
    query = """mutation ($v: JSON) { trackOperation(input: {
      kind: API, name: "a", attributes: $v }) { operation { attributes } } }"""
    data = outcome(await api.raw({"query": query}))
    assert data == {"trackOperation": {"operation": {"attributes": None}}}
