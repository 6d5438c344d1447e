"""The client's documents and entries, held against the server's schema."""

from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    build_schema,
    get_named_type,
    is_required_input_field,
    parse,
    validate,
)

import schema as package
from tests.house.checkout import ROOT
from tests.unit.sdk.settings_rows import PAGE, rows
from trackstore import documents
from trackstore.entries import ENTRIES, Input

SCHEMA = build_schema(Path(package.__file__).with_name("schema.graphql").read_text("utf-8"))
DOCUMENTS = {
    name: text
    for name, text in vars(documents).items()
    if name.isupper()
    and isinstance(text, str)
    and text.startswith(("mutation", "query", "subscription"))
}


def input_type(name: str) -> GraphQLInputObjectType:
    type_ = SCHEMA.type_map[name]
    assert isinstance(type_, GraphQLInputObjectType)
    return type_


def inner(hint: Any) -> Any:
    # The type behind ``| None`` and ``list``.
    if get_origin(hint) in (Union, UnionType):
        (hint,) = [part for part in get_args(hint) if part is not type(None)]
    return get_args(hint)[0] if get_origin(hint) is list else hint


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_valid(name: str) -> None:
    assert validate(SCHEMA, parse(DOCUMENTS[name])) == []


def test_there_are_documents() -> None:
    assert len(DOCUMENTS) >= 6


def test_every_kind_of_entry_is_known() -> None:
    assert set(ENTRIES) == set(input_type("EntryInput").fields)


@pytest.mark.parametrize("field", ENTRIES)
def test_entries_are_those_of_the_schema(field: str) -> None:
    check_input(ENTRIES[field], get_named_type(input_type("EntryInput").fields[field].type))


def check_input(ours: type[Input], theirs: Any) -> None:
    # Same names, same needs, same closed vocabularies, all the way down.
    names = dict(zip(ours.__struct_fields__, ours.__struct_encode_fields__, strict=True))
    assert set(names.values()) == set(theirs.fields), theirs.name
    needed = {f.encode_name for f in msgspec.structs.fields(ours) if f.required}
    assert needed == {n for n, f in theirs.fields.items() if is_required_input_field(f)}, theirs
    for attribute, hint in get_type_hints(ours).items():
        if attribute not in names:
            continue
        kind, expected = inner(hint), get_named_type(theirs.fields[names[attribute]].type)
        if isinstance(expected, GraphQLInputObjectType):
            check_input(kind, expected)
        elif isinstance(expected, GraphQLEnumType):
            assert get_origin(kind) is Literal
            assert set(get_args(kind)) == set(expected.values)


def test_the_guide_has_every_setting() -> None:
    page = (ROOT / PAGE).read_text("utf-8")
    assert "\n".join(rows()) in page, "put in what `python -m tests.unit.sdk.settings_rows` prints"
