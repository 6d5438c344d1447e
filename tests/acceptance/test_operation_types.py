"""A3: the server reads the type of an API call from its method and route as the SDK does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.operations.operation_types import infer_operation_type
from tests.support.api import Api
from tests.unit.sdk_integrations.test_operation_types import INFERRED
from trackstore import operation_types as sdk

TRACK = """mutation ($input: ApiOperationInput!) { trackApiOperation(input: $input) {
    operation { operationType name route } } }"""
PARTS = st.sampled_from(
    ["v1", "api", "memory", "memories", "batch", "all", "search", "users", "{id}", "<int:id>", ":id",
     "42", "*", "status", "a b", "", "addresses", "x" * 300, "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"]
) | st.text(max_size=8)  # fmt: skip
METHODS = st.sampled_from(["GET", "post", "PUT", "PATCH", "DELETE", "HEAD", "PURGE", "", " get "])


@pytest.mark.parametrize(("method", "route", "expected"), INFERRED)
def test_a3_the_table_holds_for_both(method: str, route: str, expected: str) -> None:
    assert infer_operation_type(method, route) == expected
    assert sdk.infer_operation_type(method, route) == expected


@given(method=METHODS | st.text(max_size=5), parts=st.lists(PARTS, max_size=6))
def test_a3_both_say_the_same_of_any_route(method: str, parts: list[str]) -> None:
    route = "/".join(parts)
    found = infer_operation_type(method, route)
    assert found == sdk.infer_operation_type(method, route)
    assert 0 < len(found) <= 160


async def test_a3_trackapioperation_infers_it(api: Api) -> None:
    for method, route, expected in INFERRED:
        if not method:
            continue
        answer = await api(TRACK, {"input": {"method": method, "route": route}})
        assert answer["trackApiOperation"]["operation"] == {
            "operationType": expected, "name": f"{method} {route}", "route": route,
        }  # fmt: skip
    input = {"method": "POST", "route": "v1/memory", "operationType": "add_memory_v1"}
    answer = await api(TRACK, {"input": input})
    assert answer["trackApiOperation"]["operation"]["operationType"] == "add_memory_v1"
    counters = "{ interactions { nodes { operationType calls } } }"
    nodes = (await api(counters))["interactions"]["nodes"]
    assert {"operationType": "add_memory_v1", "calls": 1} in nodes
