"""Define the root fields of circuit breakers."""

from typing import Annotated

import strawberry

from schema.arguments import about, where_of
from schema.circuit_breakers import (
    CircuitBreaker,
    CircuitBreakerFilter,
    CircuitBreakerInput,
    CircuitBreakerPayload,
)
from schema.context import Info
from schema.enums import ItemStatus
from schema.filters import condition_of


@strawberry.type
class CircuitBreakerMutations:
    @strawberry.mutation(
        description="Reports the state and totals of a circuit breaker. Late reports are ignored. "
        "Reports of several instances are combined into the worst state and the summed "
        "totals."
    )
    async def report_circuit_breaker(
        self, info: Info, input: Annotated[CircuitBreakerInput, about("The state and totals.")]
    ) -> CircuitBreakerPayload:
        store = info.context.store
        entry = store.ingest_session(info.context.principal).breaker(input)
        result = await info.context.write_one(entry)
        status = ItemStatus(result.status)
        return CircuitBreakerPayload(status=status, truncated=entry.truncated, key=result.detail)


@strawberry.type
class CircuitBreakerQueries:
    @strawberry.field(description="Circuit breakers, ordered by name, with warnings for operators.")
    async def circuit_breakers(
        self,
        info: Info,
        where: Annotated[CircuitBreakerFilter | None, where_of("breakers")] = None,
    ) -> list[CircuitBreaker]:
        store = info.context.store
        condition = condition_of(where, store.now())
        rows = await store.breakers.list_breakers(info.context.reader(), condition)
        return [CircuitBreaker.from_row(row) for row in rows]
