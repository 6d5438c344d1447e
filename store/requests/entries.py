"""Commands to requests as the writer takes them: checked, with the caller's bounds beside them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from models import Request, table_of
from store.auth.access import UNRESTRICTED, TenantBounds
from store.ids import instant_of
from store.ingest.entries import Entry
from store.maintenance.partitions import month_of, partitioned_tables
from store.requests.rows import CommandContext, Row
from store.requests.state import RequestState

REQUEST_TABLES: list[Table] = [
    t for t in partitioned_tables() if t.name in ("requests", "request_stages", "stage_attempts",
                                                  "request_events")
]  # fmt: skip
Change = Callable[[RequestState], bool]
"""Applies a command to the state; False where it was a repeat."""


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """A request as the transaction of a command left it, for the answer; only valid after the commit.

    ``events`` are those of the command itself.
    """

    request: Row
    stages: Mapping[str, Row]
    events: Sequence[Row]

    def event(self, id: UUID) -> Row | None:
        return next((event for event in self.events if event["id"] == id), None)


class RequestEntry(Entry):
    """An entry whose answer shows the request as it was written."""

    __slots__ = ("outcome",)

    def __init__(self) -> None:
        super().__init__()
        self.outcome: CommandOutcome | None = None

    def clear(self) -> None:
        super().clear()
        self.outcome = None


class CommandEntry(RequestEntry):
    """One command to one request.

    ``bounds`` say which requests the caller reaches; ``organization`` is known unless the caller
    spans all. ``event_id`` is the caller's, or None when a repeat cannot be recognised by it.
    """

    __slots__ = ("bounds", "change", "event_id", "fact", "request_id", "stage")

    def __init__(
        self,
        request_id: UUID,
        bounds: TenantBounds,
        fact: CommandContext,
        event_id: UUID | None,
        change: Change,
        stage: str | None = None,
    ) -> None:
        super().__init__()
        self.request_id = request_id
        self.bounds = bounds
        self.fact = fact
        self.event_id = event_id
        self.change = change
        self.stage = stage

    @property
    def organization(self) -> str | None:
        return self.bounds.organization_id


class CreateEntry(RequestEntry):
    """A new request with its planned stages; ``bounds`` say whose repeat finds it."""

    __slots__ = ("bounds", "fact", "row", "stages")

    def __init__(
        self, row: Row, stages: list[Row], fact: CommandContext, bounds: TenantBounds = UNRESTRICTED
    ) -> None:
        super().__init__()
        self.bounds = bounds
        self.row = row
        self.stages = stages
        self.fact = fact

    @property
    def request_id(self) -> UUID:
        return self.row["id"]  # type: ignore[no-any-return]

    @property
    def key(self) -> tuple[str, UUID]:
        return self.row["organization_id"], self.row["id"]

    @property
    def organization(self) -> str | None:
        return self.key[0]

    def partitions(self) -> Iterable[tuple[Table, int]]:
        month = month_of(instant_of(self.request_id))
        return [(table, month) for table in REQUEST_TABLES]


class StallCheckEntry(Entry):
    """A look at a request whose silence may be due.

    It goes through the writer like every command: the request is locked, and judged as it stands
    then. ``listening_since`` is when the server that asks began to listen.
    """

    __slots__ = ("listening_since", "organization", "request_id")

    def __init__(self, organization: str, request_id: UUID, listening_since: datetime) -> None:
        super().__init__()
        self.organization: str | None = organization
        self.request_id = request_id
        self.listening_since = listening_since

    @property
    def key(self) -> tuple[str | None, UUID]:
        return self.organization, self.request_id


REQUEST_COLUMNS = tuple(column.name for column in table_of(Request).columns)


def new_request_row(values: dict[str, Any]) -> Row:
    return {name: values.get(name) for name in REQUEST_COLUMNS}
