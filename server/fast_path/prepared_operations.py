"""Execute a document that is known to be valid, without preparing it again.

Strawberry prepares contexts, extensions and hooks for each operation. For a cached document their
outcome cannot change, so only the execution remains, or a single resolver where one root field
gives a plain answer (``server.fast_path.direct_execution``).
"""

from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from graphql import DocumentNode, ExecutionResult, execute
from strawberry.execution import optimized_is_awaitable
from strawberry.types.graphql import OperationType

from schema.context import RequestContext
from server.fast_path.direct_execution import (
    DirectExecution,
    Outcome,
    TypenameExecution,
    direct_of,
    take_outcome,
    typename_of,
)
from server.fast_path.executor import FastExecutor
from server.graphql.document_cost import Cost, CostMeter, PageBounds
from server.graphql.operations import operation_named
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import GraphQLRequest
from server.http.variables import Shape, shapes_of


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    document: DocumentNode
    kind: OperationType
    direct: DirectExecution | TypenameExecution | None
    cost: Cost
    shapes: tuple[Shape, ...]
    depends_on_variables: bool
    """Whether some variables can make it too expensive."""


def operation_of(
    schema: TrackstoreSchema, document: DocumentNode, name: str | None, pages: PageBounds
) -> PreparedOperation | None:
    operation = operation_named(document, name)
    if operation is None:
        return None
    kind = OperationType(operation.operation.value)
    direct = typename_of(schema, operation) or direct_of(schema, document, operation)
    cost = CostMeter(schema._schema, document, pages).measure(operation)
    shapes = shapes_of(schema._schema, operation)
    depends = bool(shapes) or not isinstance(cost, int)
    return PreparedOperation(document, kind, direct, cost, shapes, depends)


async def execute_known(
    schema: TrackstoreSchema,
    operation: PreparedOperation,
    request: GraphQLRequest,
    context: RequestContext,
) -> ExecutionResult:
    outcome: Outcome | None = None
    if operation.direct is not None:
        direct_result = await operation.direct.execute(request, context)
        if isinstance(direct_result, ExecutionResult):
            return direct_result
        outcome = direct_result
    result: Any = execute(
        schema._schema,  # Strawberry has no public way to it
        operation.document,
        root_value=outcome,
        context_value=context,
        variable_values=request.variables,
        operation_name=request.operation_name,
        middleware=[take_outcome] if outcome is not None else None,
        executor_class=FastExecutor,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it returns a bool
        operation_extensions=request.extensions,
    )
    if isawaitable(result):
        result = await result
    assert isinstance(result, ExecutionResult)  # no incremental delivery
    return result
