"""Every place of every argument in the schema gets strange values: no answer is an error of ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)

import schema
from tests.support.api import Api

SCHEMA: GraphQLSchema = build_schema(Path(schema.__file__).with_name("schema.graphql").read_text())
SELF = ("and", "or", "not")
"""Filters inside filters, which have tests of their own."""
UUID_GOOD = "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"
TEXTS = ("", "\0\ud800", "x" * 300, "%' OR 1=1 --\\")
WHOLE = (0, -1, 2**31 - 1, -(2**31))
STRANGE: dict[str, tuple[Any, ...]] = {
    "String": TEXTS,
    "ID": (*TEXTS, 2**63),
    "Int": WHOLE,
    "Long": (*WHOLE, 2**31, 2**63 - 1, -(2**63)),
    "Number": (0.0, -1.0, 1e308, 5e-324, 2**63 - 1, -(2**63)),
    "Float": (0.0, -1.0, 1e308, -1e308, 5e-324),
    "Boolean": (True, False),
    "JSON": ("\0", 2**64, 10**400, {}, [], [[]], {"\0": "\ud800"}, None, True, "x" * 70_000),
    "UUID": ("ffffffff-ffff-7fff-bfff-ffffffffffff", "00000000-0000-0000-0000-000000000000"),
    "DateTime": ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2000-01-01T00:00:00Z"),
    "Duration": ("PT0S", "P999999W", "PT0.000001S", "999999999w", "0m"),
    "TimeRange": ("PT0S", "P999999W", "999999999d", "0m", "all"),
}
GOOD: dict[str, Any] = {
    "String": "x", "ID": "x", "Int": 1, "Long": 1, "Float": 0.5, "Number": 0.5, "Boolean": True,
    "JSON": {"a": 1},
    "UUID": UUID_GOOD, "DateTime": "2026-06-01T08:00:00Z", "Duration": "PT1H",
    "TimeRange": "24h",
}  # fmt: skip


def good(type_: GraphQLInputType) -> Any:
    """A value that the type takes: only what it requires."""
    inner = get_nullable_type(type_)
    if isinstance(inner, GraphQLList):
        return [good(inner.of_type)]
    if isinstance(inner, GraphQLEnumType):
        return next(iter(inner.values))
    if not isinstance(inner, GraphQLInputObjectType):
        return GOOD[inner.name]
    if inner.is_one_of:
        name, field = next(iter(inner.fields.items()))
        return {name: good(field.type)}
    return {n: good(f.type) for n, f in inner.fields.items() if isinstance(f.type, GraphQLNonNull)}


def has_operators(type_: GraphQLInputObjectType) -> bool:
    """Whether it holds the operators of one field: all that compare are sent at once."""
    return "eq" in type_.fields and "path" not in type_.fields


def compared(filter_: GraphQLInputObjectType) -> Iterator[tuple[str, Any]]:
    """The operators of a field with the same strange value in each that compares."""
    operand = get_named_type(filter_.fields["eq"].type)
    alike = {
        name: field
        for name, field in filter_.fields.items()
        if get_named_type(field.type) is operand and name != "isNull"
    }
    values = list(operand.values) if isinstance(operand, GraphQLEnumType) else STRANGE[operand.name]
    for value in values:
        asked = {n: [value] if n in ("in", "notIn") else value for n in alike}
        yield "*", asked | {"isNull": False}
    for name, field in filter_.fields.items():
        if name not in alike:
            for place, value in strange(field.type):
                yield f"{name}.{place}", {name: value}


def strange(type_: GraphQLInputType) -> Iterator[tuple[str, Any]]:
    """Values of the type with one strange place each, and that place."""
    inner = get_nullable_type(type_)
    if isinstance(inner, GraphQLList):
        for place, value in strange(inner.of_type):
            yield f"[].{place}", [value]
        yield "[]", []
    elif isinstance(inner, GraphQLEnumType):
        yield from (("", value) for value in inner.values)
    elif isinstance(inner, GraphQLInputObjectType) and has_operators(inner):
        yield from compared(inner)
    elif isinstance(inner, GraphQLInputObjectType):
        for name, field in inner.fields.items():
            if name in SELF:
                continue
            base = {} if inner.is_one_of else good(inner)
            for place, value in strange(field.type):
                yield f"{name}.{place}", {**base, name: value}
    else:
        yield from (("", value) for value in STRANGE[inner.name])


def selection(field: GraphQLField) -> str:
    """The plain fields of what a field answers with; of a connection, all that a page has."""
    found = get_named_type(field.type)
    if not is_composite_type(found):
        return ""
    plain = [
        name
        for name, inner in getattr(found, "fields", {}).items()
        if not is_composite_type(get_named_type(inner.type))
    ]
    page = "nodes { id } edges { cursor } " if found.name.endswith("Connection") else ""
    if found.name.endswith("Stats"):
        page = "rows { count previous { count } } others { count } totals { count perSecond } "
    return f"{{ __typename {page}{' '.join(plain)} }}"


def calls(kind: str, name: str, field: GraphQLField) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Documents and variables that call a root field with one strange place each."""
    required = {
        n: good(a.type) for n, a in field.args.items() if isinstance(a.type, GraphQLNonNull)
    }
    for argument, definition in field.args.items():
        for place, value in strange(definition.type):
            sent = required | {argument: value}
            declared = ", ".join(f"${n}: {field.args[n].type}" for n in sent)
            given = ", ".join(f"{n}: ${n}" for n in sent)
            document = f"{kind} ({declared}) {{ {name}({given}) {selection(field)} }}"
            yield f"{name}({argument}.{place}) = {str(value)[:80]}", document, sent


def test_every_scalar_of_the_schema_has_strange_values() -> None:
    scalars = {n for n, t in SCHEMA.type_map.items() if type(t).__name__ == "GraphQLScalarType"}
    assert scalars == set(STRANGE) == set(GOOD)


@pytest.mark.parametrize("kind", ["query", "mutation"])
async def test_no_argument_causes_an_error_of_ours(api: Api, kind: str) -> None:
    root = SCHEMA.query_type if kind == "query" else SCHEMA.mutation_type
    assert root is not None
    for name, field in root.fields.items():
        for shown, document, variables in calls(kind, name, field):
            answer = await api.raw({"query": document, "variables": variables})
            assert answer.status_code == 200, shown
            codes = [error["extensions"]["code"] for error in answer.json().get("errors", ())]
            assert "INTERNAL" not in codes, (shown, answer.text[:500])
