"""Define the root fields of operations: recorded one by one or in bulk, in general or preset form."""

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from resolvers.batches import record_operations
from resolvers.pages import connection
from schema.arguments import After, Before, First, Last, about, where_of
from schema.connections import Connection
from schema.context import Info
from schema.enums import ItemStatus
from schema.filters import condition_of
from schema.ingest import TrackPayload
from schema.operation_filters import OperationFilter, OperationOrder
from schema.operation_inputs import (
    ApiOperationInput,
    ChatInput,
    OperationInput,
    ToolOperationInput,
)
from schema.operation_paths import API_PATHS, TOOL_PATHS, Path, chat_paths, relocated
from schema.operation_presets import api_operation, chat_operation, tool_operation
from schema.operations import NEEDS, Operation, OperationPayload
from schema.selection import columns_needed
from store.errors import InvalidInputError
from store.query.paging import PageRequest
from store.query.records import RecordQuery


async def record_operation(
    info: Info, operation: OperationInput, paths: Mapping[Path, Path] | None = None
) -> OperationPayload:
    """Write one operation, and answer after the commit; ``paths`` are those of its own input."""
    ingest_session = info.context.store.ingest_session(info.context.principal)
    try:
        entry = ingest_session.operation(operation)
        result = await info.context.write_one(entry)
    except InvalidInputError as error:
        if paths is None:
            raise
        raise relocated(error, paths) from None
    key: tuple[Any, ...] = result.detail
    status = ItemStatus(result.status)
    return OperationPayload(status=status, uuid=key[-1], truncated=entry.truncated, key=key)


@strawberry.type
class OperationMutations:
    @strawberry.mutation(description="Records one finished call. Returns after the commit.")
    async def track_operation(
        self, info: Info, input: Annotated[OperationInput, about("The call.")]
    ) -> OperationPayload:
        return await record_operation(info, input)

    @strawberry.mutation(
        description="Records up to 10,000 finished calls in one transaction. An invalid item does "
        "not affect the others."
    )
    async def track_operations(
        self, info: Info, operations: Annotated[list[OperationInput], about("The calls.")]
    ) -> TrackPayload:
        return await record_operations(info.context, operations)

    @strawberry.mutation(description="Records one finished API call.")
    async def track_api_operation(
        self, info: Info, input: Annotated[ApiOperationInput, about("The call.")]
    ) -> OperationPayload:
        return await record_operation(info, api_operation(input), API_PATHS)

    @strawberry.mutation(description="Records one use of the read or search tool.")
    async def track_tool_operation(
        self, info: Info, input: Annotated[ToolOperationInput, about("The use.")]
    ) -> OperationPayload:
        return await record_operation(info, tool_operation(input), TOOL_PATHS)

    @strawberry.mutation(description="Records one chat exchange.")
    async def track_chat(
        self, info: Info, input: Annotated[ChatInput, about("The exchange.")]
    ) -> OperationPayload:
        return await record_operation(info, chat_operation(input), chat_paths(input))


@strawberry.type
class OperationQueries:
    @strawberry.field(description="Operations, newest first by default.")
    async def operations(
        self,
        info: Info,
        where: Annotated[OperationFilter | None, where_of("operations")] = None,
        order_by: Annotated[
            list[OperationOrder] | None, about("Sort order, most significant field first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Operation]:
        question = RecordQuery(
            condition_of(where, info.context.store.now()),
            tuple(step.order() for step in order_by or ()),
        )
        page = PageRequest(first, after, last, before)
        columns = columns_needed(info, Operation, NEEDS)
        return await connection(
            info, info.context.store.operations, question, page, Operation.from_row, columns
        )
