"""The fast path as one object: what the endpoint asks, and how the schema is made for it."""

from collections.abc import Callable, Collection
from typing import Any

from graphql import ExecutionResult
from strawberry.types.graphql import OperationType

from schema.context import RequestContext
from schema.ingest import EntryInput
from schema.operation_inputs import OperationInput
from server.bodies import GraphQLRequest
from server.document_limits import DocumentBounds
from server.execution.documents import DocumentCache, KeepDocuments
from server.execution.executor import FastExecutor
from server.execution.inputs import CompiledInputs
from server.execution.known import execute_known, operation_of
from server.schema import TrackstoreSchema, build_schema

BULK_INPUTS = (OperationInput, EntryInput)
"""The inputs that are sent in lists, and with them every input they contain."""


class FastPath:
    """A schema that executes faster, and nothing else about it differs."""

    def __init__(self, bounds: DocumentBounds | None = None, introspection: bool = True) -> None:
        self._documents = DocumentCache()
        keep: Callable[[], Any] = lambda: KeepDocuments(self._documents)  # noqa: E731
        self.schema: TrackstoreSchema = build_schema(
            bounds, introspection, extensions_first=(keep,), executor=FastExecutor
        )
        self._inputs = CompiledInputs(self.schema, BULK_INPUTS)

    def read(self, body: bytes) -> GraphQLRequest | None:
        """The request in a body, its bulk variables decoded; None where it must be read closely."""
        envelope = self._inputs.open(body)
        if envelope is None:
            return None
        plan = self._documents.plan(envelope.query, envelope.operationName, self._inputs)
        return None if plan is None else self._inputs.read(envelope, plan)

    async def execute(
        self, asked: GraphQLRequest, context: RequestContext, allowed: Collection[OperationType]
    ) -> ExecutionResult | None:
        """The result of a known document; None where it must be prepared as any other."""
        document = self._documents.find(asked.query)
        operation = operation_of(document, asked.operation_name) if document else None
        if document is None or operation is None:
            return None
        if OperationType(operation.operation.value) not in allowed:
            return None
        return await execute_known(self.schema, document, asked, context)
