"""Executes a document that is known to be valid, past everything that prepares one.

Strawberry prepares each operation anew: contexts, extensions, hooks. For a known document all of
these have been run once, and what they found cannot change. What is left is the execution.
"""

from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, OperationDefinitionNode, execute
from strawberry.execution import optimized_is_awaitable

from schema.context import RequestContext
from server.bodies import GraphQLRequest
from server.execution.documents import Document
from server.execution.executor import FastExecutor
from server.schema import TrackstoreSchema


def operation_of(document: Document, name: str | None) -> OperationDefinitionNode | None:
    """The operation that is asked for, where that is plain."""
    found = [
        node
        for node in document.node.definitions
        if isinstance(node, OperationDefinitionNode)
        and (name is None or (node.name is not None and node.name.value == name))
    ]
    return found[0] if len(found) == 1 else None


async def execute_known(
    schema: TrackstoreSchema, document: Document, asked: GraphQLRequest, context: RequestContext
) -> ExecutionResult:
    """Execute the one operation of that name in ``document``."""
    result: Any = execute(
        schema._schema,  # Strawberry has no public way to it
        document.node,
        context_value=context,
        variable_values=asked.variables,
        operation_name=asked.operation_name,
        executor_class=FastExecutor,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # a bool is what it returns
        operation_extensions=asked.extensions,
    )
    if isawaitable(result):
        result = await result
    assert isinstance(result, ExecutionResult)  # nothing is delivered incrementally here
    return result
