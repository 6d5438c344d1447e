"""Describe reports: tools and their savings, monitoring of requests and stages, monthly interactions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

import strawberry

from schema.arguments import about
from schema.circuit_breakers import CircuitBreaker
from schema.hydration import described, hydrate
from schema.scalars import Long
from store.reports import interactions, monitoring, tools
from store.time_ranges import TimeRange

UTC = "UTC"
Zone = Annotated[str | None, about("IANA time zone of the buckets, such as Europe/Berlin.")]


@strawberry.type(description="Usage of one mode of a tool.")
class ModeUse:
    mode: str | None = described("Mode; null for uses without one.")
    operations: Long = described("Number of uses.")
    tokens_prevented: Long = described("Tokens prevented.")
    average_duration_ms: float | None = described("Average response time in milliseconds.")


@strawberry.type(description="Usage of one tool and its modes.")
class ToolUse:
    tool: str | None = described("Tool name; null for uses without one.")
    operations: Long = described("Number of uses.")
    tokens_original: Long = described("Tokens without the tool's savings.")
    tokens_actual: Long = described("Tokens actually used.")
    tokens_prevented: Long = described("Difference between baseline and actual.")
    average_duration_ms: float | None = described("Average response time in milliseconds.")
    modes: list[ModeUse] = described("Usage by mode.")


@strawberry.type(description="Usage of each tool in a time range.")
class ToolBreakdown:
    time_range: TimeRange = described("The requested time range, such as 24h.")
    since: datetime | None = described("Start of the time range; null for all time.")
    calculated_at: datetime = described("When the answer was computed.")
    operations: Long = described("Number of uses of all tools.")
    tokens_prevented: Long = described("Tokens prevented by all tools.")
    cost_saved: float = described("Savings in US dollars.")
    tools: list[ToolUse] = described("Savings per tool, ordered by name.")
    truncated: bool = described("Whether the list of tools or modes was truncated.")


@strawberry.type(description="Costs and savings of tool uses.")
class Savings:
    operations: Long = described("Number of uses.")
    tokens_original: Long = described("Tokens without the tool's savings.")
    tokens_processed: Long = described("Tokens processed by the tools (tokensOriginal).")
    tokens_prevented: Long = described("Difference between baseline and actual.")
    cost_baseline: float = described("Cost without the tools, in US dollars.")
    cost_actual: float = described("Actual cost in US dollars.")
    cost_saved: float = described("Savings in US dollars.")
    saved_percent: float | None = described(
        "Savings in percent of the baseline; null if the baseline is zero."
    )


@strawberry.type(description="Savings of one tool or mode.")
class SavingsPart:
    name: str | None = described("Name of the tool or mode; null for uses without one.")
    savings: Savings = described("Costs and savings.")


@strawberry.type(description="Savings of one time bucket.")
class SavingsPoint:
    start: datetime = described("Start, inclusive.")
    end: datetime = described("End, exclusive.")
    savings: Savings = described("Costs and savings.")


@strawberry.type(
    description="Savings by tools in a time range: in total, by tool and mode, and over time."
)
class ApiSavings:
    report: strawberry.Private[tools.ToolReports]
    time_range: TimeRange = described("The requested time range, such as 24h.")
    since: datetime | None = described("Start of the time range; null for all time.")
    calculated_at: datetime = described("When the answer was computed.")

    @classmethod
    def of(cls, report: tools.ToolReports) -> "ApiSavings":
        return cls(
            report=report,
            time_range=report.time_range,
            since=report.since,
            calculated_at=report.now,
        )

    @strawberry.field(description="Total across all tools.")
    async def total(self) -> Savings:
        return cast("Savings", await self.report.savings())

    @strawberry.field(description="Savings per tool, ordered by name.")
    async def by_tool(self) -> list[SavingsPart]:
        return cast("list[SavingsPart]", await self.report.savings_by("tool_name"))

    @strawberry.field(description="Savings per mode, ordered by name.")
    async def by_mode(self) -> list[SavingsPart]:
        return cast("list[SavingsPart]", await self.report.savings_by("operation_mode"))

    @strawberry.field(
        description="Savings over time: hourly for up to 2 days, daily for up to 60 days, monthly "
        "beyond. Buckets without uses are included."
    )
    async def trend(self, zone: Zone = UTC) -> list[SavingsPoint]:
        return cast("list[SavingsPoint]", await self.report.trend(zone or UTC))


@strawberry.type(description="Requests created in a time range, by their current status.")
class RequestNumbers:
    count: Long = described("Number of created requests.")
    completed: Long = described("Number completed.")
    failed: Long = described("Number failed.")
    cancelled: Long = described("Number cancelled.")
    active: Long = described("Number pending, running or stalled.")
    failure_rate: float | None = described(
        "Failed as a fraction of completed and failed; null if there are none."
    )
    average_duration_ms: float | None = described(
        "Average time from start to end, in milliseconds."
    )
    p50_duration_ms: float | None = described("Median duration in milliseconds.")
    p95_duration_ms: float | None = described("95th percentile.")


@strawberry.type(description="Requests of one hour.")
class RequestHour:
    start: datetime = described("Start, inclusive.")
    end: datetime = described("End, exclusive.")
    numbers: RequestNumbers = described("Statistics of the requests created in this hour.")


@strawberry.type(description="Stages with the same name, by their current attempts.")
class StageNumbers:
    name: str = described("Name.")
    count: Long = described("Number started.")
    completed: Long = described("Number completed.")
    failed: Long = described("Number failed.")
    retried: Long = described("Number in their second or a later attempt.")
    failure_rate: float | None = described(
        "Failed as a fraction of completed and failed; null if there are none."
    )
    average_duration_ms: float | None = described("Average duration of an attempt in milliseconds.")
    p50_duration_ms: float | None = described("Median duration in milliseconds.")
    p95_duration_ms: float | None = described("95th percentile.")
    average_attempts: float | None = described("Average number of attempts.")
    most_attempts: Long = described("Largest number of attempts.")


@strawberry.type(
    description="Monitoring data for operators. Each field is computed only when selected."
)
class MonitoringOverview:
    report: strawberry.Private[monitoring.Monitoring]
    time_range: TimeRange = described("The requested time range, such as 24h.")
    since: datetime = described("Start of the time range.")
    calculated_at: datetime = described("When the answer was computed.")

    @classmethod
    def of(cls, report: monitoring.Monitoring) -> "MonitoringOverview":
        return cls(
            report=report,
            time_range=report.time_range,
            since=report.since,
            calculated_at=report.now,
        )

    @strawberry.field(description="All requests created in the time range.")
    async def requests(self) -> RequestNumbers:
        return cast("RequestNumbers", await self.report.requests())

    @strawberry.field(description="Pending or running requests of any age.")
    async def active_requests(self) -> Long:
        return Long(await self.report.active())

    @strawberry.field(description="Requests by hour of creation, including empty hours.")
    async def hours(self, zone: Zone = UTC) -> list[RequestHour]:
        return cast("list[RequestHour]", await self.report.by_hour(zone or UTC))

    @strawberry.field(
        description="Stages whose current attempt started in the time range, ordered by name."
    )
    async def stages(self) -> list[StageNumbers]:
        return cast("list[StageNumbers]", await self.report.stages())

    @strawberry.field(description="Circuit breakers, ordered by name.")
    async def breakers(self) -> list[CircuitBreaker]:
        rows = await self.report.breakers()
        return [CircuitBreaker.from_row(row) for row in rows]

    @strawberry.field(
        description="Warnings: circuit breakers that are not closed, and breakers, requests and "
        "stages with a failure rate above 10%."
    )
    async def warnings(self) -> list[str]:
        return await self.report.warnings()


@strawberry.type(description="Usage of one type.")
class InteractionPart:
    name: str | None = described("Name of the type; null for usage without one.")
    units: Long = described("Units used.")
    calls: Long = described("Number of calls.")


@strawberry.type(description="Usage in one calendar month (UTC), in total and by type.")
class InteractionTotals:
    organization_id: strawberry.ID = described("The organization.")
    namespace_id: strawberry.ID | None = described("The namespace, if one was requested.")
    api_key_id: strawberry.ID | None = described("The API key, if one was requested.")
    year: int = described("Calendar year.")
    month: int = described("Calendar month, 1 to 12.")
    units: Long = described("Total units used.")
    units_against_limits: Long = described("Units that limits also counted.")
    calls: Long = described("Number of calls.")
    by_operation_type: list[InteractionPart] = described(
        "Usage by operation type, most units first."
    )
    by_interaction_type: list[InteractionPart] = described(
        "Usage by interaction type, most units first."
    )


@dataclass(frozen=True, slots=True)
class Owner:
    organization_id: str
    namespace_id: str | None = None
    api_key_id: str | None = None


def totals_of(totals: interactions.InteractionTotals, owner: Owner) -> InteractionTotals:
    values = {name: getattr(totals, name) for name in totals.__slots__}
    labels = {name: getattr(owner, name) for name in owner.__slots__}
    return hydrate(InteractionTotals, values, **labels)
