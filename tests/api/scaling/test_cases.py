"""There is a case for every mutation, so that a new one without a case fails."""

from graphql import GraphQLInputObjectType, GraphQLObjectType

from tests.api.scaling.cases import CASES, INGEST_CASES
from tests.differential.selections import contract


def test_every_mutation_and_every_entry_has_a_case() -> None:
    mutations = contract().mutation_type
    assert isinstance(mutations, GraphQLObjectType)
    assert {case.field for case in CASES} == set(mutations.fields)
    entries = contract().type_map["EntryInput"]
    assert isinstance(entries, GraphQLInputObjectType)
    assert set(INGEST_CASES) == set(entries.fields)
