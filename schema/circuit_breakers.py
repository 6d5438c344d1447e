"""Circuit breakers as their services report them."""

from datetime import datetime
from typing import Any

import strawberry

from schema.conditions import condition
from schema.context import Info
from schema.enums import BreakerState, ItemStatus
from schema.filters import IDFilter, StringFilter
from schema.hydration import described, hydrate
from schema.nodes import GlobalId, Node
from schema.scalars import Long
from store.circuit_breakers import failure_rate, is_live, warnings_of
from store.database import Row


@strawberry.type(description="A change of the state of one instance of a breaker.")
class CircuitBreakerTransition:
    """A row of ``circuit_breaker_transitions``."""

    instance: str | None = described("Which process reported it; null where none was named.")
    from_state: BreakerState | None = described("The state before; null for the first report.")
    to_state: BreakerState = described("The state since.")
    total_calls: Long = described("Calls of all instances so far, at the change.")
    total_failures: Long = described("Failures of all instances so far, at the change.")
    message: str | None = described("What its service said.")
    occurred_at: datetime = described("When it changed.")


@strawberry.type(description="A breaker as one process of its service last reported it.")
class CircuitBreakerInstance:
    """A row of ``circuit_breaker_instances``."""

    instance: str | None = described("The process; null where none was named.")
    state: BreakerState = described("Its state there.")
    total_calls: Long = described("Calls of this process so far.")
    total_failures: Long = described("Failures of this process so far.")
    message: str | None = described("What its service said.")
    changed_at: datetime = described("When its state there last changed.")
    reported_at: datetime = described("When this process last reported it.")
    is_live: bool = described(
        "Whether it counts for the state of the breaker: false 30 minutes after its last report, "
        "where others have reported since."
    )

    @classmethod
    def from_row(cls, row: Row, newest: datetime) -> "CircuitBreakerInstance":
        """From a row of ``circuit_breaker_instances``."""
        return hydrate(cls, row, instance=row["instance"] or None, is_live=is_live(row, newest))

    @strawberry.field(description="Failures per call, 0 to 1; null before the first call.")
    def failure_rate(self) -> float | None:
        """Of all calls of the process so far."""
        return failure_rate(self.__dict__)


@strawberry.type(description="A named breaker: what its service's processes reported, together.")
class CircuitBreaker(Node):
    """A row of ``circuit_breakers``."""

    organization_id: strawberry.ID = described("The tenant.")
    name: str = described("Its name.")
    state: BreakerState = described("The worst state of its live instances.")
    total_calls: Long = described("Calls of all instances so far.")
    total_failures: Long = described("Failures of all instances so far.")
    message: str | None = described("What was said with that state.")
    changed_at: datetime = described("When its state last changed.")
    reported_at: datetime = described("When it was last reported.")

    @classmethod
    def from_row(cls, row: Row) -> "CircuitBreaker":
        """From a row of ``circuit_breakers``."""
        return hydrate(cls, row)

    def global_id(self) -> GlobalId:
        return GlobalId("CircuitBreaker", (self.organization_id, self.name))

    @strawberry.field(description="Failures per call, 0 to 1; null before the first call.")
    def failure_rate(self) -> float | None:
        """Of all calls so far."""
        return failure_rate(self.__dict__)

    @strawberry.field(description="What an operator should know: not closed, failures above 10 %.")
    def warnings(self) -> list[str]:
        """Empty when all is well."""
        return warnings_of(self.__dict__)

    @strawberry.field(description="The processes that report it, by name; at most 200.")
    async def instances(self, info: Info) -> list[CircuitBreakerInstance]:
        """Loaded for all breakers of an answer at once."""
        rows = await info.context.loaders.breaker_instances.load((self.organization_id, self.name))
        return [CircuitBreakerInstance.from_row(row, self.reported_at) for row in rows]

    @strawberry.field(description="Changes of its state, oldest first.")
    async def transitions(self, info: Info) -> list[CircuitBreakerTransition]:
        """Loaded for all breakers of an answer at once."""
        rows = await info.context.loaders.transitions.load((self.organization_id, self.name))
        return [hydrate(CircuitBreakerTransition, row) for row in rows]


@strawberry.input(description="State and totals of a breaker, as its service reports them.")
class CircuitBreakerInput:
    """Structurally a ``BreakerDraft``."""

    name: str = described("Its name.")
    state: BreakerState = described("Where it stands.")
    instance: str | None = described(
        "The process that reports, where several share the breaker's name: each has a state and "
        "totals of its own. Left out: one reporter.",
        default=None,
    )
    total_calls: Long = described("Calls of this reporter so far.", default=0)
    total_failures: Long = described("Failures of this reporter so far.", default=0)
    message: str | None = described("What is to be said of it.", default=None)
    organization_id: strawberry.ID | None = described("Default: the key's.", default=None)
    occurred_at: datetime | None = described("When it was so; default: now.", default=None)


@strawberry.input(description="Which breakers. All that is given must hold.")
class CircuitBreakerFilter:
    """By name and state."""

    organization_id: IDFilter | None = condition("By organization.")
    name: StringFilter | None = condition("By name.")
    state: list[BreakerState] | None = condition("One of these states.")


@strawberry.type(description="The answer to a report of a breaker.")
class CircuitBreakerPayload:
    """Its status and the breaker as it is stored."""

    status: ItemStatus = described("ACCEPTED, or DUPLICATE where a newer report is known.")
    truncated: int = described("Texts that were over their limit and were cut.")
    key: strawberry.Private[tuple[Any, ...]]

    @strawberry.field(description="The breaker as it is stored.")
    async def circuit_breaker(self, info: Info) -> CircuitBreaker | None:
        """Read back only when it is selected."""
        row = await info.context.loaders.breaker.load(self.key)
        return CircuitBreaker.from_row(row) if row else None
