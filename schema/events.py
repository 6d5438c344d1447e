"""Events: the immutable facts in a request's log."""

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


@strawberry.type(description="A fact in a request's log, numbered from 1 without a gap.")
class Event(Node, FromRow):
    """A row of ``request_events``."""

    uuid: UUID = described("The event's own id.")
    request_id: UUID = described("The request whose log it stands in.")
    seq: Long = described("Its number in the log.")
    type: str = described("What happened: request.*, stage.*, or a name of the caller's.")
    severity: Severity = described("How much it matters.")
    stage: str | None = described("The stage it is about.")
    attempt: int | None = described("The attempt of that stage.")
    message: str | None = described("In words.")
    data: JSON | None = described("In detail.")
    occurred_at: datetime = described("When it happened, as its sender said.")
    recorded_at: datetime = described("When the server took it.")
    organization_id: strawberry.Private[str]

    RENAMED: ClassVar = {"uuid": "id"}

    @strawberry.field(
        description="Where requestEvents goes on after it; null where it was recorded before "
        "there were feeds."
    )
    async def feed_cursor(self, info: Info) -> str | None:
        """Read where it is not known yet: the database numbers events as they are committed."""
        cursor = cursor_in(EVENT_FEED, self.__dict__)
        if cursor is None:
            key = self.organization_id, self.request_id, self.uuid
            row = await info.context.loaders.event.load(key)
            cursor = cursor_in(EVENT_FEED, row) if row else None
        return cursor

    @strawberry.field(description="False where a subscription delivers it as it is committed.")
    def replayed(self) -> bool:
        """Logs and what a subscription catches up with were read."""
        return bool(self.__dict__.get(REPLAYED, True))

    def global_id(self) -> GlobalId:
        return GlobalId("Event", (self.organization_id, self.request_id.hex, self.seq))
