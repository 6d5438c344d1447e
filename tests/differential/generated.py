"""Inputs and selections as hypothesis makes them from the SDL: a new field is covered by itself."""

import json

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
    is_leaf_type,
    is_required_input_field,
)
from hypothesis import strategies as st

from tests.differential.pair import own_id
from tests.differential.selections import contract, fields_of
from tests.differential.values import (
    BOOLEANS,
    DURATIONS,
    IDS,
    INSTANTS,
    JSONS,
    NUMBERS,
    OTHER_KINDS,
    TEXTS,
)

SHORT = 300
"""Characters of an odd value: the very long ones have their own tests."""
ODD: dict[str, tuple[str, ...]] = {
    "String": TEXTS,
    "ID": (*TEXTS, "7", "7.0", "-1"),
    "Boolean": BOOLEANS,
    "Int": NUMBERS,
    "Long": NUMBERS,
    "Float": NUMBERS,
    "Number": NUMBERS,
    "UUID": IDS,
    "DateTime": INSTANTS,
    "Duration": DURATIONS,
    "TimeRange": DURATIONS,
    "JSON": JSONS,
}
GOOD: dict[str, st.SearchStrategy[str]] = {
    "String": st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).map(json.dumps),
    "ID": st.sampled_from(['"default"', '"other"', '"u1"', "7"]),
    "Boolean": st.sampled_from(["true", "false"]),
    "Int": st.integers(1, 599).map(str),
    "Long": st.integers(1, 10**6).map(str) | st.sampled_from(["3.0", "1e3"]),
    "Number": st.integers(-(2**63), 2**63 - 1).map(str) | st.sampled_from(["0.5", "1e3"]),
    "Float": st.floats(0, 1, allow_nan=False).map(json.dumps) | st.integers(0, 9).map(str),
    "UUID": st.integers(1, 9).map(lambda n: f'"{own_id(n, 11)}"'),
    "Duration": st.sampled_from(
        ['"PT5M"', '"P1D"', '"PT1.5S"', '"PT0S"', '"P32D"', '"90m"', '"2w"']
    ),
    "TimeRange": st.sampled_from(['"PT5M"', '"24h"', '"LAST_7D"', '"all"']),
    "DateTime": st.sampled_from(
        ['"2026-11-21T09:30:00Z"', '"2026-11-20T09:30:00.5+01:00"', '"2026-10-31T23:59:59.999999Z"']
    ),
    "JSON": st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 9), max_size=3).map(
        json.dumps
    ),
}
"""JSON texts that a scalar ordinarily takes."""
ANYTHING = st.sampled_from([*OTHER_KINDS, '"\\ud800"', "9" * 40, "-0", "1e400", '{"a": 1, "a": 2}'])


def odd(scalar: str) -> st.SearchStrategy[str]:
    """Texts that a scalar takes hardly or not at all."""
    return st.sampled_from([text for text in ODD[scalar] if len(text) <= SHORT]) | ANYTHING


@st.composite
def value(draw: st.DrawFn, kind: GraphQLInputType, broken: float) -> str:
    """The JSON text of a value of this type; ``broken`` is how likely anything in it is odd."""
    if draw(st.floats(0, 1)) < broken / 4:
        return draw(ANYTHING)
    if isinstance(kind, GraphQLNonNull):
        return draw(value(kind.of_type, broken))
    if isinstance(kind, GraphQLList):
        members = draw(st.lists(value(kind.of_type, broken), max_size=3))
        return "[" + ", ".join(members) + "]"
    if isinstance(kind, GraphQLEnumType):
        return json.dumps(draw(st.sampled_from(list(kind.values))))
    if isinstance(kind, GraphQLScalarType):
        is_odd = draw(st.floats(0, 1)) < broken
        return draw(odd(kind.name) if is_odd else GOOD[kind.name])
    assert isinstance(kind, GraphQLInputObjectType)
    return draw(record(kind, broken))


@st.composite
def record(draw: st.DrawFn, kind: GraphQLInputObjectType, broken: float) -> str:
    """The JSON text of an object: what is needed, some of the rest, and mishaps."""
    optional = [n for n, f in kind.fields.items() if not is_required_input_field(f)]
    if kind.is_one_of:
        given = [draw(st.sampled_from(optional))]
    else:
        chosen = (
            draw(st.lists(st.sampled_from(optional), max_size=4, unique=True)) if optional else []
        )
        given = [n for n, f in kind.fields.items() if is_required_input_field(f)] + chosen
    if broken and draw(st.floats(0, 1)) < broken:
        given = draw(mishap(given, list(kind.fields)))
    members = []
    for name in given:
        field = kind.fields.get(name)
        is_null = (
            field is not None
            and not is_required_input_field(field)
            and draw(st.integers(0, 5)) == 0
        )
        text = "null" if is_null or field is None else draw(value(field.type, broken))
        members.append(f"{json.dumps(name)}: {text}")
    return "{" + ", ".join(members) + "}"


