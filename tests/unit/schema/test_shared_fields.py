"""The fields of the schema are shared by the applications of a process."""

from server.fast_path.inputs import CompiledInputs
from server.fast_path.pipeline import COMPILED_INPUTS
from server.graphql.schema import build_schema


def test_another_application_wraps_no_resolver_again() -> None:
    schemas = [build_schema() for _ in range(2)]
    resolvers = []
    for schema in schemas:
        CompiledInputs(schema, COMPILED_INPUTS)
        mutations = schema._schema.mutation_type
        assert mutations is not None
        resolvers.append({name: field.resolve for name, field in mutations.fields.items()})
    assert resolvers[0] == resolvers[1]
