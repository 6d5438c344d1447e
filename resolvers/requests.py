"""Requests: created, started, ended, listed."""

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
from store.ingest.entries import Entry
from store.query.paging import PageRequest
from store.query.records import RecordQuery
from store.requests.prepare import RequestPreparer


def preparer(info: Info) -> RequestPreparer:
    """Checks what the caller says about requests; raises ``Forbidden`` without INGEST."""
    return info.context.store.intake(info.context.principal).requests


async def write_request(info: Info, entry: Entry) -> RequestPayload:
    """Write one command; answers after the commit."""
    result = await info.context.write_one(entry)
    status = ItemStatus(result.status)
    return RequestPayload(status=status, truncated=entry.truncated, key=result.detail)


@strawberry.type
class RequestMutations:
    """Commands to requests."""

    @strawberry.mutation(description="Create a request, with the stages that are planned.")
    async def create_request(
        self, info: Info, input: Annotated[CreateRequestInput, about("The request and its plan.")]
    ) -> RequestPayload:
        """PENDING."""
        return await write_request(info, preparer(info).create(input))

    @strawberry.mutation(description="Start a request.")
    async def start_request(
        self, info: Info, input: Annotated[StartRequestInput, about("Which request.")]
    ) -> RequestPayload:
        """PENDING to RUNNING."""
        return await write_request(info, preparer(info).start(input))

    @strawberry.mutation(description="A request is done; stages that run or wait end with it.")
    async def complete_request(
        self,
        info: Info,
        input: Annotated[CompleteRequestInput, about("Which request, and what it brought.")],
    ) -> RequestPayload:
        """RUNNING to COMPLETED."""
        return await write_request(info, preparer(info).complete(input))

    @strawberry.mutation(description="A request failed; stages that run or wait end with it.")
    async def fail_request(
        self, info: Info, input: Annotated[FailRequestInput, about("Which request, and why.")]
    ) -> RequestPayload:
        """To FAILED."""
        return await write_request(info, preparer(info).fail(input))

    @strawberry.mutation(
        description="Run a failed request again, from its error stage: that stage runs in its next "
        "attempt, stages that the failure cancelled or skipped wait again, completed ones stay. "
        "Refused if no attempt is left or the failure is not retryable, unless an administrator "
        "forces it. COMPLETED and CANCELLED requests are final."
    )
    async def retry_request(
        self, info: Info, input: Annotated[RetryRequestInput, about("Which request, and how.")]
    ) -> RequestPayload:
        """FAILED to RUNNING."""
        return await write_request(info, preparer(info).retry(input))

    @strawberry.mutation(
        description="Cancel a request. Its worker learns it from the next answer about a stage "
        "(cancelRequested)."
    )
    async def cancel_request(
        self, info: Info, input: Annotated[CancelRequestInput, about("Which request, and why.")]
    ) -> RequestPayload:
        """To CANCELLED."""
        return await write_request(info, preparer(info).cancel(input))


@strawberry.type
class RequestQueries:
    """Reading requests."""

    @strawberry.field(description="Requests, newest first where no order is given.")
    async def requests(
        self,
        info: Info,
        where: Annotated[RequestFilter | None, where_of("requests")] = None,
        order_by: Annotated[
            list[RequestOrder] | None, about("The order, first step first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Request]:
        """A page of those within the caller's bounds."""
        store = info.context.store
        question = RecordQuery(
            condition_of(where, store.now()), tuple(step.order() for step in order_by or ())
        )
        page = PageRequest(first, after, last, before)
        return await connection(info, store.requests, question, page, Request.from_row)

    @strawberry.field(
        description="One request, by its own id (uuid) or by its correlation id (the newest)."
    )
    async def request(
        self,
        info: Info,
        id: Annotated[UUID | None, about("Its own id (uuid).")] = None,
        correlation_id: Annotated[str | None, about("Its correlation id.")] = None,
    ) -> Request | None:
        """Null where there is none within the caller's bounds."""
        if (id is None) == (correlation_id is None):
            raise InvalidInputError("give id or correlationId, one of the two", ("id",))
        asked = {"id": id} if id is not None else {"correlation_id": correlation_id}
        row = await info.context.store.requests.find_by(info.context.reader(), asked)
        return Request.from_row(row) if row else None
