"""The operation type and the payloads of the mutations that record one."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from uuid import UUID

import strawberry

from models.types import to_microseconds
from schema.connections import Connection, connect
from schema.context import Info
from schema.enums import ItemStatus, OperationKind, Outcome, PriceStatus
from schema.feeds import REPLAYED, cursor_in
from schema.hydration import FromRow, described, hydrate
from schema.labels import Labelled
from schema.nodes import GlobalId, Node
from schema.scalars import JSON, Long
from store.feeds.sources import OPERATION_FEED
from store.pricing.prices import to_dollars
from store.query.filters import AllOf, Compare, ComparisonOperator
from store.query.paging import PageRequest
from store.query.records import RecordQuery

if TYPE_CHECKING:
    from schema.requests import Request
    from schema.sessions import Session

NEEDS = {
    "uuid": ("id",),
    "id": ("organization_id", "occurred_at", "id"),
    "interactions": (
        "interaction_type",
        "units",
        "counts_against_limits",
        "further_interactions",
    ),
    "feed_cursor": ("feed_position", "organization_id", "occurred_at", "id"),
    "replayed": (),
}
"""Columns behind the fields that are not named as their column."""


@strawberry.type(description="What an operation counted, and how much.")
class InteractionUse:
    """Units of one type."""

    type: str = described("The interaction, such as mini, premium or api_operation.")
    units: Long = described("How many units.")
    counts_against_limits: bool = described("Whether limits counted it, too.")


@strawberry.type(description="One finished call: of an API, a tool or a model. Immutable.")
class Operation(Node, Labelled, FromRow):
    """A row of ``operations``; money is in US dollars here, in nano-dollars there."""

    uuid: UUID = described("The operation's own id, as its client chose it.")
    occurred_at: datetime = described("When the call was finished.")
    recorded_at: datetime = described("When the server took it.")
    kind: OperationKind = described("What it mainly is; any kind may have any details.")
    name: str = described("Route, tool or model call, as people group it.")
    operation_type: str | None = described("What it was for, such as add_memory.")
    outcome: Outcome = described("Whether it succeeded.")
    error: str | None = described("Why it failed.")
    duration_ms: float | None = described("How long it took, in milliseconds.")
    session_id: strawberry.ID | None = described("The session it belongs to.")
    request_id: UUID | None = described("The request it was made for.")
    stage: str | None = described("The stage of that request.")
    correlation_id: str | None = described("Ties it to operations and events of other services.")
    trace_id: str | None = described("The trace it is part of.")
    client: str | None = described("The program that called: X-Client-Type, or the tool's id.")
    route: str | None = described("The route.")
    method: str | None = described("The HTTP method.")
    status_code: Long | None = described("The HTTP status.")
    ip_address: str | None = described("The caller's address.")
    user_agent: str | None = described("The caller's user agent.")
    batch_size: Long | None = described("How many items the call carried.")
    resource_id: str | None = described("The record that the call was about.")
    tool_name: str | None = described("The tool.")
    operation_mode: str | None = described("How it was used.")
    file_path: str | None = described("The file it was used on.")
    parameters: JSON | None = described("What it was called with.")
    tokens_original: Long | None = described("Tokens without the tool's saving.")
    tokens_actual: Long | None = described("Tokens with it.")
    tokens_prevented: Long | None = described(
        "tokensOriginal - tokensActual; negative where it cost more."
    )
    provider: str | None = described("Who runs the model.")
    model: str | None = described("The model.")
    input_tokens: Long | None = described(
        "All input tokens; those read from a cache and written to it are included."
    )
    output_tokens: Long | None = described("All output tokens; reasoning tokens are included.")
    cached_input_tokens: Long | None = described("Input tokens read from a cache.")
    cache_write_input_tokens: Long | None = described("Input tokens written to a cache.")
    reasoning_tokens: Long | None = described("Output tokens of the model's reasoning.")
    audio_input_tokens: Long | None = described("Input tokens of audio.")
    audio_output_tokens: Long | None = described("Output tokens of audio.")
    price_status: PriceStatus | None = described("Whether it could be priced; null without tokens.")
    cost_baseline: float | None = described("US dollars without saving or cache.")
    cost_actual: float | None = described("US dollars that it cost.")
    cost_saved: float | None = described("US dollars: baseline - actual.")
    cache_hit: bool | None = described("Whether a cache answered.")
    interaction_type: str | None = described("What it counted; the first of interactions.")
    units: Long | None = described("How many units of that it counted.")
    counts_against_limits: bool | None = described(
        "Whether limits counted that, beside the monthly counter; null where it counted nothing."
    )
    attributes: JSON | None = described("Free attributes.")

    RENAMED: ClassVar = {"uuid": "id"}
    CONVERTED: ClassVar = dict.fromkeys(("cost_baseline", "cost_actual", "cost_saved"), to_dollars)

    def key(self) -> tuple[Any, ...]:
        """The primary key."""
        return self.organization_id, self.occurred_at, self.uuid

    def global_id(self) -> GlobalId:
        moment = to_microseconds(self.occurred_at)
        return GlobalId("Operation", (self.organization_id, moment, self.uuid.hex))

    @strawberry.field(
        description="Where operationFeed goes on after it; null where it was recorded before "
        "there were feeds."
    )
    def feed_cursor(self) -> str | None:
        """Of the order in which operations were committed."""
        return cursor_in(OPERATION_FEED, self.__dict__ | {"id": self.uuid})

    @strawberry.field(description="False where a feed delivers it as it is committed.")
    def replayed(self) -> bool:
        """Lists and what a feed catches up with were read."""
        return bool(self.__dict__.get(REPLAYED, True))

    @strawberry.field(description="Everything that it counted, the first one first.")
    def interactions(self) -> list[InteractionUse]:
        """The columns of the first one, and the list of the others."""
        if self.interaction_type is None:
            return []
        first = {
            "type": self.interaction_type,
            "units": self.units,
            "counts_against_limits": self.counts_against_limits,
        }
        further = self.__dict__["further_interactions"] or ()
        return [hydrate(InteractionUse, use) for use in (first, *further)]

    @strawberry.field(description="What was asked, where it was recorded.")
    async def message(self, info: Info) -> str | None:
        """Loaded apart: long texts live beside the operations."""
        info.context.reader()
        text = await info.context.loaders.text.load(self.key())
        return text["message"] if text else None

    @strawberry.field(description="What was answered, where it was recorded.")
    async def response(self, info: Info) -> str | None:
        """Loaded apart: long texts live beside the operations."""
        info.context.reader()
        text = await info.context.loaders.text.load(self.key())
        return text["response"] if text else None

    @strawberry.field(description="The request it was made for, where that is known here.")
    async def request(
        self, info: Info
    ) -> Annotated["Request", strawberry.lazy("schema.requests")] | None:
        """By requestId, in the operation's organization."""
        info.context.reader()
        if self.request_id is None:
            return None
        row = await info.context.loaders.request.load((self.organization_id, self.request_id))
        return info.context.hydrate.request(row) if row else None

    @strawberry.field(description="The session it belongs to, where that is known here.")
    async def session(
        self, info: Info
    ) -> Annotated["Session", strawberry.lazy("schema.sessions")] | None:
        """By sessionId, in the operation's organization."""
        info.context.reader()
        if self.session_id is None:
            return None
        row = await info.context.loaders.session.load((self.organization_id, self.session_id))
        return info.context.hydrate.session(row) if row else None


