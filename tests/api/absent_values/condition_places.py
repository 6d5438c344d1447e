"""Every place in the schema where a condition takes a value, found by walking it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    parse_value,
    value_from_ast_untyped,
)

from schema.arguments import Guard
from server.graphql.guarded_arguments import guards_of
from server.graphql.schema import build_schema

CORE = build_schema()._schema
ROOTS = {
    "query": CORE.query_type,
    "mutation": CORE.mutation_type,
    "subscription": CORE.subscription_type,
}
NESTING = ("and", "or", "not")
NESTED_STEP = 16
"""Of the fields of filters in filters every 16th is tried: they are read by the same code."""
GOOD: dict[str, str] = {
    "String": '"x"', "ID": '"x"', "Int": "1", "Long": "1", "Float": "0.5", "Boolean": "true",
    "JSON": "1", "UUID": '"0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"',
    "DateTime": '"2026-06-01T08:00:00Z"', "Duration": '"PT1H"', "TimeRange": '"1h"', "Number": "1",
}  # fmt: skip
"""A literal of each scalar."""
SEEN_PLACES = 2
"""Of a type that came before in the same input, the object itself and its first operator."""
Step = str | int


@dataclass(frozen=True, slots=True)
class Place:
    """A place for a value in an argument: its path, its type, and the literal around it."""

    path: tuple[Step, ...]
    type: GraphQLInputType
    before: str
    after: str

    def literal(self, value: str) -> str:
        """The argument's value with ``value`` in the place."""
        return f"{self.before}{value}{self.after}"

    def inside(self, step: Step, before: str, after: str) -> "Place":
        """The same, one level further out."""
        return Place(
            (step, *self.path), self.type, f"{before}{self.before}", f"{self.after}{after}"
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """An argument of a field: what is executed, and which argument is guarded."""

    kind: str
    name: str
    field: GraphQLField
    argument: str
    guard: Guard

    @property
    def type(self) -> GraphQLInputType:
        """The argument's type."""
        return self.field.args[self.argument].type

    def document(self, value: str, declared: str = "") -> str:
        """A document with this value of the argument, and good ones of those that are required."""
        required = {
            name: good(argument.type)
            for name, argument in self.field.args.items()
            if isinstance(argument.type, GraphQLNonNull)
        }
        given = required | {self.argument: value}
        arguments = ", ".join(f"{name}: {text}" for name, text in given.items())
        variables = f"({declared})" if declared else ""
        return f"{self.kind} {variables} {{ {self.name}({arguments}) {selection(self.field)} }}"


def guarded_arguments() -> Iterator[Asked]:
    """Every guarded argument of a root field."""
    for kind, root in ROOTS.items():
        assert root is not None
        for name, field in root.fields.items():
            for argument, guard in guards_of(field).items():
                yield Asked(kind, name, field, argument, guard)


def places(type_: GraphQLInputType, nested: bool = False) -> Iterator[Place]:
    """Every place of a type for a scalar or enum; of filters in filters, those of one level."""
    inner = get_nullable_type(type_)
    if isinstance(inner, GraphQLInputObjectType):
        yield Place((), type_, "", "")
        fields = list(inner.fields.items())
        is_filter = "and" in inner.fields
        seen: set[str] = set()
        for name, field in fields[len(NESTING) :: NESTED_STEP] if nested and is_filter else fields:
            beside = required_beside(inner, name)
            kind = str(get_named_type(field.type))
            below = list(places(field.type, nested or name in NESTING))
            for place in below if kind not in seen else below[:SEEN_PLACES]:
                yield place.inside(name, f"{{{beside}{name}: ", "}")
            seen.add(kind)
    elif isinstance(inner, GraphQLList):
        yield Place((), type_, "", "")
        if isinstance(get_nullable_type(inner.of_type), GraphQLInputObjectType):
            for place in places(inner.of_type, nested):
                yield place.inside(0, "[", "]")
    else:
        yield Place((), type_, "", "")


def required_beside(type_: GraphQLInputObjectType, name: str) -> str:
    """The other fields of an input that must be given."""
    found = [
        f"{other}: {good(field.type)}, "
        for other, field in type_.fields.items()
        if other != name and isinstance(field.type, GraphQLNonNull)
    ]
    return "".join(found)


def good(type_: GraphQLInputType) -> str:
    """A literal that the type takes."""
    inner = get_nullable_type(type_)
    if isinstance(inner, GraphQLList):
        return f"[{good(inner.of_type)}]"
    if isinstance(inner, GraphQLEnumType):
        name = next(iter(inner.values))
        return str(name)
    if isinstance(inner, GraphQLInputObjectType):
        if inner.extensions["strawberry-definition"].is_one_of:
            first, field = next(iter(inner.fields.items()))
            return f"{{{first}: {good(field.type)}}}"
        return "{" + required_beside(inner, "") + "}"
    literal: str = GOOD[inner.name]
    return literal


def selection(field: GraphQLField) -> str:
    """As little as can be selected."""
    return "{ __typename }" if is_composite_type(get_named_type(field.type)) else ""


def plain(literal: str) -> Any:
    """A literal without variables as JSON has it; names of enums become texts."""
    return value_from_ast_untyped(parse_value(literal))
