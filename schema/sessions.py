"""Describe sessions: groups of operations."""

from datetime import datetime
from typing import Any, ClassVar

import strawberry

from schema.arguments import After, First
from schema.conditions import condition
from schema.connections import Connection
from schema.context import Info
from schema.enums import ItemStatus
from schema.filter_operators import (
    DateTimeFilter,
    IDFilter,
    StringFilter,
)
from schema.hydration import FromRow, described
from schema.labels import Labelled, LabelsInput
from schema.nodes import GlobalId, Node
from schema.operations import Operation, operations_of
from schema.scalars import JSON
from store.query.paging import PageRequest


@strawberry.type(description="A session of a tool or user that groups operations.")
class Session(Node, Labelled, FromRow):
    uuid: strawberry.ID = described(
        "The session's id, as chosen by its client. Need not be a UUID."
    )
    name: str | None = described("Display name.")
    client: str | None = described("Client program, such as claude-code.")
    started_at: datetime = described("Start time.")
    ended_at: datetime | None = described("End time; null while the session is open.")
    attributes: JSON | None = described("Custom attributes.")

    RENAMED: ClassVar = {"uuid": "id"}

    def global_id(self) -> GlobalId:
        return GlobalId("Session", (self.organization_id, self.uuid))

    @strawberry.field(description="Operations of the session, newest first.")
    async def operations(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Operation]:
        key = self.organization_id, self.uuid
        return await operations_of(info, "session", key, PageRequest(first, after))


@strawberry.input(description="A session. Send it again with endedAt to end it.")
class SessionInput:
    id: strawberry.ID | None = described(
        "Any text chosen by the client, such as chat-42. A UUID is compared in "
        "lowercase. Defaults to a new UUIDv7.",
        default=None,
    )
    name: str | None = described("Display name.", default=None)
    client: str | None = described("Client program, such as claude-code.", default=None)
    started_at: datetime | None = described(
        "Defaults to the time in the id if it is a UUIDv7, otherwise to now.", default=None
    )
    ended_at: datetime | None = described("End time.", default=None)
    labels: LabelsInput | None = described("Labels of the session.", default=None)
    attributes: JSON | None = described("Custom attributes, as an object.", default=None)


@strawberry.input(description="Ends a session.")
class EndSessionInput:
    session_id: strawberry.ID = described("The session's uuid, as chosen by its client.")


@strawberry.input(description="Filters sessions. Conditions are combined with AND.")
class SessionFilter:
    and_: list["SessionFilter"] | None = condition(
        "Matches records that satisfy all of these filters.", name="and"
    )
    or_: list["SessionFilter"] | None = condition(
        "Matches records that satisfy any of these filters.", name="or"
    )
    not_: "SessionFilter | None" = condition(
        "Matches records that do not satisfy this filter.", name="not"
    )
    id: IDFilter | None = condition("Filters by uuid.")
    name: StringFilter | None = condition("Filters by name.")
    client: StringFilter | None = condition("Filters by client.")
    started_at: DateTimeFilter | None = condition("Filters by start time.")
    ended_at: DateTimeFilter | None = condition("Filters by end time.")
    organization_id: IDFilter | None = condition("Filters by organization.")
    namespace_id: IDFilter | None = condition("Filters by namespace.")
    workspace_id: IDFilter | None = condition("Filters by workspace.")
    user_id: IDFilter | None = condition("Filters by user.")
    developer_id: IDFilter | None = condition("Filters by developer.")
    api_key_id: IDFilter | None = condition("Filters by API key label.")
    company_id: IDFilter | None = condition("Filters by company.")
    subscription_id: IDFilter | None = condition("Filters by subscription.")


@strawberry.type(description="Result of startSession and endSession.")
class SessionPayload:
    status: ItemStatus = described("ACCEPTED, or DUPLICATE if nothing changed.")
    key: strawberry.Private[tuple[Any, ...]]

    @strawberry.field(description="The stored session.")
    async def session(self, info: Info) -> Session | None:
        row = await info.context.loaders.session.load(self.key)
        return Session.from_row(row) if row else None
