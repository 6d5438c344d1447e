"""Execute with decoded variables as they are, and write plain rows with compiled functions."""

from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLList,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.pyutils import Path

from schema.connections import Edges, Nodes, WrittenNodes
from server.fast_path.inputs import Decoded
from server.fast_path.rows import RowWriters, written
from server.graphql.operations import operation_named
from server.graphql.settling_executor import SettlingExecutor

COMPILED_LISTS = frozenset({list, Nodes, Edges})
"""List types that may be written in one step."""


class FastExecutor(SettlingExecutor):
    row_writers = RowWriters()

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *positional: Any,
        **options: Any,
    ) -> Any:
        raw = raw_variable_values or {}
        decode_body = {n: v.value for n, v in raw.items() if type(v) is Decoded}
        if not decode_body:
            return super().build(
                schema,
                document,
                root_value,
                context_value,
                raw,
                operation_name,
                *positional,
                **options,
            )
        executor = super().build(
            schema,
            next(v.document for v in raw.values() if type(v) is Decoded),
            root_value,
            context_value,
            {n: v for n, v in raw.items() if n not in decode_body},
            operation_name,
            *positional,
            **options,
        )
        if isinstance(executor, list):
            return executor
        operation = operation_named(document, operation_name)
        assert operation is not None  # the executor has found it, too
        sources = dict(executor.variable_values.sources)
        for definition in operation.variable_definitions or ():
            name = definition.variable.name.value
            if name in decode_body:
                signature = get_variable_signature(schema, definition)
                assert not isinstance(signature, GraphQLError)  # the document is valid
                sources[name] = VariableValueSource(signature, decode_body[name])
        executor.operation = operation
        coerced = {**executor.variable_values.coerced, **decode_body}
        executor.variable_values = VariableValues(sources, coerced)
        return executor

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if type(result) is WrittenNodes:
            return written(result)
        if type(result) in COMPILED_LISTS:
            rows = self.row_writers.write(self, return_type.of_type, field_details_list, result)
            if rows is not None:
                return rows
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )
