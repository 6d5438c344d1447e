"""Assemble the GraphQL schema, and print it."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import strawberry
from graphql import DocumentNode, GraphQLEnumType, GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import DisableIntrospection
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.execution import ExecutionContext, PreExecutionError
from strawberry.types.graphql import OperationType

from resolvers.roots import Mutation, Query
from schema.scalars import SCALARS
from server.graphql.document_limits import NO_OPERATION, DocumentBounds, DocumentLimits
from server.graphql.guarded_arguments import guard_arguments
from server.graphql.input_types import compile_inputs
from server.graphql.settling_executor import SettlingExecutor
from server.http.bodies import GraphQLRequest
from subscriptions.roots import Subscription


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    node: DocumentNode
    kind: OperationType


class TrackstoreSchema(strawberry.Schema):
    """Leave the logging of errors to ``server.graphql.errors``, which masks them."""

    introspection = True
    """Whether callers may read the schema."""

    @cached_property
    def enum_values(self) -> dict[str, list[str]]:
        if not self.introspection:
            return {}
        types = self._schema.type_map
        return {n: list(t.values) for n, t in types.items() if isinstance(t, GraphQLEnumType)}

    async def prepare(
        self, request: GraphQLRequest, context: Any
    ) -> "PreparedDocument | PreExecutionError":
        prepared = self._create_execution_context(
            query=request.query,
            allowed_operation_types=frozenset(OperationType),
            variable_values=request.variables,
            context_value=context,
            operation_name=request.operation_name,
            operation_extensions=request.extensions,
        )
        extensions = self.get_extensions()
        for extension in extensions:
            extension.execution_context = prepared
        runner = self.create_extensions_runner(prepared, extensions)
        async with runner.operation():
            try:
                refused = await self._prepare_operation_async(
                    context=prepared, extensions_runner=runner
                )
            except (MissingQueryError, CannotGetOperationTypeError):
                refused = PreExecutionError(data=None, errors=[GraphQLError(NO_OPERATION)])
        if refused is not None:
            return refused
        assert prepared.graphql_document is not None
        return PreparedDocument(prepared.graphql_document, prepared.operation_type)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None: ...


def build_schema(
    bounds: DocumentBounds | None = None,
    introspection: bool = True,
    extensions_first: Sequence[Any] = (),
    executor: Any = None,
) -> TrackstoreSchema:
    """Return the schema with its limits; ``extensions_first`` and ``executor`` are of a fast path."""
    limits = bounds or DocumentBounds()
    extensions: list[Any] = [*extensions_first, lambda: DocumentLimits(limits)]
    if not introspection:
        extensions.append(DisableIntrospection)
    schema = copy(_converted())
    schema.introspection = introspection
    schema.extensions = tuple(extensions)
    schema.execution_context_class = executor or SettlingExecutor
    return schema


@cache
def _converted() -> TrackstoreSchema:
    """Convert the types to graphql-core once, since all applications of a process share them."""
    schema = TrackstoreSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )
    compile_inputs(schema)
    guard_arguments(schema)
    return schema


def schema_sdl() -> str:
    return build_schema().as_str().rstrip() + "\n"
