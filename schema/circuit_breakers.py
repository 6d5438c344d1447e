"""Describe circuit breakers as their services report them."""

from datetime import datetime
from typing import Any

import strawberry

from schema.conditions import condition
from schema.context import Info
from schema.enums import BreakerState, ItemStatus
from schema.filter_operators import (
    DateTimeFilter,
    IDFilter,
    LongFilter,
    StringFilter,
    ValueFilter,
)
from schema.hydration import described, hydrate
from schema.nodes import GlobalId, Node
from schema.scalars import Long
from store.circuit_breakers import failure_rate, is_live, warnings_of
from store.database import Row


@strawberry.type(description="A state change of one circuit breaker instance.")
class CircuitBreakerTransition:
    instance: str | None = described("Reporting process; null if none was given.")
    from_state: BreakerState | None = described("Previous state; null for the first report.")
    to_state: BreakerState = described("New state.")
    total_calls: Long = described("Total calls of all instances at the time of the change.")
    total_failures: Long = described("Total failures of all instances at the time of the change.")
    message: str | None = described("Message reported by the service.")
    occurred_at: datetime = described("Time of the change.")


@strawberry.type(description="The last report of a circuit breaker by one process of its service.")
class CircuitBreakerInstance:
    instance: str | None = described("Process name; null if none was given.")
    state: BreakerState = described("State in this process.")
    total_calls: Long = described("Total calls of this process.")
    total_failures: Long = described("Total failures of this process.")
    message: str | None = described("Message reported by the service.")
    changed_at: datetime = described("When the state in this process last changed.")
    reported_at: datetime = described("When this process last sent a report.")
    is_live: bool = described(
        "Whether the instance counts toward the breaker's state: false 30 minutes after "
        "its last report if other instances have reported since."
    )

    @classmethod
    def from_row(cls, row: Row, newest: datetime) -> "CircuitBreakerInstance":
        return hydrate(cls, row, instance=row["instance"] or None, is_live=is_live(row, newest))

    @strawberry.field(description="Failure rate from 0 to 1; null before the first call.")
    def failure_rate(self) -> float | None:
        return failure_rate(self.__dict__)


@strawberry.type(
    description="A named circuit breaker: the combined reports of its service's processes."
)
class CircuitBreaker(Node):
    organization_id: strawberry.ID = described("Organization id.")
    name: str = described("Name.")
    state: BreakerState = described("Worst state among the live instances.")
    total_calls: Long = described("Total calls of all instances.")
    total_failures: Long = described("Total failures of all instances.")
    message: str | None = described("Message reported with the state.")
    changed_at: datetime = described("When the state last changed.")
    reported_at: datetime = described("When the last report arrived.")

    @classmethod
    def from_row(cls, row: Row) -> "CircuitBreaker":
        return hydrate(cls, row)

    def global_id(self) -> GlobalId:
        return GlobalId("CircuitBreaker", (self.organization_id, self.name))

    @strawberry.field(description="Failure rate from 0 to 1; null before the first call.")
    def failure_rate(self) -> float | None:
        return failure_rate(self.__dict__)

    @strawberry.field(
        description="Warnings for operators: the breaker is not closed, or more than 10% of calls fail."
    )
    def warnings(self) -> list[str]:
        return warnings_of(self.__dict__)

    @strawberry.field(description="Reporting processes, ordered by name; at most 200.")
    async def instances(self, info: Info) -> list[CircuitBreakerInstance]:
        rows = await info.context.loaders.breaker_instances.load((self.organization_id, self.name))
        return [CircuitBreakerInstance.from_row(row, self.reported_at) for row in rows]

    @strawberry.field(description="State changes, oldest first.")
    async def transitions(self, info: Info) -> list[CircuitBreakerTransition]:
        rows = await info.context.loaders.transitions.load((self.organization_id, self.name))
        return [hydrate(CircuitBreakerTransition, row) for row in rows]


@strawberry.input(description="State and totals of a circuit breaker, as reported by its service.")
class CircuitBreakerInput:
    name: str = described("Name.")
    state: BreakerState = described("Current status.")
    instance: str | None = described(
        "Reporting process, if several share the breaker's name; each has its own state "
        "and totals. Omit it for a single reporter.",
        default=None,
    )
    total_calls: Long = described("Total calls of this reporter.", default=0)
    total_failures: Long = described("Total failures of this reporter.", default=0)
    message: str | None = described("Message for operators.", default=None)
    organization_id: strawberry.ID | None = described(
        "Defaults to the organization of the API key.", default=None
    )
    occurred_at: datetime | None = described("Time of the report. Defaults to now.", default=None)


@strawberry.input(description="Filters breakers. Conditions are combined with AND.")
class CircuitBreakerFilter:
    and_: list["CircuitBreakerFilter"] | None = condition(
        "Matches records that satisfy all of these filters.", name="and"
    )
    or_: list["CircuitBreakerFilter"] | None = condition(
        "Matches records that satisfy any of these filters.", name="or"
    )
    not_: "CircuitBreakerFilter | None" = condition(
        "Matches records that do not satisfy this filter.", name="not"
    )
    organization_id: IDFilter | None = condition("Filters by organization.")
    name: StringFilter | None = condition("Filters by name.")
    state: ValueFilter[BreakerState] | None = condition("Filters by state.")
    total_calls: LongFilter | None = condition("Filters by total calls.")
    total_failures: LongFilter | None = condition("Filters by total failures.")
    message: StringFilter | None = condition("Filters by message.")
    changed_at: DateTimeFilter | None = condition("Filters by the time of the last state change.")
    reported_at: DateTimeFilter | None = condition("Filters by the time of the last report.")


@strawberry.type(description="Result of reportCircuitBreaker.")
class CircuitBreakerPayload:
    status: ItemStatus = described("ACCEPTED, or DUPLICATE if a newer report exists.")
    truncated: int = described("Texts that exceeded their limit and were truncated.")
    key: strawberry.Private[tuple[Any, ...]]

    @strawberry.field(description="The stored circuit breaker.")
    async def circuit_breaker(self, info: Info) -> CircuitBreaker | None:
        row = await info.context.loaders.breaker.load(self.key)
        return CircuitBreaker.from_row(row) if row else None
