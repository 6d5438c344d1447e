"""The GraphQL types of aggregations and the catalog say the same, in both directions."""

from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)
from strawberry.utils.str_converters import to_camel_case

from schema.stats.sources import EVERY_STATS
from schema.stats.types import SourceTypes
from server.graphql.schema import schema_sdl
from store.aggregation.catalog import EVERY_STAT, Scale, Source
from store.aggregation.sources import SOURCES
from tests.unit.schema.vocabulary import graphql

EVERY = pytest.mark.parametrize("types", EVERY_STATS, ids=lambda t: str(t.source.name))
WITHOUT_NUMBER = {"count", "perSecond", "cost", "costAt", "savingsRate", "distinct", "attribute"}
BESIDE = {"previous", "delta", "ratio"}


def prefix_of(types: SourceTypes) -> str:
    """What the names of its types begin with."""
    return str(types.stats.__name__).removesuffix("Stats")


def fields_of(name: str) -> dict[str, Any]:
    """The fields of a type or input."""
    found = graphql().type_map[name]
    assert isinstance(found, GraphQLObjectType | GraphQLInputObjectType)
    return dict(found.fields)


def enum_of(name: str) -> dict[str, Any]:
    """The values of an enum, by name."""
    found = graphql().type_map[name]
    assert isinstance(found, GraphQLEnumType)
    return {value: getattr(each.value, "value", each.value) for value, each in found.values.items()}


def flags_of(source: Source) -> set[str]:
    """The fields that flags of a source make."""
    return {to_camel_case(f"{f}_{part}") for f in source.flags for part in ("count", "rate")}


def test_every_source_has_its_field() -> None:
    assert {types.source.name for types in EVERY_STATS} == set(SOURCES)
    query = fields_of("Query")
    for types in EVERY_STATS:
        name = f"{prefix_of(types).lower()}Stats"
        assert get_named_type(query[name].type).name == f"{prefix_of(types)}Stats"


@EVERY
def test_dimensions(types: SourceTypes) -> None:
    prefix, source = prefix_of(types), types.source
    assert enum_of(f"{prefix}Dimension") == {n.upper(): n for n in source.dimensions}
    key = fields_of(f"{prefix}Key")
    names = {to_camel_case(name) for name in source.dimensions}
    has_attributes = source.attributes is not None
    assert set(key) == names | ({"attribute"} if has_attributes else set())
    assert all(is_leaf_type(field.type) for field in key.values()), "each may be null"
    assert ("attribute" in fields_of(f"{prefix}Group")) == has_attributes
    assert f"input {prefix}Group @oneOf {{" in schema_sdl()


@EVERY
def test_numbers_and_flags(types: SourceTypes) -> None:
    prefix, source = prefix_of(types), types.source
    measures = fields_of(f"{prefix}Measures")
    numbers = {to_camel_case(name) for name in source.numbers}
    assert set(measures) - WITHOUT_NUMBER == numbers | flags_of(source)
    assert ("attribute" in measures) == (source.attributes is not None)
    assert ("savingsRate" in measures) == (source.savings is not None)
    for name, number in source.numbers.items():
        shown = get_named_type(measures[to_camel_case(name)].type).name
        is_whole = number.is_integer and number.scale is not Scale.NANODOLLARS
        whole = "WholeStats" if is_whole else "NumberStats"
        assert shown == (whole if number.stats == EVERY_STAT else "SumStats")


@EVERY
def test_rows_totals_and_changes_have_the_same_measures(types: SourceTypes) -> None:
    prefix = prefix_of(types)
    measures = set(fields_of(f"{prefix}Measures"))
    assert set(fields_of(f"{prefix}Changes")) == measures
    assert set(fields_of(f"{prefix}StatsTotals")) == measures | BESIDE
    assert set(fields_of(f"{prefix}StatsRow")) == measures | BESIDE | {"bucket", "key"}
    having = set(fields_of(f"{prefix}Having"))
    assert having == measures - {"cost"}, "what is in cost has fields of its own"


def test_the_shared_words_are_those_of_all_sources() -> None:
    dimensions = {name for source in SOURCES.values() for name in source.dimensions}
    numbers = {name for source in SOURCES.values() for name in source.numbers}
    flags = {f for source in SOURCES.values() for f in source.flags}
    assert set(enum_of("StatsDimension").values()) == dimensions
    assert set(enum_of("StatsNumber").values()) == numbers
    plain = {"count", "per_second", "savings_rate"}
    plain |= {f"{flag}_{part}" for flag in flags for part in ("count", "rate")}
    assert set(enum_of("StatsMeasure").values()) == plain
