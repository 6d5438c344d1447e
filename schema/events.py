"""Events: the immutable facts in a request's log."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import strawberry

from schema.enums import Severity
from schema.hydration import FromRow, described
from schema.nodes import GlobalId, Node
from schema.scalars import JSON, Long


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

    def global_id(self) -> GlobalId:
        return GlobalId("Event", (self.organization_id, self.request_id.hex, self.seq))
