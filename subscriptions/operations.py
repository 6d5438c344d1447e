"""Define operationFeed and operationStatsLive: operations as committed, and their aggregations."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Any

import strawberry

from schema.arguments import about, where_of
from schema.feeds import REPLAYED, Gap, Overflow
from schema.filters import condition_of
from schema.operation_filters import OperationFilter
from schema.operations import Operation
from schema.stats.arguments import DEFAULT_LIMIT, Arguments, run_stats
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

MIN_INTERVAL, MAX_INTERVAL = timedelta(milliseconds=100), timedelta(hours=1)
"""Of minInterval."""
DEFAULT_INTERVAL = timedelta(seconds=1)

OperationFeedItem = Annotated[
    Operation | Gap,
    strawberry.union(
        "OperationFeedItem", description="An operation, or a gap of skipped operations."
    ),
]


def operation_or_gap(item: FeedRow | FeedGap) -> Operation | Gap:
    if isinstance(item, FeedGap):
        return gap_of(item)
    operation = Operation.from_row(item.row)
    operation.__dict__[REPLAYED] = item.replayed
    return operation


def checked_interval(interval: timedelta) -> timedelta:
    """Return the interval; raise ``InvalidInputError`` outside of MIN_INTERVAL to MAX_INTERVAL."""
    if not MIN_INTERVAL <= interval <= MAX_INTERVAL:
        raise InvalidInputError("minInterval must be from PT0.1S to PT1H.", ("minInterval",))
    return interval


def unchanged(run_stats: Any) -> Any:
    return run_stats


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
    del self
    interval = checked_interval(min_interval)
    arguments = Arguments(group_by, bucket, None, None, None, None, DEFAULT_LIMIT)
    hub, bounds = info.context.hub, info.context.reader()

    async def ask() -> Any:
        return await run_stats(info, OPERATION_STATS, where, arguments)

    async def changes(at: datetime) -> datetime | None:
        return await next_change(info, OPERATION_STATS, where, arguments, at)

    stream = StatsStream(
        ask,
        bounds.organization_id,
        interval,
        hub.subscribe_to_operations,
        hub.unsubscribe_from_operations,
        info.context.store.now,
        changes,
    )
    return Following(stream, None, Policy.READ, unchanged, None, only_changes=True, queue_items=1)


follow_stats.__annotations__["group_by"] = Annotated[
    list_of(OPERATION_STATS.group) | None, about("Dimensions and attributes to group by.")
]
follow_stats.__annotations__["return"] = AsyncIterator[OPERATION_STATS.stats]  # type: ignore[name-defined]


@strawberry.type
class OperationSubscriptions:
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
        store, bounds = info.context.store, info.context.reader()
        question = FeedQuery(condition_of(where, store.now()), bounds)
        reader = store.operation_feed
        reader.check(question)
        place = None if after is None else reader.position_of(after)
        stream = info.context.hub.operation_feed(question)
        return Following(stream, place, Policy[overflow.name], operation_or_gap, "after")  # type: ignore[return-value]

    operation_stats_live = strawberry.subscription(
        resolver=follow_stats,
        description="Runs operationStats again when operations are recorded or when time moves its "
        "range or buckets, and sends the answer if it has changed.",
    )
