"""Run any operation as a stream of encoded answers; equal subscriptions share one execution."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Hashable
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from typing import Any

from graphql import (
    ExecutionResult,
    FieldNode,
    OperationDefinitionNode,
    VariableNode,
    create_source_event_stream,
    execute_subscription_event,
)
from graphql.execution import Executor
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from schema.context import Hydrators
from server.graphql.errors import format_errors, format_store_error
from server.graphql.execution_limits import ExecutionLimits
from server.graphql.responses import bounded_answer, excess_answer
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import GraphQLRequest, needs_post
from server.live.sharing import SharedExecution
from store.auth.access import Principal
from store.errors import QueryTimeoutError, StoreError
from store.store import Store
from subscriptions.context import LiveContext
from subscriptions.following import Following
from subscriptions.hub import Hub
from subscriptions.streams import Item
from subscriptions.subscriber import Subscriber

Errors = list[dict[str, Any]]
SINGLE_USE_OCCURRENCES = 2
"""Occurrences of a variable in a document that uses it once."""


BYTES_PER_ITEM = 500
"""Typical size of an operation or another entry as JSON."""


def size_of(request: GraphQLRequest) -> int:
    """Estimate the size in bytes of the lists of a request that is already decoded."""
    values = (request.variables or {}).values()
    return BYTES_PER_ITEM * sum(len(value) for value in values if isinstance(value, list))


class DocumentRefusedError(Exception):
    def __init__(self, errors: Errors) -> None:
        super().__init__()
        self.errors = errors


class StreamEndedError(Exception):
    def __init__(self, errors: Errors) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Opened:
    """Hold the encoded answers of an operation; iterating them may raise ``StreamEndedError``.

    ``is_live`` says whether they continue for as long as they are iterated.
    """

    answers: AsyncGenerator[str]
    is_live: bool


@dataclass(frozen=True, slots=True)
class Subscribed:
    executor: Executor[Any]
    following: Following
    principal: Principal


class LiveEngine:
    def __init__(
        self,
        schema: TrackstoreSchema,
        store: Store,
        hub: Hub,
        hydrate: Hydrators,
        limits: ExecutionLimits,
        *,
        shares: bool = True,
    ) -> None:
        self._schema = schema
        self._store = store
        self._hub = hub
        self._hydrate = hydrate
        self._limits = limits
        self._shares = shares
        self._shared: dict[Hashable, SharedExecution] = {}
        self._executor = schema.execution_context_class or StrawberryGraphQLCoreExecutionContext

    @property
    def executions(self) -> int:
        return len(self._shared)

    async def open(
        self, request: GraphQLRequest, principal: Principal, *, may_write: bool = True
    ) -> Opened:
        """Begin an operation of any kind; without ``may_write``, any but a mutation.

        Raises ``DocumentRefusedError``, ``HttpError`` or a ``StoreError`` where it cannot be begun.
        """
        async with self._limits.scheduler.call(principal) as call:
            await call.wait_for_turn(size_of(request))
            try:
                async with asyncio.timeout(self._limits.deadlines.seconds):
                    return await self._begin(request, principal, may_write=may_write)
            except TimeoutError:
                raise QueryTimeoutError(self._limits.deadlines.message) from None

    async def _begin(
        self, request: GraphQLRequest, principal: Principal, *, may_write: bool
    ) -> Opened:
        context = self._context(principal)
        document = await self._schema.prepare(request, context)
        if isinstance(document, PreExecutionError):
            raise DocumentRefusedError(self._format(document.errors or []))
        if document.kind is OperationType.MUTATION and not may_write:
            raise needs_post()
        if document.kind is not OperationType.SUBSCRIPTION:
            return single_answer(
                self._encode(await self._execute(request, context), context, request)
            )
        executor = self._executor.build(
            self._schema._schema,  # Strawberry has no public accessor
            document.node,
            None,
            context,
            request.variables,
            request.operation_name,
            operation_extensions=request.extensions,
        )
        if isinstance(executor, list):
            raise DocumentRefusedError(self._format(executor))
        source: Any = create_source_event_stream(executor)
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            return single_answer(self._encode(source, context, began=False))
        subscribed = Subscribed(executor, source, principal)
        answers = self._follow(subscribed, self._key(request, subscribed))
        return Opened(answers, is_live=True)

    async def _execute(self, request: GraphQLRequest, context: LiveContext) -> Any:
        try:
            return await self._schema.execute(
                request.query,
                variable_values=request.variables,
                context_value=context,
                operation_name=request.operation_name,
                operation_extensions=request.extensions,
            )
        finally:
            await context.settle()

    async def _follow(self, subscribed: Subscribed, key: Hashable) -> AsyncGenerator[str]:
        following = subscribed.following
        shared = self._shared.get(key)
        if shared is None:
            shared = self._shared[key] = SharedExecution(
                following.stream,
                partial(self._answer, subscribed),
                partial(self._forget, key),
            )
        follower = Subscriber(shared, following.after, following.policy, following.queue_items)
        last_value: str | None = None
        try:
            async for item in follower.items():
                if following.only_changes and item.value == last_value:
                    continue
                last_value = item.value if following.only_changes else None
                yield item.value
        except StoreError as error:
            raise StreamEndedError([format_store_error(error)]) from error

    def _forget(self, key: Hashable) -> None:
        self._shared.pop(key, None)

    async def _answer(self, subscribed: Subscribed, item: Item) -> str:
        executor = subscribed.executor.build_per_event_executor(
            subscribed.following.show(item.value)
        )
        # The copy shares its cache of selections, which would grow with every event of a stream.
        executor._relevant_sub_fields = {}
        executor.context_value = context = self._context(subscribed.principal)
        try:
            result: Any = execute_subscription_event(executor)
            if isawaitable(result):
                result = await result
        finally:
            await context.settle()
        return self._encode(result, context)

    def _context(self, principal: Principal) -> LiveContext:
        return LiveContext(self._store, principal, self._hydrate, hub=self._hub)

    def _key(self, request: GraphQLRequest, subscribed: Subscribed) -> Hashable:
        """Return what equal subscriptions have in common: everything but where they start."""
        if not self._shares:
            return object()
        variables = dict(request.variables or {})
        cursor = cursor_variable(subscribed.executor.operation, subscribed.following.cursor)
        if len(re.findall(rf"\${cursor}\b", request.query)) == SINGLE_USE_OCCURRENCES:
            variables.pop(cursor, None)  # the answers do not depend on it
        principal = subscribed.principal
        return (
            request.query,
            request.operation_name,
            json.dumps(variables, sort_keys=True, default=str),
            principal.bounds,
            principal.scopes,
        )

    def _format(self, errors: Any) -> Errors:
        return format_errors(errors, self._schema.enum_values)

    def _encode(
        self,
        result: Any,
        context: LiveContext,
        request: GraphQLRequest | None = None,
        *,
        began: bool = True,
    ) -> str:
        if context.has_read_too_much:
            return excess_answer(context, request).decode()
        # An error without a path concerns the request: nothing was executed, so there is no data.
        began = began and not (
            result.data is None and result.errors and all(e.path is None for e in result.errors)
        )
        body: dict[str, Any] = {"data": result.data} if began else {}
        if result.errors:
            body["errors"] = self._format(result.errors)
        if getattr(result, "extensions", None):
            body["extensions"] = result.extensions
        return bounded_answer(body, context, request).decode()


def single_answer(answer: str) -> Opened:
    async def answers() -> AsyncGenerator[str]:
        yield answer

    return Opened(answers(), is_live=False)


def cursor_variable(operation: OperationDefinitionNode, argument: str | None) -> str:
    for field in operation.selection_set.selections:
        for argument_node in field.arguments or () if isinstance(field, FieldNode) else ():
            if argument_node.name.value == argument and isinstance(
                argument_node.value, VariableNode
            ):
                return argument_node.value.name.value
    return ""
