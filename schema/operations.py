"""Describe operations, and the payloads of mutations that record one."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from uuid import UUID

import strawberry

from models.types import to_microseconds
from schema.connections import Connection, Nodes, connect
from schema.context import Info
from schema.enums import ItemStatus, OperationKind, Outcome, PriceStatus
from schema.feeds import REPLAYED, cursor_in
from schema.hydration import FromRow, described, hydrate
from schema.labels import Labelled
from schema.nodes import GlobalId, Node
from schema.scalars import JSON, Long
from store.feeds.sources import OPERATION_FEED
from store.pricing.prices import to_dollars
from store.query.paging import PageRequest

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
"""Columns of fields that have another name than their column."""


@strawberry.type(description="An interaction that an operation counted, and its units.")
class InteractionUse:
    type: str = described("Interaction type, such as mini, premium or api_operation.")
    units: Long = described("Number of units.")
    counts_against_limits: bool = described("Whether limits also counted it.")


@strawberry.type(description="One finished API, tool or model call. Immutable.")
class Operation(Node, Labelled, FromRow):
    """Represent a row of ``operations``; money is in US dollars here, in nano-dollars there."""

    uuid: UUID = described("The operation's uuid, as chosen by its client.")
    # region generated: outputs without id feed_position interaction_type units counts_against_limits
    occurred_at: datetime = described("When the call finished.")
    recorded_at: datetime = described("When the server recorded it.")
    kind: OperationKind = described("Main kind: API, TOOL or LLM.")
    name: str = described("Name of the route, tool or model call, used for grouping.")
    operation_type: str | None = described("Operation type, such as add_memory.")
    outcome: Outcome = described("Outcome.")
    error: str | None = described("Error text.")
    duration_ms: float | None = described("Duration in milliseconds.")
    session_id: strawberry.ID | None = described("Session id.")
    request_id: UUID | None = described("The request that the call was made for.")
    stage: str | None = described("Stage of the request.")
    correlation_id: str | None = described("Links the operation to records of other services.")
    trace_id: str | None = described("Trace id.")
    client: str | None = described("Client program: X-Client-Type or a tool id.")
    route: str | None = described("Route, such as v1/memory.")
    method: str | None = described("HTTP method.")
    status_code: Long | None = described("HTTP status code, 100 to 599.")
    ip_address: str | None = described("IP address of the caller.")
    user_agent: str | None = described("User agent of the caller.")
    batch_size: Long | None = described("Number of items in the call.")
    resource_id: str | None = described("The resource that the call concerned.")
    tool_name: str | None = described("Tool name.")
    operation_mode: str | None = described("Mode of use.")
    file_path: str | None = described("Path of the file that the tool was used on.")
    parameters: JSON | None = described("Parameters of the call, as an object.")
    tokens_original: Long | None = described("Tokens without the tool's savings.")
    tokens_actual: Long | None = described(
        "Tokens with the tool's savings. May exceed tokensOriginal."
    )
    tokens_prevented: Long | None = described(
        "tokensOriginal - tokensActual; negative if the tool used more."
    )
    provider: str | None = described("Provider of the model.")
    model: str | None = described("Model name, used to look up the price.")
    input_tokens: Long | None = described(
        "All input tokens, including tokens read from and written to a cache."
    )
    output_tokens: Long | None = described("All output tokens, including reasoning tokens.")
    cached_input_tokens: Long | None = described("Part of inputTokens: tokens read from a cache.")
    cache_write_input_tokens: Long | None = described(
        "Part of inputTokens: tokens written to a cache."
    )
    reasoning_tokens: Long | None = described("Part of outputTokens: reasoning tokens.")
    audio_input_tokens: Long | None = described("Part of inputTokens: audio tokens.")
    audio_output_tokens: Long | None = described("Part of outputTokens: audio tokens.")
    price_status: PriceStatus | None = described("Whether a price was found; null without tokens.")
    cache_hit: bool | None = described("Whether the response came from a cache.")
    cost_baseline: float | None = described("Cost in US dollars without savings and caches.")
    cost_actual: float | None = described("Actual cost in US dollars.")
    cost_saved: float | None = described("Savings in US dollars: baseline - actual.")
    attributes: JSON | None = described("Custom attributes, as an object.")
    # endregion
    interaction_type: str | None = described("Interaction type of the first counted interaction.")
    units: Long | None = described("Units of the first counted interaction.")
    counts_against_limits: bool | None = described(
        "Whether limits counted the first interaction in addition to the monthly "
        "counter; null if nothing was counted."
    )

    RENAMED: ClassVar = {"uuid": "id"}
    CONVERTED: ClassVar = dict.fromkeys(("cost_baseline", "cost_actual", "cost_saved"), to_dollars)

    def key(self) -> tuple[Any, ...]:
        return self.organization_id, self.occurred_at, self.uuid

    def global_id(self) -> GlobalId:
        moment = to_microseconds(self.occurred_at)
        return GlobalId("Operation", (self.organization_id, moment, self.uuid.hex))

    @strawberry.field(
        description="Cursor to resume operationFeed after this operation; null if it was recorded "
        "before feeds existed."
    )
    def feed_cursor(self) -> str | None:
        return cursor_in(OPERATION_FEED, self.__dict__ | {"id": self.uuid})

    @strawberry.field(description="False if a feed delivers it live, as it is committed.")
    def replayed(self) -> bool:
        return bool(self.__dict__.get(REPLAYED, True))

    @strawberry.field(description="All interactions that the operation counted, in order.")
    def interactions(self) -> list[InteractionUse]:
        if self.interaction_type is None:
            return []
        first_use = {
            "type": self.interaction_type,
            "units": self.units,
            "counts_against_limits": self.counts_against_limits,
        }
        further_uses = self.__dict__["further_interactions"] or ()
        return [hydrate(InteractionUse, use) for use in (first_use, *further_uses)]

    @strawberry.field(description="The user's message, if recorded.")
    async def message(self, info: Info) -> str | None:
        info.context.reader()
        text = await info.context.loaders.text.load(self.key())
        return text["message"] if text else None

    @strawberry.field(description="The model's response, if recorded.")
    async def response(self, info: Info) -> str | None:
        info.context.reader()
        text = await info.context.loaders.text.load(self.key())
        return text["response"] if text else None

    @strawberry.field(description="The request that the operation was made for, if it exists.")
    async def request(
        self, info: Info
    ) -> Annotated["Request", strawberry.lazy("schema.requests")] | None:
        info.context.reader()
        if self.request_id is None:
            return None
        row = await info.context.loaders.request.load((self.organization_id, self.request_id))
        return info.context.hydrate.request(row) if row else None

    @strawberry.field(description="The session of the operation, if it exists.")
    async def session(
        self, info: Info
    ) -> Annotated["Session", strawberry.lazy("schema.sessions")] | None:
        info.context.reader()
        if self.session_id is None:
            return None
        row = await info.context.loaders.session.load((self.organization_id, self.session_id))
        return info.context.hydrate.session(row) if row else None


@strawberry.type(description="Result of recording one operation.")
class OperationPayload:
    status: ItemStatus = described("ACCEPTED, or DUPLICATE if the operation already existed.")
    uuid: UUID = described("The operation's uuid.")
    truncated: int = described("Texts that exceeded their limit and were truncated.")
    key: strawberry.Private[tuple[Any, ...]]

    @strawberry.field(description="The stored operation.")
    async def operation(self, info: Info) -> Operation | None:
        row = await info.context.loaders.operation.load(self.key)
        return Operation.from_row(row) if row else None


async def operations_of(
    info: Info, edge: str, key: tuple[Any, ...], page: PageRequest
) -> Connection[Operation]:
    """Return a page of the operations of a request or session, named by ``edge`` and its key."""
    info.context.reader()  # a payload shows what its caller wrote, so reading more needs READ
    loader = info.context.loaders.operations_of(edge, page)
    page_rows = await loader.load(key)

    async def count() -> int:
        return await info.context.loaders.operation_count_of(edge).load(key)

    return connect(page_rows, Nodes(page_rows, Operation.from_row), count)
