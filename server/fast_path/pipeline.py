"""Combine the fast path into one object for the endpoint and the schema."""

import asyncio
from collections.abc import Callable, Collection
from functools import cache
from typing import Any

from graphql import ExecutionResult, GraphQLError
from strawberry.types.graphql import OperationType

from schema.context import RequestContext
from schema.ingest import EntryInput
from schema.limits import ConsumeInput
from schema.operation_inputs import (
    ApiOperationInput,
    ChatInput,
    OperationInput,
    ToolOperationInput,
)
from server.fast_path.documents import DocumentCache, KeepDocuments
from server.fast_path.executor import FastExecutor
from server.fast_path.inputs import MAX_BYTES_PER_TURN, CompiledInputs
from server.fast_path.object_members import shown_members
from server.fast_path.prepared_operations import PreparedOperation, execute_known, operation_of
from server.graphql.document_limits import DocumentBounds, problems_of_cost
from server.graphql.schema import TrackstoreSchema, build_schema
from server.http.bodies import GraphQLRequest
from server.http.variables import problem_of_shapes

COMPILED_INPUTS = (
    OperationInput,
    EntryInput,
    ApiOperationInput,
    ToolOperationInput,
    ChatInput,
    ConsumeInput,
)
"""The most frequent inputs, some of them in lists, and every input they contain."""


class FastPath:
    def __init__(self, bounds: DocumentBounds | None = None, introspection: bool = True) -> None:
        self._documents = DocumentCache()
        self._bounds = bounds or DocumentBounds()
        keep: Callable[[], Any] = lambda: KeepDocuments(self._documents)  # noqa: E731
        self.schema: TrackstoreSchema = build_schema(
            bounds, introspection, extensions_first=(keep,), executor=FastExecutor
        )
        self._inputs = compiled_inputs()

    async def read(self, body: bytes) -> GraphQLRequest | None:
        """Return the request with its compiled inputs decoded; None if the stock path must read it."""
        envelope = self._inputs.open(body)
        if envelope is None:
            return None
        plan = self._documents.plan(envelope.query, envelope.operationName, self._inputs)
        if plan is None:
            return None
        if len(body) <= MAX_BYTES_PER_TURN:
            return self._inputs.read(envelope, plan)
        await asyncio.sleep(0)
        return await self._inputs.read_in_turns(envelope, plan)

    async def execute(
        self, request: GraphQLRequest, context: RequestContext, allowed: Collection[OperationType]
    ) -> ExecutionResult | None:
        operation = self._operation(request.query, request.operation_name)
        if operation is None or operation.kind not in allowed:
            return None
        if operation.depends_on_variables:
            problems = self._problems(operation, request.variables or {})
            if problems:
                return ExecutionResult(None, problems)
        context.shown_members = shown_members
        return await execute_known(self.schema, operation, request, context)

    def _problems(
        self, operation: PreparedOperation, variables: dict[str, Any]
    ) -> list[GraphQLError]:
        """Return what the variables request too much of; the document itself passed when it was cached."""
        bounds = self._bounds
        if operation.shapes:
            problem = problem_of_shapes(operation.shapes, variables, bounds.objects)
            if problem is not None:
                return [GraphQLError(problem)]
        if isinstance(operation.cost, int):
            return []
        return problems_of_cost(operation.cost, bounds, variables)

    def _operation(self, query: str, name: str | None) -> PreparedOperation | None:
        document = self._documents.find(query)
        if document is None:
            return None
        operation = document.operations.get(name)
        if operation is None:
            operation = operation_of(self.schema, document.node, name, self._bounds.pages)
            if operation is not None:  # callers can invent any number of names
                document.operations[name] = operation
        return operation


@cache
def compiled_inputs() -> CompiledInputs:
    """Compile the inputs once, since the applications of a process share their types."""
    return CompiledInputs(build_schema(), COMPILED_INPUTS)
