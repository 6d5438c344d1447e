"""Define the root fields of requests."""

from typing import Annotated
from uuid import UUID

import strawberry

from resolvers.pages import connection
from schema.arguments import After, Before, First, Last, about, where_of
from schema.connections import Connection
from schema.context import Info
from schema.enums import ItemStatus
from schema.filters import condition_of
from schema.request_filters import RequestFilter, RequestOrder
from schema.request_inputs import (
    CancelRequestInput,
    CompleteRequestInput,
    CreateRequestInput,
    FailRequestInput,
    RetryRequestInput,
    StartRequestInput,
)
from schema.requests import Request, RequestPayload
from store.errors import InvalidInputError
from store.query.paging import PageRequest
from store.query.records import RecordQuery
from store.requests.entries import CommandEntry, CreateEntry
from store.requests.prepare import RequestPreparer


def preparer(info: Info) -> RequestPreparer:
    """Return a preparer of request commands; raise ``ForbiddenError`` without INGEST."""
    return info.context.store.ingest_session(info.context.principal).requests


async def write_request(info: Info, entry: CommandEntry | CreateEntry) -> RequestPayload:
    result = await info.context.write_one(entry)
    status = ItemStatus(result.status)
    return RequestPayload(
        status=status, truncated=entry.truncated, key=result.detail, outcome=entry.outcome
    )


@strawberry.type
class RequestMutations:
    @strawberry.mutation(description="Creates a request with its planned stages.")
    async def create_request(
        self,
        info: Info,
        input: Annotated[CreateRequestInput, about("The request and its planned stages.")],
    ) -> RequestPayload:
        return await write_request(info, preparer(info).create(input))

    @strawberry.mutation(description="Starts a request.")
    async def start_request(
        self, info: Info, input: Annotated[StartRequestInput, about("The request.")]
    ) -> RequestPayload:
        return await write_request(info, preparer(info).start(input))

    @strawberry.mutation(
        description="Completes a request. Its running and pending stages end with it."
    )
    async def complete_request(
        self,
        info: Info,
        input: Annotated[CompleteRequestInput, about("The request and its result.")],
    ) -> RequestPayload:
        return await write_request(info, preparer(info).complete(input))

    @strawberry.mutation(description="Fails a request. Its running and pending stages end with it.")
    async def fail_request(
        self, info: Info, input: Annotated[FailRequestInput, about("The request and the reason.")]
    ) -> RequestPayload:
        return await write_request(info, preparer(info).fail(input))

    @strawberry.mutation(
        description="Retries a failed request from its error stage. That stage starts its next "
        "attempt, stages cancelled or skipped by the failure become pending again, and "
        "completed stages stay completed. Rejected if no attempts are left or the "
        "failure is not retryable, unless an administrator sets force. COMPLETED and "
        "CANCELLED requests are final."
    )
    async def retry_request(
        self,
        info: Info,
        input: Annotated[RetryRequestInput, about("The request and the retry options.")],
    ) -> RequestPayload:
        return await write_request(info, preparer(info).retry(input))

    @strawberry.mutation(
        description="Cancels a request. The worker is notified by cancelRequested in the next stage "
        "result."
    )
    async def cancel_request(
        self, info: Info, input: Annotated[CancelRequestInput, about("The request and the reason.")]
    ) -> RequestPayload:
        return await write_request(info, preparer(info).cancel(input))


@strawberry.type
class RequestQueries:
    @strawberry.field(description="Requests, newest first by default.")
    async def requests(
        self,
        info: Info,
        where: Annotated[RequestFilter | None, where_of("requests")] = None,
        order_by: Annotated[
            list[RequestOrder] | None, about("Sort order, most significant field first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Request]:
        store = info.context.store
        question = RecordQuery(
            condition_of(where, store.now()), tuple(step.order() for step in order_by or ())
        )
        page = PageRequest(first, after, last, before)
        return await connection(info, store.requests, question, page, Request.from_row)

    @strawberry.field(
        description="One request by its uuid, or the newest one with a correlation id."
    )
    async def request(
        self,
        info: Info,
        id: Annotated[UUID | None, about("The request's uuid.")] = None,
        correlation_id: Annotated[str | None, about("Correlation id.")] = None,
    ) -> Request | None:
        if (id is None) == (correlation_id is None):
            raise InvalidInputError("Set either id or correlationId.", ("id",))
        key = {"id": id} if id is not None else {"correlation_id": correlation_id}
        row = await info.context.store.requests.find_by(info.context.reader(), key)
        return Request.from_row(row) if row else None
