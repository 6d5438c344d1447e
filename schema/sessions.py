"""Sessions: groups of operations."""

from datetime import datetime
from typing import Any, ClassVar

import strawberry

from schema.arguments import After, First
from schema.conditions import condition
from schema.connections import Connection
from schema.context import Info
from schema.enums import ItemStatus
from schema.filters import IDFilter, StringFilter, TimeFilter
from schema.hydration import FromRow, described
from schema.labels import Labelled, LabelsInput
from schema.nodes import GlobalId, Node
from schema.operations import Operation, operations_of
from schema.scalars import JSON
from store.query.paging import PageRequest


@strawberry.type(description="A session of a tool or user; groups operations.")
class Session(Node, Labelled, FromRow):
    """A row of ``sessions``."""

    uuid: strawberry.ID = described(
        "The session's own id: the text that its caller chose, which need not be a UUID."
    )
    name: str | None = described("What people call it.")
    client: str | None = described("The program, such as claude-code.")
    started_at: datetime = described("When it began.")
    ended_at: datetime | None = described("When it ended; null while it goes on.")
    attributes: JSON | None = described("Free attributes.")

    RENAMED: ClassVar = {"uuid": "id"}

    def global_id(self) -> GlobalId:
        return GlobalId("Session", (self.organization_id, self.uuid))

    @strawberry.field(description="Its operations, newest first.")
    async def operations(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Operation]:
        """A page per session, loaded for all sessions of an answer at once."""
        key = self.organization_id, self.uuid
        return await operations_of(info, "session", key, PageRequest(first, after))


@strawberry.input(description="A session. Sent again with endedAt it ends.")
class SessionInput:
    """Structurally a ``SessionDraft``."""

    id: strawberry.ID | None = described(
        "Any text that the client chooses, such as chat-42; a UUID is compared in lower case. "
        "Default: a new UUIDv7.",
        default=None,
    )
    name: str | None = described("What people call it.", default=None)
    client: str | None = described("The program, such as claude-code.", default=None)
    started_at: datetime | None = described(
        "Default: the time inside the id where it is a UUIDv7, else now.", default=None
    )
    ended_at: datetime | None = described("When it ended.", default=None)
    labels: LabelsInput | None = described("Whose session it is.", default=None)
    attributes: JSON | None = described("Free attributes: an object.", default=None)


@strawberry.input(description="A session ends.")
class EndSessionInput:
    """Which one."""

    session_id: strawberry.ID = described("The session's own id (uuid), as its caller chose it.")


@strawberry.input(description="Which sessions. All that is given must hold.")
class SessionFilter:
    """By labels, client and time."""

    and_: list["SessionFilter"] | None = condition("All of these.", name="and")
    or_: list["SessionFilter"] | None = condition("Any of these.", name="or")
    not_: "SessionFilter | None" = condition("The opposite of this.", name="not")
    id: list[strawberry.ID] | None = condition("One of these own ids (uuid).")
    name: StringFilter | None = condition("By name.")
    client: StringFilter | None = condition("By client.")
    started_at: TimeFilter | None = condition("By when it began.")
    ended_at: TimeFilter | None = condition("By when it ended.")
    organization_id: IDFilter | None = condition("By organization.")
    namespace_id: IDFilter | None = condition("By namespace.")
    workspace_id: IDFilter | None = condition("By workspace.")
    user_id: IDFilter | None = condition("By user.")


@strawberry.type(description="The answer to a session that was started or ended.")
class SessionPayload:
    """Its status and the session as it is stored."""

    status: ItemStatus = described("ACCEPTED, or DUPLICATE where nothing changed.")
    key: strawberry.Private[tuple[Any, ...]]

    @strawberry.field(description="The session as it is stored.")
    async def session(self, info: Info) -> Session | None:
        """Read back only when it is selected."""
        row = await info.context.loaders.session.load(self.key)
        return Session.from_row(row) if row else None
