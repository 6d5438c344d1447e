"""What a document may ask for is bounded by how many records that would be."""

from typing import Any

import pytest

from tests.support.api import Api, Json

PAGES = "{{ requests(first: {0}) {{ nodes {{ operations(first: {0}) {{ nodes {{ name }} }} }} }} }}"
NESTED = """query ($outer: Int = 10, $inner: Int) {
    requests(first: $outer) { nodes { operations(first: $inner) { nodes { name } } } } }"""


async def cost(api: Api, query: str, variables: Json | None = None) -> Any:
    """What the server says a document costs."""
    body = {"query": query, "variables": variables, "extensions": {"cost": True}}
    answer = (await api.raw(body)).json()
    assert "errors" not in answer, answer
    return answer["extensions"]["cost"]


FIGURES = [
    ("{ viewer { name } }", 0),
    ("{ __typename }", 0),
    ("{ __schema { types { fields { name } } } }", 0),
    ("{ operations { totalCount } }", 0),
    ("{ operations(first: 7) { nodes { name } } }", 7),
    ("{ operations { nodes { name } } }", 100),
    ("{ operations(first: null) { nodes { name } } }", 100),
    ("{ operations(first: 7) { edges { node { name } } } }", 7),
    ("{ operations(first: 7) { nodes { request { uuid } } } }", 14),
    (
        "{ operations(last: 7) { nodes { ...f } } } fragment f on Operation { request { uuid } }",
        14,
    ),
    (
        "{ operations(first: 7) { ...f } } fragment f on OperationConnection { nodes { name } }",
        7,
    ),
    ("{ a: operations(first: 3) { nodes { name } } b: prices { name } }", 13),
    ("{ operationStats(limit: 20) { rows { count } } }", 20),
    ("{ operationStats { rows { count } } }", 1_000),
    (PAGES.format(10), 110),
    ("{ requests(first: 5) { nodes { stages { attempts { status } } } } }", 5 + 50 + 500),
]


async def test_figures(api: Api) -> None:
    for query, records in FIGURES:
        found = await cost(api, query)
        assert found["records"] == records, query
        assert found["maxRecords"] == 200_000
        assert 0 < found["depth"] <= found["maxDepth"] == 12 or "__schema" in query


async def test_the_figure_is_told_only_where_it_is_asked_for(api: Api) -> None:
    for extensions in (None, {}, {"cost": False}, {"cost": "yes"}):
        answer = await api.raw({"query": "{ viewer { name } }", "extensions": extensions})
        assert list(answer.json()) == ["data"]


async def test_page_sizes_multiply(api: Api) -> None:
    assert await api(PAGES.format(400))
    refusal = await api.refused(PAGES.format(500))
    assert refusal.code == "BAD_USER_INPUT"
    assert "250,500 records requested" in refusal.message
    assert "maximum 200,000). Request smaller pages with first." in refusal.message


async def test_page_sizes_in_variables(api: Api) -> None:
    for _ in range(2):  # the second time the document is known
        assert (await cost(api, NESTED, {"inner": 10}))["records"] == 110
        assert (await cost(api, NESTED, {"outer": 20, "inner": 10}))["records"] == 220
        assert (await cost(api, NESTED))["records"] == 10 + 10 * 100
        for variables in ({"outer": 500, "inner": 500}, {"outer": 1000, "inner": 1000}):
            refusal = await api.refused(NESTED, variables)
            assert "records requested" in refusal.message
            assert refusal.data is None
    refusal = await api.refused(NESTED, {"outer": "many"})
    assert "Int cannot represent" in refusal.message


async def test_doubled_fragments_count_each_time(api: Api) -> None:
    spread = " ".join(
        f"fragment f{i} on Operation {{ ...f{i + 1} ...f{i + 1} }}" for i in range(60)
    )
    document = f"{{ operations {{ nodes {{ ...f0 }} }} }} {spread}"
    last = "fragment f60 on Operation { request { uuid } }"
    assert "records requested" in (await api.refused(f"{document} {last}")).message
    assert await api(f"{document} fragment f60 on Operation {{ name }}")


@pytest.mark.parametrize(
    "server_settings", [{"max_cost": 10, "max_fragments": 1, "max_directives": 1, "max_repeats": 2}]
)
async def test_more_bounds_that_are_settings(api: Api) -> None:
    for fine in (
        "{ operations(first: 10) { nodes { name } } }",
        "{ viewer { ...a } } fragment a on Viewer { name }",
        "{ viewer { name @include(if: true) } }",
        "{ viewer { name name } }",
    ):
        assert await api(fine)
    for refused, message in (
        ("{ operations(first: 11) { nodes { name } } }", "11 records requested"),
        (
            "{ viewer { ...a } } fragment a on Viewer { ...b } fragment b on Viewer { name }",
            "2 fragm",
        ),
        (
            "{ viewer { name @include(if: true) scopes @skip(if: false) } }",
            "2 directives (maximum 1)",
        ),
        (
            "query @include(if: true) { viewer @skip(if: false) { name } }",
            "2 directives (maximum 1)",
        ),
        ("{ viewer { name name ... { name } } }", "3 sibling fields with the same name"),
        (
            "{ viewer { ...a ...a ...a } } fragment a on Viewer { name }",
            "3 sibling fields with the same name",
        ),
    ):
        assert message in (await api.refused(refused)).message


@pytest.mark.parametrize(
    "server_settings",
    [{"max_objects": 3, "max_variable_depth": 2, "max_variable_values": 20, "max_batch_items": 2}],
)
async def test_variables_are_bounded_before_they_are_coerced(api: Api) -> None:
    count = "query ($w: OperationFilter) { operations(where: $w) { totalCount } }"
    for _ in range(2):  # the second time the document is known
        for where, message in (
            ({"kind": {"in": []}, "name": {"in": []}}, None),
            ({"and": [{}, {}, {}]}, "w: The input must not exceed 3 objects"),
            ({"not": {"not": {}}}, "w: The input must not be nested deeper than 2 levels"),
            ({"id": {"in": ["x"] * 25}}, "The variables must not exceed 20 values"),
        ):
            if message is None:
                assert await api(count, {"w": where})
            else:
                assert message in (await api.refused(count, {"w": where})).message
    literal = "{ operations(where: {and: [{}, {}, {}]}) { totalCount } }"
    assert "4 objects in arguments (maximum 3)" in (await api.refused(literal)).message
    many = "mutation ($o: [OperationInput!]!) { trackOperations(operations: $o) { accepted } }"
    refusal = await api.refused(many, {"o": [{"kind": "X"}] * 5})
    assert (
        refusal.message == "o: A call must not exceed 2 items (got 5). Split it into several calls."
    )