@st.composite
def mishap(draw: st.DrawFn, given: list[str], known: list[str]) -> list[str]:
    """Names with one missing, one twice, one unknown, or one of the others."""
    what = draw(st.sampled_from(["missing", "twice", "unknown", "another", "shuffled"]))
    if what == "missing":
        return given[1:]
    if what == "twice":
        return [*given, *given[:1]]
    if what == "unknown":
        return [
            *given,
            draw(st.sampled_from(["surprise", "", "__typename", "\ud800", "operation_type"])),
        ]
    if what == "another":
        return [*given, draw(st.sampled_from(known))]
    return draw(st.permutations(given))


def items(type_name: str, broken: float) -> st.SearchStrategy[str]:
    """The JSON text of a list of one of the bulk inputs."""
    kind = contract().type_map[type_name]
    assert isinstance(kind, GraphQLInputObjectType)
    return st.lists(record(kind, broken), min_size=1, max_size=4).map(
        lambda m: "[" + ", ".join(m) + "]"
    )


DIRECTIVES = st.sampled_from(
    ["", "", "", " @include(if: $yes)", " @skip(if: $no)", " @include(if: $no)", " @skip(if: $yes)"]
)
ALIASES = st.sampled_from(["", "", "", "a: ", "b: ", "name: ", "id: ", "kind: "])


@st.composite
def selection(draw: st.DrawFn, type_name: str, levels: int) -> str:
    """Fields of a type with aliases, directives and fragments; ``levels`` deep at most."""
    fields = fields_of(type_name)
    plain = [name for name, kind in fields.items() if is_leaf_type(kind)]
    chosen = draw(st.lists(st.sampled_from(plain), min_size=1, max_size=5))
    found = [f"{draw(ALIASES)}{name}{draw(DIRECTIVES)}" for name in chosen]
    objects = [name for name, kind in fields.items() if not is_leaf_type(kind)]
    if levels and objects:
        for name in draw(st.lists(st.sampled_from(objects), max_size=2, unique=True)):
            inner = draw(selection(get_named_type(fields[name]).name, levels - 1))
            found.append(f"{name}{draw(DIRECTIVES)} {{ {inner} }}")
    if draw(st.booleans()):
        found.append("__typename")
    shape = draw(st.integers(0, 5))
    text = " ".join(found)
    if shape == 0:
        return f"... on {type_name}{draw(DIRECTIVES)} {{ {text} }} {draw(st.sampled_from(plain))}"
    if shape == 1:
        return f"...{draw(DIRECTIVES)} {{ {text} }} ... {{ {draw(st.sampled_from(plain))} }}"
    return text


@st.composite
def page(draw: st.DrawFn, type_name: str) -> str:
    """A selection of a connection: nodes, edges, fragments of them, and the rest."""
    parts = []
    for part in draw(
        st.lists(st.sampled_from(["nodes", "edges", "named"]), min_size=1, max_size=3)
    ):
        inner = draw(selection(type_name, 1))
        if part == "nodes":
            parts.append(
                f"{draw(st.sampled_from(['', 'n: ']))}nodes{draw(DIRECTIVES)} {{ {inner} }}"
            )
        elif part == "edges":
            parts.append(f"edges {{ cursor{draw(DIRECTIVES)} node {{ {inner} }} }}")
        else:
            parts.append(
                f"... on {type_name}Connection {{ nodes {{ ...F }} edges {{ node {{ ...F }} }} }}"
            )
    rest = draw(
        st.sampled_from(["", " totalCount", " pageInfo { hasNextPage endCursor }", " __typename"])
    )
    return " ".join(parts) + rest


@st.composite
def query(draw: st.DrawFn, field: str, type_name: str) -> str:
    """A document that asks for a page, and a fragment that it may use."""
    asked = draw(page(type_name))
    fragment = draw(selection(type_name, 1)) if "...F" in asked else ""
    head = "query ($n: Int, $yes: Boolean! = true, $no: Boolean! = false)"
    document = f"{head} {{ {field}(first: $n) {{ {asked} }} }}"
    return f"{document} fragment F on {type_name} {{ {fragment} }}" if fragment else document
