"""Define reports: compositions of aggregations, within the caller's bounds."""

from datetime import timedelta
from functools import partial
from typing import Annotated, cast

import strawberry

from schema.arguments import about, narrowing
from schema.context import Info
from schema.reports import (
    UTC,
    ApiSavings,
    InteractionTotals,
    MonitoringOverview,
    Owner,
    RequestHour,
    StageNumbers,
    ToolBreakdown,
    Zone,
    totals_of,
)
from store.aggregation.queries import AggregationQuery
from store.aggregation.results import AggregationResult
from store.errors import InvalidInputError
from store.reports.arguments import Ask
from store.reports.interactions import interaction_totals
from store.reports.monitoring import MAX_HOURS, Monitoring
from store.reports.tools import ToolReports
from store.time_ranges import TimeRange, parse_time_range

DEFAULT_RANGE = parse_time_range("24h")
Range = Annotated[
    TimeRange | None, about("Time range up to now: 1h, 24h, 7d, 30d, all, or any duration.")
]
HoursRange = Annotated[
    TimeRange | None, about("Time range of 1h to 744h, such as 24h or 7d, instead of hours.")
]
Client = Annotated[str | None, narrowing("Returns only uses by this client, such as cursor.")]
ToolId = Annotated[
    str | None,
    narrowing("Returns only uses by this client.", deprecated="Renamed to client."),
]
Hours = Annotated[int | None, about("Number of past hours, 1 to 744. Defaults to 24.")]
RequestType = Annotated[str | None, narrowing("Returns only requests of this type.")]
OrganizationId = Annotated[strawberry.ID, about("Organization id.")]
Year = Annotated[int, about("Calendar year (UTC).")]
Month = Annotated[int, about("Calendar month, 1 to 12.")]
InteractionType = Annotated[
    str | None, narrowing("Returns only this interaction type, such as mini.")
]
CountsAgainstLimits = Annotated[
    bool | None,
    narrowing("Returns only what limits count (true), or only what they do not (false)."),
]


def query_runner(info: Info) -> Ask:
    """Return a function that runs aggregations within the caller's bounds.

    Raises ``ForbiddenError`` without READ.
    """
    bounds, aggregation = info.context.reader(), info.context.store.aggregation

    async def ask(question: AggregationQuery) -> AggregationResult:
        return await aggregation.ask(question, bounds)

    return ask


def tools_of(
    info: Info, time_range: TimeRange | None, client: str | None, tool_id: str | None
) -> ToolReports:
    if client is not None and tool_id is not None:
        raise InvalidInputError(
            "toolId is the former name of client. Send client only.", ("toolId",)
        )
    span = time_range or DEFAULT_RANGE
    if client is None:
        client = tool_id
    return ToolReports(query_runner(info), info.context.store.now(), span, client)


def monitoring_of(
    info: Info, hours: int | None, type: str | None, time_range: TimeRange | None
) -> Monitoring:
    if hours is not None and time_range is not None:
        raise InvalidInputError(
            "hours and timeRange cannot be combined. Use one of them.", ("hours",)
        )
    if hours is not None and not 1 <= hours <= MAX_HOURS:
        raise InvalidInputError(f"hours must be from 1 to {MAX_HOURS} (got {hours:,}).", ("hours",))
    span = time_range or DEFAULT_RANGE
    if hours is not None:
        span = TimeRange(f"{hours}h", timedelta(hours=hours))
    store, bounds = info.context.store, info.context.reader()
    breakers = partial(store.breakers.list_breakers, bounds)
    return Monitoring(query_runner(info), breakers, store.now(), span, type)


