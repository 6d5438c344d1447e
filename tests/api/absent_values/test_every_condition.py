"""The whole schema, walked: null or an absent variable in a condition never widens an answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
)

from schema.arguments import Guard
from server.graphql.guarded_arguments import guards_of
from tests.api.absent_values.condition_places import (
    CORE,
    Asked,
    Place,
    guarded_arguments,
    places,
    plain,
)
from tests.support.api import Api, Json
from tests.support.databases import ON_SQLITE

GUARDED = list(guarded_arguments())
STREAM = {"Accept": "text/event-stream"}
FREE = {
    "after", "before", "first", "last", "afterSeq", "orderBy", "limit", "groupBy", "bucket", "compare",
    "timeRange", "hours", "zone", "reason", "force",
}  # fmt: skip
"""Arguments that may be null, and do not decide which records are found: pages, orders, defaults."""
EITHER = {"Query.request"}
"""Fields that take exactly one of their arguments: without any of them they are refused."""


def is_condition(asked: Asked) -> bool:
    """Whether null is refused everywhere in the argument."""
    name = get_named_type(asked.type).name
    return asked.guard is Guard.FILTER_INSIDE or name.endswith(("Filter", "Having"))


def id_of(asked: Asked) -> str:
    """How a case is called."""
    return f"{asked.name}.{asked.argument}"


async def answer(api: Api, asked: Asked, query: str, variables: Json | None = None) -> Json:
    """The answer to a document of any kind; of a subscription the first one."""
    body = {"query": query, "variables": variables or {}}
    if asked.kind != "subscription":
        found: Json = (await api.raw(body)).json()
        return found
    text = (await api.raw(body, headers=STREAM)).text
    if text.startswith("{"):
        told: Json = json.loads(text)
        return told
    data = next(line for line in text.splitlines() if line.startswith("data: "))
    first: Json = json.loads(data.removeprefix("data: "))
    return first


FIRST = {get_named_type(asked.type).name: id_of(asked) for asked in reversed(GUARDED)}
"""The first argument of each type: its places are all tried, of the others every 20th."""


def places_of(asked: Asked) -> Iterator[Place]:
    """The places inside an argument."""
    inner = [place for place in places(asked.type) if place.path]
    if asked.guard is Guard.FILTER_INSIDE:
        inner = [place for place in inner if place.path[0] == "where" and len(place.path) > 1]
    is_first = FIRST[get_named_type(asked.type).name] == id_of(asked)
    yield from inner if is_first else inner[::20]


def refused_at(found: Json, path: tuple[Any, ...], note: str) -> str:
    """The message of an answer that refuses the place of a path, and holds nothing else."""
    assert found.get("errors"), f"{note}: it was answered {found}"
    assert not found.get("data"), note
    (error,) = found["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT", (note, error)
    if "argumentPath" in error["extensions"]:
        assert error["extensions"]["argumentPath"] == [str(step) for step in path], (note, error)
    return str(error["message"])


@ON_SQLITE
@pytest.mark.parametrize("asked", GUARDED, ids=id_of)
async def test_an_absent_variable_is_refused_by_name(api: Api, asked: Asked) -> None:
    for place in places_of(asked):
        document = asked.document(place.literal("$w"), f"$w: {get_nullable_type(place.type)}")
        found = await answer(api, asked, document)
        message = refused_at(found, (asked.argument, *place.path), document)
        assert "$w" in message or "'w'" in message, document


@ON_SQLITE
@pytest.mark.parametrize("asked", GUARDED, ids=id_of)
async def test_null_is_refused_by_name(api: Api, asked: Asked) -> None:
    if not is_condition(asked):
        return
    for number, place in enumerate(places_of(asked)):
        if place.path[-1] == "eq" and "path" in place.before:
            continue  # a place in JSON can hold null
        note = f"{asked.name} {place.literal('null')}"
        nullable = not isinstance(place.type, GraphQLNonNull)
        whole = f"$a: {asked.type}"
        ways: tuple[tuple[str, Json], ...] = (
            (asked.document(place.literal("null")), {}),
            (
                asked.document(place.literal("$w"), f"$w: {get_nullable_type(place.type)}"),
                {"w": None},
            ),
            (asked.document("$a", whole), {"a": plain(place.literal("null"))}),
        )
        for document, variables in ways if number < 10 else (ways[number % 3],):
            found = await answer(api, asked, document, variables)
            message = refused_at(found, (asked.argument, *place.path), note)
            assert not nullable or ": null is not a condition." in message, note


@ON_SQLITE
@pytest.mark.parametrize("asked", GUARDED, ids=id_of)
async def test_an_object_without_a_condition_is_refused(api: Api, asked: Asked) -> None:
    if not is_condition(asked):
        return
    for place in places_of(asked):
        inner = get_nullable_type(place.type)
        if not isinstance(inner, GraphQLInputObjectType) or place.path == ():
            continue
        if any(isinstance(field.type, GraphQLNonNull) for field in inner.fields.values()):
            continue
        for document, variables in (
            (asked.document(place.literal("{}")), {}),
            (asked.document("$a", f"$a: {asked.type}"), {"a": plain(place.literal("{}"))}),
        ):
            found = await answer(api, asked, document, variables)
            refused_at(found, (asked.argument, *place.path), document)


@ON_SQLITE
@pytest.mark.parametrize("asked", [a for a in GUARDED if a.guard is Guard.NULL], ids=id_of)
async def test_an_argument_that_narrows_must_have_a_value(api: Api, asked: Asked) -> None:
    kind = get_nullable_type(asked.type)
    for value, declared, variables in (
        ("null", "", {}),
        ("$w", f"$w: {kind}", {}),
        ("$w", f"$w: {kind}", {"w": None}),
        ("$w", f"$w: {kind} = null", {}),
    ):
        found = await answer(api, asked, asked.document(value, declared), variables)
        message = refused_at(found, (asked.argument,), f"{asked.name} {declared} {variables}")
        assert message.startswith(f"{asked.argument}: ")
        assert not declared or "$w" in message


@ON_SQLITE
@pytest.mark.parametrize(
    "asked", [a for a in GUARDED if a.argument == "where" and a.kind == "query"], ids=id_of
)
async def test_where_alone_may_be_left_out_null_or_empty(api: Api, asked: Asked) -> None:
    declared = f"$w: {asked.type}"
    answers = [
        await answer(api, asked, asked.document("$w", declared), {}),
        await answer(api, asked, asked.document("$w", declared), {"w": None}),
        await answer(api, asked, asked.document("$w", declared), {"w": {}}),
        await answer(api, asked, asked.document("null")),
        await answer(api, asked, asked.document("{}")),
    ]
    assert all("errors" not in found for found in answers), answers
    assert "null or empty, nothing is filtered" in (asked.field.args["where"].description or "")


def test_every_argument_that_may_be_null_is_guarded_or_known_not_to_narrow() -> None:
    for kind in CORE.type_map.values():
        if not isinstance(kind, GraphQLObjectType) or kind.name.startswith("__"):
            continue
        for name, field in kind.fields.items():
            guards = guards_of(field)
            for argument, definition in field.args.items():
                if f"{kind.name}.{name}" in EITHER or isinstance(definition.type, GraphQLNonNull):
                    continue
                assert (argument in FREE) != (argument in guards), (
                    f"{kind.name}.{name}({argument}:)"
                )
