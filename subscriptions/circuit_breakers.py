"""Define circuitBreakersLive: breakers, sent again when their services report."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Annotated

import strawberry

from schema.arguments import about, where_of
from schema.circuit_breakers import CircuitBreaker, CircuitBreakerFilter
from schema.filters import condition_of
from store.database import Row
from subscriptions.context import LiveInfo
from subscriptions.following import Following
from subscriptions.operations import DEFAULT_INTERVAL, checked_interval
from subscriptions.stats import StatsStream
from subscriptions.subscriber import Policy


def list_breakers(rows: Sequence[Row]) -> list[CircuitBreaker]:
    return [CircuitBreaker.from_row(row) for row in rows]


@strawberry.type
class CircuitBreakerSubscriptions:
    @strawberry.subscription(
        description="Runs circuitBreakers again after new reports and sends the answer if it has "
        "changed."
    )
    async def circuit_breakers_live(
        self,
        info: LiveInfo,
        where: Annotated[CircuitBreakerFilter | None, where_of("breakers")] = None,
        min_interval: Annotated[
            timedelta, about("Minimum time between two reads, PT0.1S to PT1H.")
        ] = DEFAULT_INTERVAL,
    ) -> AsyncIterator[list[CircuitBreaker]]:
        store, hub, bounds = info.context.store, info.context.hub, info.context.reader()

        async def ask() -> list[Row]:
            condition = condition_of(where, store.now())
            return await store.breakers.list_breakers(bounds, condition)

        interval = checked_interval(min_interval)
        stream = StatsStream(
            ask,
            bounds.organization_id,
            interval,
            hub.subscribe_to_breakers,
            hub.unsubscribe_from_breakers,
            store.now,
        )
        return Following(  # type: ignore[return-value]
            stream, None, Policy.READ, list_breakers, None, only_changes=True, queue_items=1
        )
