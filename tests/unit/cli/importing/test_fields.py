"""The fields a column can fill: those of the schema, with values as the schema takes them."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from cli.importing.fields import FIELDS, UnknownFieldError, field_of
from cli.importing.records import Operation
from cli.importing.times import time_reader
from server.graphql.schema import schema_sdl

READ_TIME = time_reader(UTC, None)


def read(name: str, value: str) -> Operation:
    operation: Operation = {}
    field_of(name, READ_TIME).put(operation, value)
    return operation


def schema_fields(type: GraphQLInputObjectType, prefix: str = "") -> Iterator[str]:
    for name, field in type.fields.items():
        inner = get_named_type(field.type)
        is_list = is_list_type(get_nullable_type(field.type))  # a column of JSON
        if isinstance(inner, GraphQLInputObjectType) and not is_list:
            yield from schema_fields(inner, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_they_are_those_of_the_schema() -> None:
    operation = build_schema(schema_sdl()).type_map["OperationInput"]
    assert isinstance(operation, GraphQLInputObjectType)
    assert set(FIELDS) == set(schema_fields(operation))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("name", " chat ", {"name": " chat "}),
        ("kind", "llm", {"kind": "LLM"}),
        ("outcome", " Error ", {"outcome": "ERROR"}),
        ("occurredAt", "2026-02-03 10:00:00", {"occurredAt": "2026-02-03T10:00:00Z"}),
        ("durationMs", "12.5", {"durationMs": 12.5}),
        ("cacheHit", "No", {"cacheHit": False}),
        ("llm.inputTokens", "374", {"llm": {"inputTokens": 374}}),
        ("llm.inputTokens", " 374.0", {"llm": {"inputTokens": 374}}),
        ("tool.parameters", '{"a": [1]}', {"tool": {"parameters": {"a": [1]}}}),
        ("tool.parameters.path", "x", {"tool": {"parameters": {"path": "x"}}}),
        ("attributes.city", "12", {"attributes": {"city": "12"}}),
        ("attributes.size:whole", "12", {"attributes": {"size": 12}}),
        ("attributes.a.b:number", "1.5", {"attributes": {"a.b": 1.5}}),
        ("attributes.ok:boolean", "yes", {"attributes": {"ok": True}}),
        ("attributes.tags:json", '["a"]', {"attributes": {"tags": ["a"]}}),
        ("id", "0190B5C07B3E7C1A8F003A5C9E1D2B4F",
         {"id": "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"}),
    ],
)  # fmt: skip
def test_text_becomes_the_value_of_its_field(name: str, value: str, expected: Any) -> None:
    assert read(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("llm.inputTokens", "12.5", "llm.inputTokens: must be an integer (got '12.5')"),
        ("llm.inputTokens", "9223372036854775808", "must be from"),
        ("api.statusCode", "2147483648", "must be from"),
        ("durationMs", "nan", "durationMs: must be a number (got 'nan')"),
        ("durationMs", "fast", "must be a number"),
        ("cacheHit", "maybe", "must be true or false"),
        ("kind", "SQL", "must be one of API, TOOL, LLM (got 'SQL')"),
        ("attributes", "[1]", "must be a JSON object"),
        ("attributes", '{"a": NaN}', "must be valid JSON"),
        ("attributes", "[" * 100_000, "must be valid JSON"),
        ("id", "12", "must be a UUID"),
        ("occurredAt", "soon", "occurredAt: 'soon' is not a time"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_its_field(
    name: str, value: str, message: str
) -> None:
    with pytest.raises(ValueError, match="^" + name) as refusal:
        read(name, value)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("inputtokens", "there is no field 'inputtokens': did you mean llm.inputTokens?"),
        ("ocurredAt", "did you mean occurredAt?"),
        ("organizationId", "did you mean labels.organizationId?"),
        ("quark", "there is no field 'quark'"),
        ("attributes.", "there is no field"),
        ("attributes.a:int", "must end in one of :text, :whole, :number, :boolean, :json"),
    ],
)
def test_a_name_that_is_no_field(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"field|must end") as refusal:
        field_of(name, READ_TIME)
    assert message in str(refusal.value)
    assert isinstance(refusal.value, UnknownFieldError) == (
        "no field" in message or "mean" in message
    )
