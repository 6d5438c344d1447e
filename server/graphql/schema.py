"""The assembled GraphQL schema, and its text."""

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
from server.graphql.input_types import hasten_inputs
from server.graphql.settling_executor import SettlingExecutor
from server.http.bodies import GraphQLRequest
from subscriptions.roots import Subscription


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A valid document, and of which kind the operation is that is asked for."""

    node: DocumentNode
    kind: OperationType


class TrackstoreSchema(strawberry.Schema):
    """Errors are logged where they are masked, once, and not here a second time."""

    introspection = True
    """Whether callers may read the schema."""

    @cached_property
    def enum_values(self) -> dict[str, list[str]]:
        """The values of every enum, by its name, for error messages: none without introspection."""
        if not self.introspection:
            return {}
        types = self._schema.type_map
        return {n: list(t.values) for n, t in types.items() if isinstance(t, GraphQLEnumType)}

    async def prepare(
        self, asked: GraphQLRequest, context: Any
    ) -> "PreparedDocument | PreExecutionError":
        """Parse and validate an operation of any kind, with all limits, and execute nothing."""
        prepared = self._create_execution_context(
            query=asked.query,
            allowed_operation_types=frozenset(OperationType),
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
            operation_extensions=asked.extensions,
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
    ) -> None:
        """Nothing: see ``server.graphql.errors``."""


def build_schema(
    bounds: DocumentBounds | None = None,
    introspection: bool = True,
    extensions_first: Sequence[Any] = (),
    executor: Any = None,
) -> TrackstoreSchema:
    """The schema with its limits; ``extensions_first`` and ``executor`` are those of a fast path."""
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
    """The types, turned into those of graphql-core once: all applications of a process share them."""
    schema = TrackstoreSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )
    hasten_inputs(schema)
    guard_arguments(schema)
    return schema


def schema_sdl() -> str:
    """The schema definition language of the schema, as it is committed."""
    return build_schema().as_str().rstrip() + "\n"
