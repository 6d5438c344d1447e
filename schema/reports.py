"""Reports: tools and their savings, requests and stages as operators watch them, months of interactions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

import strawberry

from schema.arguments import about
from schema.circuit_breakers import CircuitBreaker
from schema.context import Info
from schema.hydration import described, hydrate
from schema.scalars import Long
from store.reports import interactions, monitoring, tools
from store.time_ranges import TimeRange

UTC = "UTC"
Zone = Annotated[str | None, about("An IANA time zone for the slices, such as Europe/Berlin.")]


@strawberry.type(description="One mode of one tool.")
class ModeUse:
    """Shows a ``store.reports.tools.ModeUse``."""

    mode: str | None = described("The mode; null for uses that named none.")
    operations: Long = described("How often it was used.")
    tokens_prevented: Long = described("Tokens that were not needed.")
    average_duration_ms: float | None = described("Mean response time in milliseconds.")


@strawberry.type(description="One tool, and its modes.")
class ToolUse:
    """Shows a ``store.reports.tools.ToolUse``."""

    tool: str | None = described("The tool; null for uses that named none.")
    operations: Long = described("How often it was used.")
    tokens_original: Long = described("Tokens that the plain way would have used.")
    tokens_actual: Long = described("Tokens that were used.")
    tokens_prevented: Long = described("The difference.")
    average_duration_ms: float | None = described("Mean response time in milliseconds.")
    modes: list[ModeUse] = described("The same by mode.")


@strawberry.type(description="What each tool was used for in a span of time.")
class ToolBreakdown:
    """Shows a ``store.reports.tools.ToolBreakdown``."""

    time_range: TimeRange = described("The time range that was asked for, such as 24h.")
    since: datetime | None = described("Where the span begins; null for everything.")
    calculated_at: datetime = described("When this was computed.")
    operations: Long = described("Uses of all tools.")
    tokens_prevented: Long = described("Tokens that were not needed, of all tools.")
    cost_saved: float = described("What that saved, in US dollars.")
    tools: list[ToolUse] = described("Each tool, by name.")
    truncated: bool = described("Whether there are more tools or modes than are shown.")


@strawberry.type(description="What uses of tools cost and saved.")
class Savings:
    """Shows a ``store.reports.tools.Savings``."""

    operations: Long = described("How many uses.")
    tokens_original: Long = described("Tokens that the plain way would have used.")
    tokens_processed: Long = described("Tokens that the tools worked on: tokensOriginal.")
    tokens_prevented: Long = described("The difference.")
    cost_baseline: float = described("What the plain way would have cost, in US dollars.")
    cost_actual: float = described("What it cost, in US dollars.")
    cost_saved: float = described("The difference, in US dollars.")
    saved_percent: float | None = described(
        "The difference in percent of the baseline; null where that is zero."
    )


@strawberry.type(description="The savings of one tool or mode.")
class SavingsPart:
    """Shows a ``store.reports.tools.SavingsPart``."""

    name: str | None = described("The tool or mode; null for uses that named none.")
    savings: Savings = described("What it cost and saved.")


@strawberry.type(description="The savings of one slice of time.")
class SavingsPoint:
    """Shows a ``store.reports.tools.SavingsPoint``."""

    start: datetime = described("Its first instant.")
    end: datetime = described("The first instant after it.")
    savings: Savings = described("What it cost and saved.")


@strawberry.type(
    description="What tools saved in a span of time, as a whole, by part and over time."
)
class ApiSavings:
    """Each part is computed when it is selected."""

    report: strawberry.Private[tools.ToolReports]
    time_range: TimeRange = described("The time range that was asked for, such as 24h.")
    since: datetime | None = described("Where the span begins; null for everything.")
    calculated_at: datetime = described("When this was computed.")

    @classmethod
    def of(cls, report: tools.ToolReports) -> "ApiSavings":
        """The parts of a report, not yet computed."""
        return cls(
            report=report,
            time_range=report.time_range,
            since=report.since,
            calculated_at=report.now,
        )

    @strawberry.field(description="All tools together.")
    async def total(self) -> Savings:
        """One question."""
        return cast("Savings", await self.report.savings())

    @strawberry.field(description="Each tool, by name.")
    async def by_tool(self) -> list[SavingsPart]:
        """One question."""
        return cast("list[SavingsPart]", await self.report.savings_by("tool_name"))

    @strawberry.field(description="Each mode, by name.")
    async def by_mode(self) -> list[SavingsPart]:
        """One question."""
        return cast("list[SavingsPart]", await self.report.savings_by("operation_mode"))

    @strawberry.field(
        description="Over time: by hour for up to 2 days, by day for up to 60 days, by month for "
        "more; slices without uses are there."
    )
    async def trend(self, zone: Zone = UTC) -> list[SavingsPoint]:
        """One question."""
        return cast("list[SavingsPoint]", await self.report.trend(zone or UTC))


@strawberry.type(description="Requests that were created in one span, as they stand now.")
class RequestNumbers:
    """Shows a ``store.reports.monitoring.RequestNumbers``."""

    count: Long = described("How many were created.")
    completed: Long = described("How many are done.")
    failed: Long = described("How many failed.")
    cancelled: Long = described("How many were called off.")
    active: Long = described("How many have not ended: pending, running or stalled.")
    failure_rate: float | None = described(
        "Those that failed, of those that completed or failed; null where there is none."
    )
    average_duration_ms: float | None = described("Mean time from start to end, in milliseconds.")
    p50_duration_ms: float | None = described("The median of it.")
    p95_duration_ms: float | None = described("What 95 % do not pass.")


@strawberry.type(description="The requests of one hour.")
class RequestHour:
    """Shows a ``store.reports.monitoring.RequestHour``."""

    start: datetime = described("Its first instant.")
    end: datetime = described("The first instant after it.")
    numbers: RequestNumbers = described("The requests that were created in it.")


@strawberry.type(description="The stages of one name, as their present attempts stand.")
class StageNumbers:
    """Shows a ``store.reports.monitoring.StageNumbers``."""

    name: str = described("The name.")
    count: Long = described("How many were started.")
    completed: Long = described("How many are done.")
    failed: Long = described("How many failed.")
    retried: Long = described("How many are in their second or a later attempt.")
    failure_rate: float | None = described(
        "Those that failed, of those that completed or failed; null where there is none."
    )
    average_duration_ms: float | None = described("Mean time of an attempt, in milliseconds.")
    p50_duration_ms: float | None = described("The median of it.")
    p95_duration_ms: float | None = described("What 95 % do not pass.")
    average_attempts: float | None = described("Mean number of attempts.")
    most_attempts: Long = described("The greatest number of attempts.")


@strawberry.type(description="What operators look at. Each part is computed when it is selected.")
class MonitoringOverview:
    """Requests, stages and breakers of the last hours."""

    report: strawberry.Private[monitoring.Monitoring]
    time_range: TimeRange = described("The time range that was asked for, such as 24h.")
    since: datetime = described("Where the span begins.")
    calculated_at: datetime = described("When this was computed.")

    @classmethod
    def of(cls, report: monitoring.Monitoring) -> "MonitoringOverview":
        """The parts of a report, not yet computed."""
        return cls(
            report=report,
            time_range=report.time_range,
            since=report.since,
            calculated_at=report.now,
        )

    @strawberry.field(description="All requests that were created in the span.")
    async def requests(self) -> RequestNumbers:
        """One question."""
        return cast("RequestNumbers", await self.report.requests())

    @strawberry.field(description="Requests that are pending or running, however old they are.")
    async def active_requests(self) -> Long:
        """One question."""
        return Long(await self.report.active())

    @strawberry.field(description="Requests by the hour of their creation; empty hours are there.")
    async def hours(self, zone: Zone = UTC) -> list[RequestHour]:
        """One question."""
        return cast("list[RequestHour]", await self.report.by_hour(zone or UTC))

    @strawberry.field(description="Stages whose present attempt began in the span, by name.")
    async def stages(self) -> list[StageNumbers]:
        """One question."""
        return cast("list[StageNumbers]", await self.report.stages())

    @strawberry.field(description="Circuit breakers, by name.")
    async def breakers(self, info: Info) -> list[CircuitBreaker]:
        """As they were last reported."""
        rows = await info.context.store.breakers.list_breakers(info.context.reader())
        return [CircuitBreaker.from_row(row) for row in rows]

    @strawberry.field(
        description="What needs a look: breakers that are not closed; breakers, requests and stages "
        "that fail in more than 10 % of their runs."
    )
    async def warnings(self, info: Info) -> list[str]:
        """Empty when all is well."""
        rows = await info.context.store.breakers.list_breakers(info.context.reader())
        return await self.report.warnings(rows)


@strawberry.type(description="What was used for one thing.")
class InteractionPart:
    """Shows a ``store.reports.interactions.InteractionPart``."""

    name: str | None = described("What it is called; null for uses that named none.")
    units: Long = described("Units used.")
    calls: Long = described("Calls that used them.")


@strawberry.type(description="What was used in one calendar month (UTC), in all and by part.")
class InteractionTotals:
    """Shows a ``store.reports.interactions.InteractionTotals``."""

    organization_id: strawberry.ID = described("The organization.")
    namespace_id: strawberry.ID | None = described("The namespace, where one was asked for.")
    api_key_id: strawberry.ID | None = described("The API key, where one was asked for.")
    year: int = described("The calendar year.")
    month: int = described("The calendar month, 1 to 12.")
    units: Long = described("Units used in all.")
    units_against_limits: Long = described("Those of them that limits counted, too.")
    calls: Long = described("Calls that used them.")
    by_operation_type: list[InteractionPart] = described("By operation type, most units first.")
    by_interaction_type: list[InteractionPart] = described("By interaction type, most units first.")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose month is asked for."""

    organization_id: str
    namespace_id: str | None = None
    api_key_id: str | None = None


def totals_of(found: interactions.InteractionTotals, owner: Owner) -> InteractionTotals:
    """A month with the labels it was asked for by."""
    own = {name: getattr(found, name) for name in found.__slots__}
    labels = {name: getattr(owner, name) for name in owner.__slots__}
    return hydrate(InteractionTotals, own, **labels)
