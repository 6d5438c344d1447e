"""Describe requests: watched work with its stages, events and operations."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import strawberry

from schema.arguments import After, Before, First, Last, about
from schema.connections import Connection, Nodes, connect
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
from store.database import Row
from store.errors import InvalidInputError
from store.query.paging import OrderTerm, PageRequest, encode_cursor
from store.requests.entries import CommandOutcome
from store.requests.forecast import RequestSnapshot
from store.requests.sources import EVENTS


@strawberry.type(description="Why a request failed.")
class RequestError:
    """The error of a request."""

    message: str | None = described("Message.")
    stage: str | None = described("Failed stage.")
    details: JSON | None = described("Event data.")


@strawberry.type(description="A unit of work with live progress, derived from its event log.")
class Request(Node, Labelled, FromRow):
    uuid: UUID = described("The request's uuid, used in mutations and in request(id:).")
    correlation_id: str = described(
        "Links the operation to operations and events of other services."
    )
    type: str = described("Type of work.")
    title: str | None = described("Display name.")
    status: RequestStatus = described("Current status.")
    progress: float = described("Progress from 0 to 1, weighted by stage.")
    current_stage: str | None = described("The most recently started running stage.")
    attributes: JSON | None = described("Custom attributes.")
    result: JSON | None = described("Output of the work.")
    error_stage: str | None = described("The last failed stage, unless it was retried.")
    cancel_reason: str | None = described("Reason for the cancellation.")
    last_seq: Long = described("Sequence number of the newest event.")
    created_at: datetime = described("Creation time.")
    started_at: datetime | None = described("Start time.")
    ended_at: datetime | None = described("End time.")
    updated_at: datetime = described("Time of the last change.")
    last_heartbeat_at: datetime | None = described(
        "Server time of the last message that changed the request; null before the first."
    )
    stalled_at: datetime | None = described("Time since which it has been stalled.")

    RENAMED: ClassVar = {"uuid": "id", "details": "error"}

    @property
    def key(self) -> tuple[str, UUID]:
        return self.organization_id, self.uuid

    @property
    def _work(self) -> RequestSnapshot:
        return RequestSnapshot(*self.key, self.type, self.status, self.started_at)

    def global_id(self) -> GlobalId:
        return GlobalId("Request", (self.organization_id, self.uuid.hex))

    @strawberry.field(description="Error; null unless the request failed.")
    def error(self) -> RequestError | None:
        if self.status != RequestStatus.FAILED:
            return None
        columns = self.__dict__
        return RequestError(
            message=columns["error_message"], stage=self.error_stage, details=columns["details"]
        )

    @strawberry.field(description="Duration in milliseconds; null until it ends.")
    def duration_ms(self) -> float | None:
        return milliseconds(self.started_at, self.ended_at)

    @strawberry.field(
        description="Estimated seconds until the last stage ends, based on progress and past "
        "durations of such stages; null if unknown or ended."
    )
    async def eta_seconds(self, info: Info) -> float | None:
        """Estimate from the durations of other requests, which needs READ."""
        info.context.reader()
        return await info.context.loaders.eta.load(self._work)

    @strawberry.field(
        description="All attempts and planned stages in order of their start, as bars for a Gantt "
        "chart."
    )
    async def timeline(self, info: Info) -> list[TimelineBar]:
        info.context.reader()
        bars = await info.context.loaders.timeline.load(self._work)
        return [TimelineBar.of(bar) for bar in bars]

    @strawberry.field(description="Stages in planned order.")
    async def stages(self, info: Info) -> list[Stage]:
        rows = await info.context.loaders.stages.load(self.key)
        return [Stage.from_row(row) for row in rows]

    @strawberry.field(description="A stage by name.")
    async def stage(self, info: Info, name: Annotated[str, about("Stage name.")]) -> Stage | None:
        rows = await info.context.loaders.stages.load(self.key)
        return next((Stage.from_row(row) for row in rows if row["name"] == name), None)

    @strawberry.field(description="Event log, oldest first.")
    async def events(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        after_seq: Annotated[Long | None, about("Returns events with a greater seq.")] = None,
    ) -> Connection[Event]:
        info.context.reader()
        if after_seq is not None:
            if after is not None:
                raise InvalidInputError(
                    "after and afterSeq cannot be combined. Use one of them.", ("afterSeq",)
                )
            after = self._cursor_of(after_seq)
        page = await info.context.loaders.events(PageRequest(first, after, last, before)).load(
            self.key
        )

        async def count() -> int:
            return self.last_seq  # the log has no gaps

        return connect(page, Nodes(page, Event.from_row), count)

    def _cursor_of(self, seq: int) -> str:
        terms: list[OrderTerm] = EVENTS.terms(())
        last_id = UUID(int=2**128 - 1)
        row = {"seq": seq, "request_id": last_id, "organization_id": ""}
        return encode_cursor(terms, row)

    @strawberry.field(description="Operations of the request, newest first.")
    async def operations(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Operation]:
        return await operations_of(info, "request", self.key, PageRequest(first, after))


@strawberry.type(description="Result of a command on a request.")
class RequestPayload:
    status: ItemStatus = described("ACCEPTED, or DUPLICATE if nothing changed.")
    truncated: int = described(
        "Texts and JSON values that exceeded their limit and were truncated."
    )
    key: strawberry.Private[tuple[Any, ...]]
    outcome: strawberry.Private[CommandOutcome | None] = None

    async def _row(self, info: Info) -> Row | None:
        if self.outcome is not None:
            return self.outcome.request
        return await info.context.loaders.request.load(self.key)

    @strawberry.field(description="The stored request.")
    async def request(self, info: Info) -> Request:
        row = await self._row(info)
        assert row is not None  # just written
        return Request.from_row(row)


@strawberry.type(description="Result of a command on a stage.")
class StagePayload(RequestPayload):
    stage_name: strawberry.Private[str] = ""

    @strawberry.field(description="The stored stage.")
    async def stage(self, info: Info) -> Stage | None:
        """Return None if the request ended before the stage existed."""
        row: Row | None
        if self.outcome is not None:
            row = self.outcome.stages.get(self.stage_name)
        else:
            row = await info.context.loaders.stage.load((*self.key, self.stage_name))
        return Stage.from_row(row) if row else None

    @strawberry.field(
        description="Whether the request was cancelled. If true, the worker should stop."
    )
    async def cancel_requested(self, info: Info) -> bool:
        row = await self._row(info)
        return row is not None and row["status"] == RequestStatus.CANCELLED


@strawberry.type(description="Result of logEvent.")
class EventPayload(RequestPayload):
    event_id: strawberry.Private[UUID] = UUID(int=0)

    @strawberry.field(description="The stored event.")
    async def event(self, info: Info) -> Event | None:
        row: Row | None = None if self.outcome is None else self.outcome.event(self.event_id)
        if row is None:
            row = await info.context.loaders.event.load((*self.key, self.event_id))
        return Event.from_row(row) if row else None
