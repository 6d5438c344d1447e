"""Tenancy labels have one type wherever they stand: ID."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    is_interface_type,
)
from strawberry.utils.str_converters import to_camel_case

from models.labels import LABELS
from server.graphql.schema import build_schema
from tests.support.api import Api

NAMES = {to_camel_case(name) for name in ("organization_id", *LABELS, "subject_id")}
CORE = build_schema()._schema


def types_of_labels() -> Iterator[tuple[str, str]]:
    """Where a label stands in the schema, and the name of its type there."""
    for type_name, kind in CORE.type_map.items():
        if isinstance(kind, GraphQLInputObjectType):
            yield from (
                (f"{type_name}.{n}", get_named_type(f.type).name)
                for n, f in kind.fields.items()
                if n in NAMES
            )
        elif isinstance(kind, GraphQLObjectType) or is_interface_type(kind):
            for name, field in kind.fields.items():
                if name in NAMES:
                    yield f"{type_name}.{name}", get_named_type(field.type).name
                for argument, definition in field.args.items():
                    if argument in NAMES:
                        kind_of = get_named_type(definition.type).name
                        yield f"{type_name}.{name}({argument}:)", kind_of


def test_labels_have_one_type() -> None:
    found = dict(types_of_labels())
    assert len(found) > 100
    assert set(found.values()) == {"ID", "IDFilter"}
    for place, kind in found.items():
        assert (kind == "IDFilter") == (place.split(".")[0].endswith("Filter")), place


OPERATIONS = """query ($one: ID, $some: [ID!], $where: OperationFilter) {
  eq: operations(where: {organizationId: {eq: $one}}) { totalCount }
  in: operations(where: {organizationId: {in: $some}}) { totalCount }
  ne: operations(where: {organizationId: {ne: $one}}) { totalCount }
  notIn: operations(where: {organizationId: {notIn: $some}}) { totalCount }
  startsWith: operations(where: {organizationId: {startsWith: $one}}) { totalCount }
  contains: operations(where: {organizationId: {contains: $one}}) { totalCount }
  whole: operations(where: $where) { totalCount }
  stats: operationStats(where: {organizationId: {eq: $one}}, groupBy: [{field: ORGANIZATION_ID}]) {
    rows { key { organizationId } count }
  }
}"""
TRACK = """mutation ($input: OperationInput!) {
  trackOperation(input: $input) { status operation { organizationId userId } }
}"""
LITERAL = """mutation {
  trackOperation(input: {kind: API, name: "a", labels: {organizationId: 42, userId: 7}}) {
    operation { organizationId userId }
  }
}"""


async def test_numbers_are_labels_by_their_digits(api: Api) -> None:
    labels: dict[str, Any] = {"organizationId": 42, "userId": 7}
    shown = {"organizationId": "42", "userId": "7"}
    track = {"input": {"kind": "API", "name": "a", "labels": labels}}
    for _ in range(2):  # the second time the document is known
        assert (await api(TRACK, track))["trackOperation"]["operation"] == shown
        assert (await api(LITERAL))["trackOperation"]["operation"] == shown
    await api(TRACK, {"input": {"kind": "API", "name": "a", "labels": {"organizationId": "x"}}})
    for one in (42, "42"):
        where = {"organizationId": {"eq": one}, "userId": {"in": [7]}}
        found = await api(OPERATIONS, {"one": one, "some": [one], "where": where})
        rows = found.pop("stats")["rows"]
        assert rows == [{"key": {"organizationId": "42"}, "count": 4}]
        assert {name: answer["totalCount"] for name, answer in found.items()} == {
            "eq": 4, "in": 4, "ne": 1, "notIn": 1, "startsWith": 4, "contains": 4, "whole": 4,
        }  # fmt: skip
    literal = await api("{ operations(where: {organizationId: {eq: 42}}) { totalCount } }")
    assert literal["operations"]["totalCount"] == 4
    missing = await api("{ operations(where: {organizationId: {eq: 4}}) { totalCount } }")
    assert missing["operations"]["totalCount"] == 0


async def test_one_variable_fits_inputs_filters_and_arguments(api: Api) -> None:
    document = """mutation ($organization: ID!, $user: ID!) {
      trackOperation(input: {
        kind: API, name: "a", labels: {organizationId: $organization, userId: $user}
      }) { status }
      consume(input: {interactionType: "mini", labels: {organizationId: $organization}}) { status }
      setLimit(input: {
        subject: USER, subjectId: $user, organizationId: $organization, interactionType: "mini"
        maximum: 5
      }) { limit { uuid } }
    }"""
    variables = {"organization": "acorn", "user": "ana"}
    await api(document, variables)
    found = await api(
        """query ($organization: ID!, $user: ID!) {
          operations(where: {organizationId: {eq: $organization}, userId: {in: [$user]}}) {
            totalCount
          }
          limits(where: {organizationId: {eq: $organization}, subjectId: {eq: $user}}) { subjectId }
          usage(subject: {subject: USER, subjectId: $user, organizationId: $organization}) { maximum }
          organizationInteractions(organizationId: $organization, year: 2026, month: 11) { units }
        }""",
        variables,
    )
    assert found["operations"] == {"totalCount": 1}
    assert found["limits"] == [{"subjectId": "ana"}]
    assert found["usage"] == [{"maximum": 5}]
