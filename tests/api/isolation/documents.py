"""Documents and inputs made from the schema itself, so that a new field is tried as soon as it is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from server.graphql.schema import schema_sdl

DEPTH = 4
"""Levels of a selection: payload, record, connection and the nodes in it."""
FLAT = 2
"""A connection and its nodes: for questions that differ in what is found, not in what is shown."""
ARGUMENTS = {("Request", "stage"): '(name: "%s-stage")'}
"""What fields inside a selection must be given; a mark takes the place of ``%s``."""
MEASURES = {
    "attribute": '(path: "mark")',
    "costAt": '(model: "%s-name")',
    "distinct": "(field: ORGANIZATION_ID)",
    "quantile": "(q: 0.5)",
}
"""The same for fields of aggregations, whatever their type."""
FOLDS = {"NumberStats", "AttributeStats", "WholeChanges", "WholeStats"}
"""Of numbers the quantiles are left out: a question has at most 100 measures."""
QUANTILES = {"p50", "p90", "p95", "p99", "quantile"}

Path = tuple[str, ...]


@cache
def schema() -> GraphQLSchema:
    """The schema as clients see it."""
    return build_schema(schema_sdl())


def root(kind: str) -> Mapping[str, GraphQLField]:
    """The fields of ``query`` or ``mutation``."""
    types = {"query": schema().query_type, "mutation": schema().mutation_type}
    found = types[kind]
    assert found is not None
    fields: Mapping[str, GraphQLField] = found.fields
    return fields


@cache
def document(kind: str, name: str, mark: str, depth: int = DEPTH) -> str:
    """A document that calls one root field with all of its arguments, and selects all there is."""
    field = root(kind)[name]
    declared = ", ".join(f"${arg}: {value.type}" for arg, value in field.args.items())
    passed = ", ".join(f"{arg}: ${arg}" for arg in field.args)
    head = f"{kind} ({declared})" if declared else kind
    call = f"{name}({passed})" if passed else name
    return f"{head} {{ {call} {selection(get_named_type(field.type), mark, depth)} }}"


def selection(type: GraphQLNamedType, mark: str, depth: int = DEPTH, prefix: str = "") -> str:
    """Every field of a type, down to the depth; fields of an interface's types get a prefix."""
    if isinstance(type, GraphQLInterfaceType):
        parts = [
            f"... on {each.name} {selection(each, mark, depth - 1, f'{each.name}_')}"
            for each in schema().get_possible_types(type)
        ]
        return f"{{ {' '.join(['__typename', *parts])} }}"
    if not isinstance(type, GraphQLObjectType):
        return ""
    fields = [
        f"{prefix}{name}: {name}" if prefix else name + MEASURES.get(name, "") * bool(field.args)
        for name, field in type.fields.items()
        if is_leaf_type(get_named_type(field.type))
        and not (type.name in FOLDS and name in QUANTILES)
    ]
    if depth > 1:
        fields += _deeper(type, mark, depth, prefix)
    return f"{{ {' '.join(['__typename', *fields])} }}"


def _deeper(type: GraphQLObjectType, mark: str, depth: int, prefix: str) -> Iterator[str]:
    for name, field in type.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            continue
        given = ARGUMENTS.get((type.name, name), MEASURES.get(name, ""))
        required = [a for a, value in field.args.items() if is_required_argument(value)]
        assert bool(given) == bool(required), f"say what {type.name}.{name} is to be given"
        call = name + (given % mark if "%s" in given else given)
        yield f"{f'{prefix}{name}: ' if prefix else ''}{call} {selection(inner, mark, depth - 1)}"


def argument_paths(field: GraphQLField) -> Iterator[tuple[Path, GraphQLNamedType]]:
    """The path of every value that can be sent to a root field, and its type."""
    for name, argument in field.args.items():
        yield from _paths((name,), argument.type, ())


def _paths(
    path: Path, type: GraphQLInputType, inside: tuple[str, ...]
) -> Iterator[tuple[Path, GraphQLNamedType]]:
    named = get_named_type(type)
    if not isinstance(named, GraphQLInputObjectType):
        yield path, named
    elif named.name not in inside:  # and, or, not of filters lead back to themselves
        for name, field in named.fields.items():
            yield from _paths((*path, name), field.type, (*inside, named.name))


def paths_in(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value that stands in variables."""
    if isinstance(value, list):
        for item in value:
            yield from paths_in(item, path)
    elif isinstance(value, dict) and path[-1:] not in FREE:
        for name, item in value.items():
            yield from paths_in(item, (*path, name))
    elif value is not None:
        yield path


FREE = {("attributes",), ("data",), ("details",), ("output",), ("parameters",), ("result",)}
"""Values that are JSON of the caller's own."""

PARTS = {"outputTokens": 2, "tokensOriginal": 2}
"""How many numbers beside it are parts of a total."""
STATUS = 503
"""What a field statusCode says; it has no room for a mark."""


@dataclass(frozen=True)
class Filler:
    """Fills inputs with values that bear a mark, so that whoever sees them knows whose they are.

    What names a record must be said: an id without a meaning here is a failure.
    """

    mark: str
    number: int
    now: str
    labels: Mapping[str, str]

    def fill(self, type_name: str, *, without: str = "", **given: Any) -> dict[str, Any]:
        """An input of that type: what is given, nothing for ``without``, marked values else."""
        type = schema().get_type(type_name)
        assert isinstance(type, GraphQLInputObjectType)
        left_out = {*without.split(), *given}
        unknown = left_out - set(type.fields)
        assert not unknown, f"{type_name} has no {unknown}"
        made = {
            name: self._value(field.type, f"{type_name}.{name}")
            for name, field in type.fields.items()
            if name not in left_out
        }
        return made | given

    def _value(self, type: GraphQLInputType, place: str) -> Any:
        match type:
            case GraphQLNonNull():
                return self._value(type.of_type, place)
            case GraphQLList():
                return [self._value(type.of_type, place)]
            case GraphQLEnumType():
                return next(iter(type.values))
            case GraphQLInputObjectType():
                return dict(self.labels) if type.name == "LabelsInput" else self.fill(type.name)
            case GraphQLScalarType():
                return self._scalar(type.name, place)
        raise AssertionError(f"there is no value of {type} for {place}")

    def _scalar(self, type: str, place: str) -> Any:
        name = place.rpartition(".")[2]
        values: dict[str, Any] = {
            "String": f"{self.mark}-{name}",
            "Long": self.number * PARTS.get(name, 1),
            "Int": STATUS if name == "statusCode" else self.number,
            "Float": self.number,
            "Number": self.number,
            "Boolean": True,
            "DateTime": self.now,
            "Duration": "PT1H",
            "TimeRange": "24h",
            "JSON": {"mark": f"{self.mark}-{name}", "number": self.number},
        }
        assert type in values, f"say what {place} ({type}) names"
        found: Any = values[type]
        return found
