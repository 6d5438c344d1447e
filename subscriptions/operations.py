"""operationFeed and operationStatsLive: operations as they are committed, and what they add up to."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Any

import strawberry

from schema.arguments import about, where_of
from schema.feeds import REPLAYED, Gap, Overflow
from schema.filters import condition_of
from schema.operation_filters import OperationFilter
from schema.operations import Operation
from schema.stats.asking import DEFAULT_LIMIT, Arguments, answer
from schema.stats.inputs import BucketInput
from schema.stats.moving import next_change
from schema.stats.sources import OPERATION_STATS
from schema.stats.types import list_of
from store.errors import InvalidInputError
from store.feeds.reading import FeedQuery
from subscriptions.context import LiveInfo
from subscriptions.feeds import FeedGap, FeedRow
from subscriptions.following import Following
from subscriptions.requests import gap_of
from subscriptions.stats import StatsStream
from subscriptions.subscriber import Policy

SHORTEST, LONGEST = timedelta(milliseconds=100), timedelta(hours=1)
"""Of minInterval."""
DEFAULT_INTERVAL = timedelta(seconds=1)

OperationFeedItem = Annotated[
    Operation | Gap,
    strawberry.union(
        "OperationFeedItem", description="An operation, or a gap of skipped operations."
    ),
]


def operation_or_gap(found: FeedRow | FeedGap) -> Operation | Gap:
    """An item of the feed."""
    if isinstance(found, FeedGap):
        return gap_of(found)
    operation = Operation.from_row(found.row)
    operation.__dict__[REPLAYED] = found.replayed
    return operation


def checked_interval(interval: timedelta) -> timedelta:
    """The same; raises ``InvalidInputError`` where it is none."""
    if not SHORTEST <= interval <= LONGEST:
        raise InvalidInputError("minInterval must be from PT0.1S to PT1H.", ("minInterval",))
    return interval


def as_is(answer: Any) -> Any:
    """An answer is shown as it was made."""
    return answer


async def follow_stats(
    self: Any,
    info: LiveInfo,
    where: Annotated[OperationFilter | None, where_of("operations")] = None,
    group_by: Any = None,
    bucket: Annotated[BucketInput | None, about("Time buckets, one row each.")] = None,
    min_interval: Annotated[
        timedelta, about("Minimum time between two runs, PT0.1S to PT1H.")
    ] = DEFAULT_INTERVAL,
) -> Any:
    """The present answer, then each that differs from the one before."""
    del self
    interval = checked_interval(min_interval)
    asked = Arguments(group_by, bucket, None, None, None, None, DEFAULT_LIMIT)
    hub, bounds = info.context.hub, info.context.reader()

    async def ask() -> Any:
        return await answer(info, OPERATION_STATS, where, asked)

    async def changes(at: datetime) -> datetime | None:
        return await next_change(info, OPERATION_STATS, where, asked, at)

    stream = StatsStream(
        ask,
        bounds.organization_id,
        interval,
        hub.stats,
        hub.forget_stats,
        info.context.store.now,
        changes,
    )
    return Following(stream, None, Policy.READ, as_is, None, only_changes=True, queue_items=1)


follow_stats.__annotations__["group_by"] = Annotated[
    list_of(OPERATION_STATS.group) | None, about("Dimensions and attributes to group by.")
]
follow_stats.__annotations__["return"] = AsyncIterator[OPERATION_STATS.stats]  # type: ignore[name-defined]


@strawberry.type
class OperationSubscriptions:
    """Watching operations."""

    @strawberry.subscription(
        description="Operations in commit order: replayed after a cursor (feedCursor of an "
        "operation), then live. Without a cursor, only new operations."
    )
    async def operation_feed(
        self,
        info: LiveInfo,
        where: Annotated[OperationFilter | None, where_of("operations")] = None,
        after: Annotated[str | None, about("Sends operations after this feedCursor.")] = None,
        overflow: Annotated[Overflow, about("Behavior for a slow reader.")] = Overflow.COALESCE,
    ) -> AsyncIterator[OperationFeedItem]:
        """Those within the caller's bounds."""
        store, bounds = info.context.store, info.context.reader()
        question = FeedQuery(condition_of(where, store.now()), bounds)
        reader = store.operation_feed
        reader.check(question)
        place = None if after is None else reader.position_of(after)
        stream = info.context.hub.operations(question)
        return Following(stream, place, Policy[overflow.name], operation_or_gap, "after")  # type: ignore[return-value]

    operation_stats_live = strawberry.subscription(
        resolver=follow_stats,
        description="Runs operationStats again when operations are recorded or when time moves its "
        "range or buckets, and sends the answer if it has changed.",
    )
