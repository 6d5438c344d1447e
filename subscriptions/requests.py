"""Define requestProgress and requestEvents: requests watched live."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import strawberry

from schema.arguments import about, where_of
from schema.events import Event
from schema.feeds import REPLAYED, Gap, Overflow
from schema.filters import condition_of
from schema.hydration import described
from schema.requests import Request
from schema.scalars import Long
from schema.stage_filters import EventFilter
from store.errors import NotFoundError
from store.feeds.reading import FeedQuery
from subscriptions.context import LiveInfo
from subscriptions.feeds import FeedGap, FeedRow
from subscriptions.following import Following
from subscriptions.logs import Progress
from subscriptions.subscriber import Policy


@strawberry.type(description="Progress of a request: its current state, then every change.")
class RequestProgress:
    request: Request = described("The request, at least as recent as the event.")
    event: Event | None = described("The event; null for the current state.")
    seq: Long = described("Sequence number of the event. Pass it as afterSeq to continue.")
    progress: float = described("Progress of the request from 0 to 1, weighted by stage.")
    replayed: bool = described("Whether it was read from the log rather than delivered live.")

    @strawberry.field(
        description="Estimated seconds until the request ends, based on past requests; null if "
        "unknown or ended."
    )
    async def eta_seconds(self, info: LiveInfo) -> float | None:
        seconds: float | None = await self.request.eta_seconds(info)
        return seconds


RequestEventItem = Annotated[
    Event | Gap,
    strawberry.union("RequestEventItem", description="An event, or a gap of skipped events."),
]


@strawberry.type
class RequestSubscriptions:
    @strawberry.subscription(
        description="Sends the current state of a request, then every change, and completes after a "
        "final one. After a reconnect, pass afterSeq to receive every later event "
        "exactly once."
    )
    async def request_progress(
        self,
        info: LiveInfo,
        id: Annotated[UUID, about("The request's uuid.")],
        after_seq: Annotated[
            Long | None, about("Sends events with a greater seq, without the current state first.")
        ] = None,
    ) -> AsyncIterator[RequestProgress]:
        context = info.context
        row = await context.store.requests.find_by(context.reader(), {"id": id})
        if row is None:
            raise NotFoundError(f"Request {id} not found.", ("id",))
        stream = context.hub.request_log((row["organization_id"], row["id"]))
        return Following(stream, after_seq, Policy.READ, progress, "afterSeq")  # type: ignore[return-value]

    @strawberry.subscription(
        description="Events of many requests in commit order: replayed after a cursor (feedCursor "
        "of an event), then live. Without a cursor, only new events."
    )
    async def request_events(
        self,
        info: LiveInfo,
        where: Annotated[EventFilter | None, where_of("events")] = None,
        after: Annotated[str | None, about("Sends events after this feedCursor.")] = None,
        overflow: Annotated[Overflow, about("Behavior for a slow reader.")] = Overflow.GAP,
    ) -> AsyncIterator[RequestEventItem]:
        store, bounds = info.context.store, info.context.reader()
        question = FeedQuery(condition_of(where, store.now()), bounds)
        reader = store.event_feed
        reader.check(question)
        place = None if after is None else reader.position_of(after)
        stream = info.context.hub.event_feed(question)
        return Following(stream, place, Policy[overflow.name], event_or_gap, "after")  # type: ignore[return-value]


def progress(item: Progress) -> RequestProgress:
    event = None if item.event is None else event_of(item.event, item.replayed)
    return RequestProgress(
        request=Request.from_row(item.request),
        event=event,
        seq=item.seq,
        progress=item.request["progress"],
        replayed=item.replayed,
    )


def event_or_gap(item: FeedRow | FeedGap) -> Event | Gap:
    if isinstance(item, FeedGap):
        return gap_of(item)
    return event_of(item.row, item.replayed)


def event_of(row: Any, replayed: bool) -> Event:
    event = Event.from_row(row)
    event.__dict__[REPLAYED] = replayed
    return event


def gap_of(gap: FeedGap) -> Gap:
    return Gap(missed=gap.missed, from_cursor=gap.from_cursor, to_cursor=gap.to_cursor)
