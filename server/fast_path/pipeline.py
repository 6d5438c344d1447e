"""The fast path as one object: what the endpoint asks, and how the schema is made for it."""

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
from server.fast_path.body_decoder_cache import BodyDecoderCache
from server.fast_path.documents import DocumentCache, KeepDocuments
from server.fast_path.executor import FastExecutor
from server.fast_path.inputs import CompiledInputs
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
"""The inputs that are sent all the time, some of them in lists, and every input they contain."""


class FastPath:
    """A schema that executes faster, and nothing else about it differs."""

    def __init__(self, bounds: DocumentBounds | None = None, introspection: bool = True) -> None:
        self._documents = DocumentCache()
        self._guesses = BodyDecoderCache()
        self._bounds = bounds or DocumentBounds()
        keep: Callable[[], Any] = lambda: KeepDocuments(self._documents)  # noqa: E731
        self.schema: TrackstoreSchema = build_schema(
            bounds, introspection, extensions_first=(keep,), executor=FastExecutor
        )
        self._inputs = compiled_inputs()

    def read(self, body: bytes) -> GraphQLRequest | None:
        """The request in a body, its compiled inputs decoded; None where it must be read closely."""
        guess = self._guesses.find(body)
        if guess is not None and self._documents.find(guess.query) is not None:
            request = guess.read(body)
            if request is not None:
                return request
        envelope = self._inputs.open(body)
        if envelope is None:
            return None
        plan = self._documents.plan(envelope.query, envelope.operationName, self._inputs)
        if plan is None:
            return None
        request = self._inputs.read(envelope, plan)
        if request is not None and plan.decoders:
            self._guesses.learn(body, envelope, plan)
        return request

    async def execute(
        self, asked: GraphQLRequest, context: RequestContext, allowed: Collection[OperationType]
    ) -> ExecutionResult | None:
        """The result of a known document; None where it must be prepared as any other."""
        operation = self._operation(asked.query, asked.operation_name)
        if operation is None or operation.kind not in allowed:
            return None
        if operation.depends_on_variables:
            problems = self._problems(operation, asked.variables or {})
            if problems:
                return ExecutionResult(None, problems)
        return await execute_known(self.schema, operation, asked, context)

    def _problems(
        self, operation: PreparedOperation, variables: dict[str, Any]
    ) -> list[GraphQLError]:
        """What the variables ask too much of; the document was in order when it became known."""
        bounds = self._bounds
        if operation.shapes:
            problem = problem_of_shapes(operation.shapes, variables, bounds.objects)
            if problem is not None:
                return [GraphQLError(problem)]
        if isinstance(operation.cost, int):
            return []
        return problems_of_cost(operation.cost, bounds, variables)

    def _operation(self, query: str, name: str | None) -> PreparedOperation | None:
        """The operation of that name in a known document."""
        document = self._documents.find(query)
        if document is None:
            return None
        operation = document.operations.get(name)
        if operation is None:
            operation = operation_of(self.schema, document.node, name, self._bounds.pages)
            if operation is not None:  # callers can make up any number of names
                document.operations[name] = operation
        return operation


@cache
def compiled_inputs() -> CompiledInputs:
    """Compile the inputs once: the applications of a process share the types they are made of."""
    return CompiledInputs(build_schema(), COMPILED_INPUTS)