@strawberry.type(description="The answer to one recorded operation.")
class OperationPayload:
    """Its status, and the operation as it is stored."""

    status: ItemStatus = described("ACCEPTED, or DUPLICATE where it was there already.")
    uuid: UUID = described("The operation's own id.")
    truncated: int = described("Texts that were over their limit and were cut.")
    key: strawberry.Private[tuple[Any, ...]]

    @strawberry.field(description="The operation as it is stored.")
    async def operation(self, info: Info) -> Operation | None:
        """Read back only when it is selected."""
        row = await info.context.loaders.operation.load(self.key)
        return Operation.from_row(row) if row else None


async def operations_of(
    info: Info, edge: str, key: tuple[Any, ...], page: PageRequest
) -> Connection[Operation]:
    """The operations of a request or session: ``edge`` says which, ``key`` is its primary key."""
    info.context.reader()  # a payload shows what its caller wrote, not what others did
    loader = info.context.loaders.operations_of(edge, page)
    found = await loader.load(key)

    async def count() -> int:
        condition = AllOf(
            (
                Compare("organization_id", ComparisonOperator.EQ, key[0]),
                Compare(f"{edge}_id", ComparisonOperator.EQ, key[1]),
            )
        )
        return await info.context.store.operations.count(
            info.context.reader(), RecordQuery(condition)
        )

    return connect(found, Operation.from_row, count)
