"""Runs any operation as a stream of encoded answers; equal subscriptions share theirs."""

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
DECLARED_AND_USED = 2
"""How often a variable stands in a document that uses it once."""


BYTES_PER_ITEM = 500
"""Of an operation, or another entry, as JSON."""


def size_of(asked: GraphQLRequest) -> int:
    """Return about how many bytes the lists of a request have, which was decoded with its message."""
    values = (asked.variables or {}).values()
    return BYTES_PER_ITEM * sum(len(value) for value in values if isinstance(value, list))


class DocumentRefusedError(Exception):
    """The operation cannot be executed: it was not begun."""

    def __init__(self, errors: Errors) -> None:
        super().__init__()
        self.errors = errors


class StreamBrokenError(Exception):
    """The stream had to end."""

    def __init__(self, errors: Errors) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Opened:
    """An operation that was begun: its encoded answers; iterated, they raise ``StreamBrokenError``.

    ``is_live`` says whether more is read for it as long as it is iterated.
    """

    answers: AsyncGenerator[str]
    is_live: bool


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that was begun: its executor, and what it follows."""

    executor: Executor[Any]
    following: Following
    principal: Principal


class LiveEngine:
    """What the streaming transports have in common."""

    def __init__(
        self,
        schema: TrackstoreSchema,
        store: Store,
        hub: Hub,
        hydrate: Hydrators,
        work: ExecutionLimits,
        *,
        shares: bool = True,
    ) -> None:
        self._schema = schema
        self._store = store
        self._hub = hub
        self._hydrate = hydrate
        self._work = work
        self._shares = shares
        self._shared: dict[Hashable, SharedExecution] = {}
        self._executor = schema.execution_context_class or StrawberryGraphQLCoreExecutionContext

    @property
    def executions(self) -> int:
        """How many executions are kept, shared or not."""
        return len(self._shared)

    async def open(
        self, asked: GraphQLRequest, principal: Principal, *, may_write: bool = True
    ) -> Opened:
        """Begin an operation of any kind, without ``may_write`` any but a mutation.

        Raises ``DocumentRefusedError``, ``HttpError`` or a ``StoreError`` where it cannot be begun.
        """
        async with self._work.turns.call(principal) as call:
            await call.arrived(size_of(asked))
            try:
                async with asyncio.timeout(self._work.deadlines.seconds):
                    return await self._begin(asked, principal, may_write=may_write)
            except TimeoutError:
                raise QueryTimeoutError(self._work.deadlines.sentence) from None

    async def _begin(
        self, asked: GraphQLRequest, principal: Principal, *, may_write: bool
    ) -> Opened:
        context = self._context(principal)
        document = await self._schema.prepare(asked, context)
        if isinstance(document, PreExecutionError):
            raise DocumentRefusedError(self._format(document.errors or []))
        if document.kind is OperationType.MUTATION and not may_write:
            raise needs_post()
        if document.kind is not OperationType.SUBSCRIPTION:
            return one(self._encode(await self._execute(asked, context), context, asked))
        executor = self._executor.build(
            self._schema._schema,  # Strawberry has no public way to it
            document.node,
            None,
            context,
            asked.variables,
            asked.operation_name,
            operation_extensions=asked.extensions,
        )
        if isinstance(executor, list):
            raise DocumentRefusedError(self._format(executor))
        source: Any = create_source_event_stream(executor)
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            return one(self._encode(source, context, began=False))
        subscribed = Subscribed(executor, source, principal)
        answers = self._follow(subscribed, self._key(asked, subscribed))
        return Opened(answers, is_live=True)

    async def _execute(self, asked: GraphQLRequest, context: LiveContext) -> Any:
        try:
            return await self._schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                operation_extensions=asked.extensions,
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
        last: str | None = None
        try:
            async for item in follower.items():
                if following.only_changes and item.value == last:
                    continue
                last = item.value if following.only_changes else None
                yield item.value
        except StoreError as error:
            raise StreamBrokenError([format_store_error(error)]) from error

    def _forget(self, key: Hashable) -> None:
        self._shared.pop(key, None)

    async def _answer(self, subscribed: Subscribed, item: Item) -> str:
        """Execute the selection on one item."""
        executor = subscribed.executor.build_per_event_executor(
            subscribed.following.show(item.value)
        )
        # The copy shares its cache of selections, to which every event adds: a stream would grow.
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

    def _key(self, asked: GraphQLRequest, subscribed: Subscribed) -> Hashable:
        """What equal subscriptions have in common: all but where they begin."""
        if not self._shares:
            return object()
        variables = dict(asked.variables or {})
        cursor = cursor_variable(subscribed.executor.operation, subscribed.following.cursor)
        if len(re.findall(rf"\${cursor}\b", asked.query)) == DECLARED_AND_USED:
            variables.pop(cursor, None)  # the answers do not depend on it, too
        principal = subscribed.principal
        return (
            asked.query,
            asked.operation_name,
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
        asked: GraphQLRequest | None = None,
        *,
        began: bool = True,
    ) -> str:
        if context.has_read_too_much:
            return excess_answer(context, asked).decode()
        # An error without a path is of the request: nothing was executed, so there is no data.
        began = began and not (
            result.data is None and result.errors and all(e.path is None for e in result.errors)
        )
        body: dict[str, Any] = {"data": result.data} if began else {}
        if result.errors:
            body["errors"] = self._format(result.errors)
        if getattr(result, "extensions", None):
            body["extensions"] = result.extensions
        return bounded_answer(body, context, asked).decode()


def one(answer: str) -> Opened:
    """A stream of a single answer."""

    async def answers() -> AsyncGenerator[str]:
        yield answer

    return Opened(answers(), is_live=False)


def cursor_variable(operation: OperationDefinitionNode, argument: str | None) -> str:
    """The variable that says where to begin; empty where none does."""
    for field in operation.selection_set.selections:
        for given in field.arguments or () if isinstance(field, FieldNode) else ():
            if given.name.value == argument and isinstance(given.value, VariableNode):
                return given.value.name.value
    return ""
