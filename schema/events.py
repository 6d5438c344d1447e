"""Describe events: the immutable entries of a request's log."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import strawberry

from schema.context import Info
from schema.enums import Severity
from schema.feeds import REPLAYED, cursor_in
from schema.hydration import FromRow, described
from schema.nodes import GlobalId, Node
from schema.scalars import JSON, Long
from store.feeds.sources import EVENT_FEED


@strawberry.type(description="An event in a request's log, numbered from 1 without gaps.")
class Event(Node, FromRow):
    uuid: UUID = described("The event's uuid.")
    request_id: UUID = described("The request whose log contains the event.")
    seq: Long = described("Sequence number in the log.")
    type: str = described("Event type: request.*, stage.*, or a custom name.")
    severity: Severity = described("Severity.")
    stage: str | None = described("Stage that the event concerns.")
    attempt: int | None = described("Attempt of the stage.")
    message: str | None = described("Message.")
    data: JSON | None = described("Event data.")
    occurred_at: datetime = described("When it happened, as reported by the client.")
    recorded_at: datetime = described("When the server recorded it.")
    organization_id: strawberry.Private[str]

    RENAMED: ClassVar = {"uuid": "id"}

    @strawberry.field(
        description="Cursor to resume requestEvents after this event; null if it was recorded "
        "before feeds existed."
    )
    async def feed_cursor(self, info: Info) -> str | None:
        """Return the cursor, read if necessary: the database numbers events as they are committed."""
        cursor = cursor_in(EVENT_FEED, self.__dict__)
        if cursor is None:
            key = self.organization_id, self.request_id, self.uuid
            row = await info.context.loaders.event.load(key)
            cursor = cursor_in(EVENT_FEED, row) if row else None
        return cursor

    @strawberry.field(description="False if a subscription delivers it live, as it is committed.")
    def replayed(self) -> bool:
        return bool(self.__dict__.get(REPLAYED, True))

    def global_id(self) -> GlobalId:
        return GlobalId("Event", (self.organization_id, self.request_id.hex, self.seq))
