"""Executes a document that is known to be valid, past everything that prepares one.

Strawberry prepares each operation again: contexts, extensions, hooks. For a known document all of
these have been run once, and what they found cannot change. What is left is the execution, and
where one root field gives a plain answer, only its resolver (``server.fast_path.direct_execution``).
"""

from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from graphql import DocumentNode, ExecutionResult, execute
from strawberry.execution import optimized_is_awaitable
from strawberry.types.graphql import OperationType

from schema.context import RequestContext
from server.fast_path.direct_execution import DirectExecution, Outcome, direct_of, take_outcome
from server.fast_path.executor import FastExecutor
from server.graphql.document_cost import Cost, CostMeter, PageBounds
from server.graphql.document_limits import operation_named
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import GraphQLRequest
from server.http.variables import Shape, shapes_of


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    """One operation of a known document; ``direct`` where it can do without an executor."""

    document: DocumentNode
    kind: OperationType
    direct: DirectExecution | None
    cost: Cost
    shapes: tuple[Shape, ...]
    depends_on_variables: bool
    """Whether what it asks for may be too much with some variables."""


def operation_of(
    schema: TrackstoreSchema, document: DocumentNode, name: str | None, pages: PageBounds
) -> PreparedOperation | None:
    """The operation that is asked for, where that is plain."""
    found = operation_named(document, name)
    if found is None:
        return None
    kind = OperationType(found.operation.value)
    direct = direct_of(schema, document, found)
    cost = CostMeter(schema._schema, document, pages).measure(found)
    shapes = shapes_of(schema._schema, found)
    depends = bool(shapes) or not isinstance(cost, int)
    return PreparedOperation(document, kind, direct, cost, shapes, depends)


async def execute_known(
    schema: TrackstoreSchema,
    operation: PreparedOperation,
    asked: GraphQLRequest,
    context: RequestContext,
) -> ExecutionResult:
    """Execute a known operation in the shortest way that there is for it."""
    outcome: Outcome | None = None
    if operation.direct is not None:
        answer = await operation.direct.execute(asked, context)
        if isinstance(answer, ExecutionResult):
            return answer
        outcome = answer
    result: Any = execute(
        schema._schema,  # Strawberry has no public way to it
        operation.document,
        root_value=outcome,
        context_value=context,
        variable_values=asked.variables,
        operation_name=asked.operation_name,
        middleware=[take_outcome] if outcome is not None else None,
        executor_class=FastExecutor,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # a bool is what it returns
        operation_extensions=asked.extensions,
    )
    if isawaitable(result):
        result = await result
    assert isinstance(result, ExecutionResult)  # nothing is delivered incrementally here
    return result
