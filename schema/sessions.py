"""Sessions: the operations of one sitting."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

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
from store.paging import PageRequest


@strawberry.type(description="One sitting of a tool or user; groups operations.")
class Session(Node, Labelled, FromRow):
    """A row of ``sessions``."""

    uuid: UUID = described("The session's own id.")
    name: str | None = described("What people call it.")
    client: str | None = described("The program, such as claude-code.")
    started_at: datetime = described("When it began.")
    ended_at: datetime | None = described("When it ended; null while it goes on.")
    attributes: JSON | None = described("Free attributes.")

    RENAMED: ClassVar = {"uuid": "id"}

    def global_id(self) -> GlobalId:
        return GlobalId("Session", (self.organization_id, self.uuid.hex))

    @strawberry.field(description="Its operations, newest first.")
    async def operations(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Operation]:
        """A page per session, loaded for all sessions of an answer at once."""
        key = self.organization_id, self.uuid
        return await operations_of(info, "session", key, PageRequest(first, after))


@strawberry.input(description="A sitting. Sent again with endedAt it ends.")
class SessionInput:
    """Structurally a ``SessionDraft``."""

    id: UUID | None = described("UUIDv7 chosen by the client.", default=None)
    name: str | None = described("What people call it.", default=None)
    client: str | None = described("The program, such as claude-code.", default=None)
    started_at: datetime | None = described("Default: the time inside the id.", default=None)
    ended_at: datetime | None = described("When it ended.", default=None)
    labels: LabelsInput | None = described("Whose sitting it is.", default=None)
    attributes: JSON | None = described("Free attributes: an object.", default=None)


@strawberry.input(description="Which sessions. All that is given must hold.")
class SessionFilter:
    """By labels, client and time."""

    and_: list["SessionFilter"] | None = condition("All of these.", name="and")
    or_: list["SessionFilter"] | None = condition("Any of these.", name="or")
    not_: "SessionFilter | None" = condition("The opposite of this.", name="not")
    id: list[UUID] | None = condition("One of these own ids (uuid).")
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
