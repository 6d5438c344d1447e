"""Define the aggregations: one root field per source; the selection chooses the measures."""

from typing import Annotated, Any

import strawberry

from schema.arguments import about, conditions, where_of
from schema.context import Info
from schema.interactions import InteractionFilter
from schema.operation_filters import OperationFilter
from schema.request_filters import RequestFilter
from schema.stage_filters import EventFilter, StageFilter
from schema.stats.arguments import DEFAULT_LIMIT, Arguments, run_stats
from schema.stats.inputs import BucketInput, CompareInput, StatsOrder, TopInput
from schema.stats.sources import (
    EVENT_STATS,
    INTERACTION_STATS,
    OPERATION_STATS,
    REQUEST_STATS,
    STAGE_STATS,
)
from schema.stats.types import SourceTypes, list_of


def stats_field(types: SourceTypes, filter: Any, description: str) -> Any:
    async def resolve(
        info: Info,
        where: Any = None,
        group_by: Any = None,
        bucket: Annotated[BucketInput | None, about("Time buckets, one row each.")] = None,
        having: Any = None,
        order_by: Annotated[
            list[StatsOrder] | None,
            about("Row order, most significant key first. Defaults to time and key."),
        ] = None,
        top: Annotated[
            TopInput | None,
            conditions(
                "Returns only the keys with the largest values and combines the others; "
                "null returns every key."
            ),
        ] = None,
        compare: Annotated[
            CompareInput | None, about("An earlier time range to compare every row with.")
        ] = None,
        limit: Annotated[int | None, about("Maximum number of rows.")] = DEFAULT_LIMIT,
    ) -> Any:
        arguments = Arguments(
            group_by,
            bucket,
            having,
            order_by,
            top,
            compare,
            DEFAULT_LIMIT if limit is None else limit,
        )
        return await run_stats(info, types, where, arguments)

    noun = types.source.name
    resolve.__annotations__ |= {
        "where": Annotated[filter | None, where_of(noun)],
        "group_by": Annotated[
            list_of(types.group) | None, about("Dimensions and attributes to group by.")
        ],
        "having": Annotated[
            types.having | None,
            conditions("Conditions on groups. If omitted, null or empty, all groups are returned."),
        ],
    }
    return strawberry.field(resolver=resolve, description=description, graphql_type=types.stats)


@strawberry.type
class StatsQueries:
    operation_stats = stats_field(
        OPERATION_STATS, OperationFilter, "Aggregates operations by occurredAt."
    )
    request_stats = stats_field(REQUEST_STATS, RequestFilter, "Aggregates requests by createdAt.")
    stage_stats = stats_field(
        STAGE_STATS, StageFilter, "Aggregates stages by startedAt of the current attempt."
    )
    event_stats = stats_field(EVENT_STATS, EventFilter, "Aggregates request events by occurredAt.")
    interaction_stats = stats_field(
        INTERACTION_STATS, InteractionFilter, "Aggregates interaction counters by UTC month."
    )
