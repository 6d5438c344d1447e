"""An export is bounded as a query is: the same documents are refused, in the same words."""

from typing import Any

import pytest
from graphql.execution import values

from server.exporting import questions
from tests.api.exporting.calls import export, json_rows, record, refusal
from tests.support.api import Api

SETTINGS = {
    "max_depth": 5,
    "max_aliases": 3,
    "max_tokens": 120,
    "max_directives": 2,
    "max_fragments": 2,
    "max_repeats": 3,
    "max_objects": 20,
    "max_variable_depth": 4,
    "max_variable_values": 100,
    "max_cost": 2_000,
}
FILTERED = "query ($where: OperationFilter) { operations(where: $where) { nodes { name } } }"
NESTED = "{ operations(first: 1000) { nodes { request { stages { name } } } } }"
TOO_MUCH: list[tuple[str, Any, str]] = [
    (
        "{ operations { nodes { session { operations { nodes { name } } } } } }",
        None,
        "levels of fields",
    ),
    ("{ operations { nodes { a: name b: name c: name d: name } } }", None, "4 aliases (maximum 3)"),
    ("{ operations { nodes { " + "name " * 120 + "} } }", None, "120 tokens"),
    ("{ operations { nodes { " + "name @skip(if: false) " * 3 + "} } }", None, "directives"),
    (
        "{ operations { nodes { ...a } } } "
        + " ".join(f"fragment {f} on Operation {{ name }}" for f in "abc"),
        None,
        "3 fragments (maximum 2)",
    ),
    ("{ operations { nodes { name name name name } } }", None, "sibling fields with the same name"),
    (
        "{ operations(where: {or: [" + "{} " * 21 + "]}) { nodes { name } } }",
        None,
        "22 objects in arguments (maximum 20)",
    ),
    (FILTERED, {"where": {"or": [{}] * 21}}, "must not exceed 20 objects"),
    (FILTERED, {"where": {"not": {"not": {"not": {"not": {}}}}}}, "nested deeper than 4 levels"),
    (FILTERED, {"where": {"id": {"in": ["x"] * 100}}}, "The variables must not exceed 100 values"),
    (NESTED, None, "records requested"),
    (
        "query A { operations { nodes { name } } } query B { operations { nodes { name } } }",
        None,
        "The document has 2 operations. Set operationName to one of them",
    ),
]


@pytest.mark.parametrize("server_settings", [SETTINGS])
async def test_the_limits_of_documents_are_those_of_graphql(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    coerced = []

    def coerce(*given: Any) -> Any:
        coerced.append(given)
        return values.get_variable_values(*given)

    monkeypatch.setattr(questions, "get_variable_values", coerce)
    for document, variables, said in TOO_MUCH:
        expected = await api.refused(document, variables)
        status, error = await refusal(api, document, variables)
        assert (status, error["message"]) == (400, expected.message)
        assert said in error["message"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert not coerced, "nothing was made of the variables of a document that is refused"


@pytest.mark.parametrize("server_settings", [{"max_document_bytes": 1_024}])
async def test_a_document_is_measured_before_it_is_parsed(api: Api) -> None:
    query = "{ operations { nodes { name } } } # " + "x" * 1_000
    expected = (await api.raw({"query": query})).json()["errors"]
    for method in ("GET", "POST"):
        asked = {"params": {"query": query}} if method == "GET" else {"json": {"query": query}}
        answer = await api.http.request(method, "/export", **asked)  # type: ignore[arg-type]
        assert answer.status_code == 400
        assert answer.json()["errors"] == expected


@pytest.mark.parametrize("server_settings", [{"max_cost": 11_000}])
async def test_an_export_costs_what_one_of_its_pages_does(api: Api) -> None:
    await record(api, 3)
    for first in ("", "(first: 500000)", "(first: 5)"):
        query = f"{{ operations{first} {{ nodes {{ name request {{ stages {{ name }} }} }} }} }}"
        assert (await export(api, query)).status_code == 400
        query = f"{{ operations{first} {{ nodes {{ name request {{ uuid }} }} }} }}"
        assert len(json_rows(await export(api, query, format="jsonl"))) == 3
    inner = "session { operations(first: $n) { nodes { name } } }"
    query = f"query ($n: Int) {{ operations {{ nodes {{ {inner} }} }} }}"
    _, error = await refusal(api, query, {"n": 100})
    assert "records requested" in error["message"]
    assert (await export(api, query, {"n": 1})).status_code == 200
