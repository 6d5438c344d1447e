"""The assembled GraphQL schema, and its text."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import strawberry
from graphql import GraphQLEnumType, GraphQLError
from strawberry.extensions import DisableIntrospection
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext

from resolvers.roots import Mutation, Query
from schema.scalars import SCALARS
from server.document_limits import DocumentBounds, DocumentLimits
from server.input_types import hasten_inputs


class TrackstoreSchema(strawberry.Schema):
    """Errors are logged where they are masked, once, and not here a second time."""

    @cached_property
    def enum_values(self) -> dict[str, list[str]]:
        """The values of every enum, by its name."""
        types = self._schema.type_map
        return {n: list(t.values) for n, t in types.items() if isinstance(t, GraphQLEnumType)}

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: see ``server.errors``."""


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
    schema = TrackstoreSchema(
        query=Query,
        mutation=Mutation,
        extensions=extensions,
        execution_context_class=executor,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )
    hasten_inputs(schema)
    return schema


def schema_sdl() -> str:
    """The schema definition language of the schema, as it is committed."""
    return build_schema().as_str().rstrip() + "\n"
