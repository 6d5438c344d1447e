"""The committed schema: what the code says, and what clients can build."""

from pathlib import Path

from graphql import build_schema, print_schema, validate_schema

import schema as package
from server.graphql.schema import schema_sdl
from tests.unit.schema.vocabulary import graphql

COMMITTED = Path(package.__file__).with_name("schema.graphql")


def test_the_committed_schema_is_what_the_code_says() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == schema_sdl(), "write it with `make sdl`"


def test_clients_can_build_it() -> None:
    made = build_schema(schema_sdl())
    assert validate_schema(made) == []
    assert set(made.type_map) == set(graphql().type_map)
    assert print_schema(made)


def test_it_is_the_same_each_time() -> None:
    assert schema_sdl() == schema_sdl()
