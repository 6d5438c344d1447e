"""Aggregations: one question per field, the selection chooses what is computed."""

from typing import Annotated, Any

import strawberry

from schema.arguments import about, conditions, where_of
from schema.context import Info
from schema.interactions import InteractionFilter
from schema.operation_filters import OperationFilter
from schema.request_filters import RequestFilter
from schema.stage_filters import EventFilter, StageFilter
from schema.stats.asking import DEFAULT_LIMIT, Arguments, answer
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
    """The root field of one source; its types are made from the catalog."""

    async def resolve(
        info: Info,
        where: Any = None,
        group_by: Any = None,
        bucket: Annotated[BucketInput | None, about("Slices of time, one row each.")] = None,
        having: Any = None,
        order_by: Annotated[
            list[StatsOrder] | None,
            about("The order of rows, first step first; by time and key where it is left out."),
        ] = None,
        top: Annotated[
            TopInput | None,
            conditions("Only the greatest keys, the others together; every key where it is null."),
        ] = None,
        compare: Annotated[
            CompareInput | None, about("An earlier span to hold every row against.")
        ] = None,
        limit: Annotated[int | None, about("At most so many rows.")] = DEFAULT_LIMIT,
    ) -> Any:
        asked = Arguments(
            group_by,
            bucket,
            having,
            order_by,
            top,
            compare,
            DEFAULT_LIMIT if limit is None else limit,
        )
        return await answer(info, types, where, asked)

    noun = types.source.name
    resolve.__annotations__ |= {
        "where": Annotated[filter | None, where_of(noun)],
        "group_by": Annotated[list_of(types.group) | None, about("What to group by.")],
        "having": Annotated[
            types.having | None,
            conditions("Which groups to keep. Left out, null or empty it keeps all of them."),
        ],
    }
    return strawberry.field(resolver=resolve, description=description, graphql_type=types.stats)


@strawberry.type
class StatsQueries:
    """One field per source."""

    operation_stats = stats_field(
        OPERATION_STATS, OperationFilter, "Any aggregation of operations; by occurredAt."
    )
    request_stats = stats_field(
        REQUEST_STATS, RequestFilter, "Any aggregation of requests; by createdAt."
    )
    stage_stats = stats_field(
        STAGE_STATS, StageFilter, "Any aggregation of stages; by startedAt of the present attempt."
    )
    event_stats = stats_field(
        EVENT_STATS, EventFilter, "Any aggregation of events of requests; by occurredAt."
    )
    interaction_stats = stats_field(
        INTERACTION_STATS, InteractionFilter, "Any aggregation of counters; by UTC month."
    )
