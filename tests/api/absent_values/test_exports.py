"""Exports, and questions that are repeated: a condition without a value is refused before a byte."""

import pytest

from tests.api.exporting.calls import export, json_rows, record, refusal
from tests.support.api import Api, Json

QUERY = "query ($w: %s) { operations(where: %s) { nodes { uuid } } }"


@pytest.mark.parametrize(
    ("type_", "where", "path"),
    [
        ("ID", "{workspaceId: {eq: $w}}", "where.workspaceId.eq"),
        ("[ID!]", "{workspaceId: {in: $w}}", "where.workspaceId.in"),
        ("IDFilter", "{workspaceId: $w}", "where.workspaceId"),
        ("IDFilter", "{and: [{userId: {eq: \"a\"}}, {workspaceId: $w}]}", "where.and.1.workspaceId"),
        ("[OperationKind!]", "{kind: {in: $w}}", "where.kind.in"),
        ("DateTime", "{occurredAt: {since: $w}}", "where.occurredAt.since"),
        ("BooleanFilter", "{cacheHit: $w}", "where.cacheHit"),
        ("Boolean", "{cacheHit: {eq: $w}}", "where.cacheHit.eq"),
        ("JSON", '{attributes: [{path: "a", in: ["x"], eq: $w}]}', "where.attributes.0.eq"),
    ],
)  # fmt: skip
async def test_an_export_by_a_missing_value_is_refused(
    api: Api, type_: str, where: str, path: str
) -> None:
    await record(api, 3)
    status, error = await refusal(api, QUERY % (type_, where))
    assert (status, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert error["message"].startswith(f"{path}: the variable $w has no value")
    if type_ != "JSON":  # a place in the attributes can hold null
        status, error = await refusal(api, QUERY % (type_, where), {"w": None})
        assert status == 400
        assert error["message"].startswith(f"{path}: null is not a condition")


async def test_an_export_without_a_filter_has_every_row(api: Api) -> None:
    await record(api, 3)
    ways: tuple[Json, ...] = ({}, {"w": None}, {"w": {}})
    for variables in ways:
        answer = await export(api, QUERY % ("OperationFilter", "$w"), variables, format="jsonl")
        assert len(json_rows(answer)) == 3


async def test_fields_that_are_not_executed_need_no_value(api: Api) -> None:
    query = """query ($w: ID, $with: Boolean!) {
      all: operations { totalCount }
      some: operations(where: {workspaceId: {eq: $w}}) @include(if: $with) { totalCount } }"""
    for _ in range(2):  # the second time the document is known
        assert await api(query, {"with": False}) == {"all": {"totalCount": 0}}
        refused = await api.refused(query, {"with": True})
        assert (refused.code, refused.path) == ("BAD_USER_INPUT", ["some"])
        assert "$w" in refused.message


async def test_a_default_of_the_document_is_a_value(api: Api) -> None:
    await record(api, 2)
    query = """query ($name: String = %s) {
      operations(where: {name: {eq: $name}}) { totalCount } }"""
    assert (await api(query % '"call-0"'))["operations"]["totalCount"] == 1
    assert "null is not a condition" in (await api.refused(query % "null")).message


async def test_a_key_is_not_made_with_wider_bounds_than_its_document_names(api: Api) -> None:
    query = """mutation ($w: ID) { createApiKey(input: {
      name: "k", scopes: [READ], organizationId: "acme", workspaceId: $w
    }) { apiKey { workspaceId } } }"""
    assert "$w has no value" in (await api.refused(query)).message
    made = await api(query, {"w": "website"})
    assert made["createApiKey"]["apiKey"]["workspaceId"] == "website"
    assert len((await api("{ apiKeys { name } }"))["apiKeys"]) == 1