async def interactions_of_month(
    info: Info, owner: Owner, year: int, month: int, counted: tuple[str | None, bool | None]
) -> InteractionTotals:
    """Return the counters of one month with the labels of ``owner``.

    ``counted`` is the interaction type, and whether limits count it; None for any.
    """
    interaction_type, counts_against_limits = counted
    totals = await interaction_totals(
        query_runner(info),
        year,
        month,
        organization_id=owner.organization_id,
        namespace_id=owner.namespace_id,
        api_key_id=owner.api_key_id,
        interaction_type=interaction_type,
        counts_against_limits=counts_against_limits,
    )
    return totals_of(totals, owner)


@strawberry.type
class ReportQueries:
    @strawberry.field(description="Usage and savings of each tool, by mode.")
    async def tool_breakdown(
        self,
        info: Info,
        time_range: Range = DEFAULT_RANGE,
        client: Client = None,
        tool_id: ToolId = None,
    ) -> ToolBreakdown:
        return cast("ToolBreakdown", await tools_of(info, time_range, client, tool_id).breakdown())

    @strawberry.field(description="Savings by tools: in total, by tool, by mode and over time.")
    async def api_savings(
        self,
        info: Info,
        time_range: Range = DEFAULT_RANGE,
        client: Client = None,
        tool_id: ToolId = None,
    ) -> ApiSavings:
        return ApiSavings.of(tools_of(info, time_range, client, tool_id))

    @strawberry.field(
        description="Monitoring overview of requests, stages, circuit breakers and warnings."
    )
    async def monitoring_overview(
        self,
        info: Info,
        hours: Hours = None,
        type: RequestType = None,
        time_range: HoursRange = None,
    ) -> MonitoringOverview:
        return MonitoringOverview.of(monitoring_of(info, hours, type, time_range))

    @strawberry.field(description="Requests by hour of creation, including empty hours.")
    async def request_metrics(
        self,
        info: Info,
        hours: Hours = None,
        zone: Zone = UTC,
        type: RequestType = None,
        time_range: HoursRange = None,
    ) -> list[RequestHour]:
        report = monitoring_of(info, hours, type, time_range)
        return cast("list[RequestHour]", await report.by_hour(zone or UTC))

    @strawberry.field(description="Durations, failures and attempts of stages, ordered by name.")
    async def stage_durations(
        self,
        info: Info,
        hours: Hours = None,
        type: RequestType = None,
        time_range: HoursRange = None,
    ) -> list[StageNumbers]:
        return cast(
            "list[StageNumbers]", await monitoring_of(info, hours, type, time_range).stages()
        )

    @strawberry.field(description="Usage of an organization in one month.")
    async def organization_interactions(
        self,
        info: Info,
        organization_id: OrganizationId,
        year: Year,
        month: Month,
        interaction_type: InteractionType = None,
        counts_against_limits: CountsAgainstLimits = None,
    ) -> InteractionTotals:
        return await interactions_of_month(
            info, Owner(organization_id), year, month, (interaction_type, counts_against_limits)
        )

    @strawberry.field(description="Usage of a namespace in one month.")
    async def namespace_interactions(
        self,
        info: Info,
        organization_id: OrganizationId,
        namespace_id: Annotated[strawberry.ID, about("Namespace id.")],
        year: Year,
        month: Month,
        interaction_type: InteractionType = None,
        counts_against_limits: CountsAgainstLimits = None,
    ) -> InteractionTotals:
        counted = (interaction_type, counts_against_limits)
        owner = Owner(organization_id, namespace_id=namespace_id)
        return await interactions_of_month(info, owner, year, month, counted)

    @strawberry.field(description="Usage with an API key label in one month.")
    async def api_key_interactions(
        self,
        info: Info,
        organization_id: OrganizationId,
        api_key_id: Annotated[strawberry.ID, about("API key label (apiKeyId).")],
        year: Year,
        month: Month,
        interaction_type: InteractionType = None,
        counts_against_limits: CountsAgainstLimits = None,
    ) -> InteractionTotals:
        counted = (interaction_type, counts_against_limits)
        owner = Owner(organization_id, api_key_id=api_key_id)
        return await interactions_of_month(info, owner, year, month, counted)
