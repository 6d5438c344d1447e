"""Requests: watched work with its stages, events and operations."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import strawberry

from schema.arguments import After, Before, First, Last, about
from schema.connections import Connection, connect
from schema.context import Info
from schema.enums import ItemStatus, RequestStatus
from schema.events import Event
from schema.hydration import FromRow, described
from schema.labels import Labelled
from schema.nodes import GlobalId, Node
from schema.operations import Operation, operations_of
from schema.scalars import JSON, Long
from schema.stages import Stage, milliseconds
from schema.timeline import TimelineBar
from store.errors import InvalidInputError
from store.query.paging import OrderTerm, PageRequest, encode_cursor
from store.requests.forecast import RequestSnapshot
from store.requests.sources import EVENTS


@strawberry.type(description="Why a request failed.")
class RequestError:
    """The error of a request."""

    message: str | None = described("In words.")
    stage: str | None = described("The stage it failed in.")
    details: JSON | None = described("In detail.")


@strawberry.type(description="Work that somebody watches: the projection of its event log.")
class Request(Node, Labelled, FromRow):
    """A row of ``requests``."""

    uuid: UUID = described("The request's own id: what mutations and request(id:) take.")
    correlation_id: str = described("Ties it to operations and events of other services.")
    type: str = described("What kind of work it is.")
    title: str | None = described("What people call it.")
    status: RequestStatus = described("Where it stands.")
    progress: float = described("How far it is, 0 to 1, by the weights of its stages.")
    current_stage: str | None = described("The stage that began last among those that run.")
    attributes: JSON | None = described("Free attributes.")
    result: JSON | None = described("What it brought.")
    error_stage: str | None = described("The stage that failed last, unless it was retried.")
    cancel_reason: str | None = described("Why it was called off.")
    last_seq: Long = described("The number of its newest event.")
    created_at: datetime = described("When it was created.")
    started_at: datetime | None = described("When it was started.")
    ended_at: datetime | None = described("When it ended.")
    updated_at: datetime = described("When it last changed.")
    heard_at: datetime | None = described(
        "When a message last changed it, by the server's clock; null before the first."
    )
    stalled_at: datetime | None = described("Since when it is stalled.")

    RENAMED: ClassVar = {"uuid": "id", "details": "error"}

    @property
    def key(self) -> tuple[str, UUID]:
        """The primary key."""
        return self.organization_id, self.uuid

    @property
    def _work(self) -> RequestSnapshot:
        return RequestSnapshot(*self.key, self.type, self.status, self.started_at)

    def global_id(self) -> GlobalId:
        return GlobalId("Request", (self.organization_id, self.uuid.hex))

    @strawberry.field(description="Why it failed; null unless it did.")
    def error(self) -> RequestError | None:
        """Message, stage and details together."""
        if self.status != RequestStatus.FAILED:
            return None
        own = self.__dict__
        return RequestError(
            message=own["error_message"], stage=self.error_stage, details=own["details"]
        )

    @strawberry.field(description="How long it took, in milliseconds; null while it goes on.")
    def duration_ms(self) -> float | None:
        """From start to end."""
        return milliseconds(self.started_at, self.ended_at)

    @strawberry.field(
        description="How many seconds until its last stage ends, from how long such stages took "
        "before and how far it is; null where that is unknown, and once it has ended."
    )
    async def eta_seconds(self, info: Info) -> float | None:
        """Reads what others took, so it needs READ."""
        info.context.reader()
        return await info.context.loaders.eta.load(self._work)

    @strawberry.field(
        description="Every attempt of its stages and what is still planned, in the order in "
        "which they begin: the bars of a Gantt picture."
    )
    async def timeline(self, info: Info) -> list[TimelineBar]:
        """Reads what others took, so it needs READ."""
        info.context.reader()
        bars = await info.context.loaders.timeline.load(self._work)
        return [TimelineBar.of(bar) for bar in bars]

    @strawberry.field(description="Its stages, in the order of the plan.")
    async def stages(self, info: Info) -> list[Stage]:
        """Loaded for all requests of an answer at once."""
        rows = await info.context.loaders.stages.load(self.key)
        return [Stage.from_row(row) for row in rows]

    @strawberry.field(description="One of its stages by name.")
    async def stage(
        self, info: Info, name: Annotated[str, about("The stage's name.")]
    ) -> Stage | None:
        """Out of the same load as ``stages``."""
        rows = await info.context.loaders.stages.load(self.key)
        return next((Stage.from_row(row) for row in rows if row["name"] == name), None)

    @strawberry.field(description="Its event log, oldest first.")
    async def events(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        after_seq: Annotated[Long | None, about("Only events with a greater seq.")] = None,
    ) -> Connection[Event]:
        """A page per request, loaded for all requests of an answer at once."""
        info.context.reader()
        if after_seq is not None:
            if after is not None:
                raise InvalidInputError("after and afterSeq exclude each other", ("afterSeq",))
            after = self._cursor_of(after_seq)
        page = await info.context.loaders.events(PageRequest(first, after, last, before)).load(
            self.key
        )

        async def count() -> int:
            return self.last_seq  # the log has no gaps

        return connect(page, Event.from_row, count)

    def _cursor_of(self, seq: int) -> str:
        terms: list[OrderTerm] = EVENTS.terms(())
        last_id = UUID(int=2**128 - 1)
        row = {"seq": seq, "request_id": last_id, "organization_id": ""}
        return encode_cursor(terms, row)

    @strawberry.field(description="The operations made for it, newest first.")
    async def operations(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Operation]:
        """A page per request, loaded for all requests of an answer at once."""
        return await operations_of(info, "request", self.key, PageRequest(first, after))


@strawberry.type(description="The answer to a command about a request.")
class RequestPayload:
    """Its status and the request as it is stored."""

    status: ItemStatus = described("ACCEPTED, or DUPLICATE where nothing changed.")
    truncated: int = described("Texts and JSON values that were over their limit and were cut.")
    key: strawberry.Private[tuple[Any, ...]]

    @strawberry.field(description="The request as it is stored.")
    async def request(self, info: Info) -> Request:
        """Read back only when it is selected."""
        row = await info.context.loaders.request.load(self.key)
        assert row is not None  # it was written a moment ago
        return Request.from_row(row)


@strawberry.type(description="The answer to a command about a stage.")
class StagePayload(RequestPayload):
    """The stage, its request, and whether the work was called off."""

    stage_name: strawberry.Private[str]

    @strawberry.field(description="The stage as it is stored.")
    async def stage(self, info: Info) -> Stage | None:
        """Null where the request ended before the stage was known."""
        row = await info.context.loaders.stage.load((*self.key, self.stage_name))
        return Stage.from_row(row) if row else None

    @strawberry.field(description="Whether the request was cancelled: the worker should stop.")
    async def cancel_requested(self, info: Info) -> bool:
        """What a worker looks at after each report."""
        row = await info.context.loaders.request.load(self.key)
        return row is not None and row["status"] == RequestStatus.CANCELLED


@strawberry.type(description="The answer to a logged event.")
class EventPayload(RequestPayload):
    """The event and its request."""

    event_id: strawberry.Private[UUID]

    @strawberry.field(description="The event as it stands in the log.")
    async def event(self, info: Info) -> Event | None:
        """Read back only when it is selected."""
        row = await info.context.loaders.event.load((*self.key, self.event_id))
        return Event.from_row(row) if row else None
