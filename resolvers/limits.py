"""Define the root fields of limits, consumption and reservations."""

from typing import Annotated
from uuid import UUID

import strawberry

from models.enums import LimitSubject
from schema.arguments import about, conditions, narrowing, where_of
from schema.context import Info
from schema.enums import ItemStatus
from schema.filters import condition_of
from schema.limits import (
    CommitReservationInput,
    ConsumeInput,
    ConsumePayload,
    DeleteLimitInput,
    Limit,
    LimitFilter,
    LimitInput,
    LimitLevel,
    LimitPayload,
    ReleaseReservationInput,
    ReservationPayload,
    ReserveInput,
    SubjectInput,
)
from store.errors import InvalidInputError
from store.ingest_session import IngestSession
from store.limits.decide import Decision
from store.limits.entries import ConsumeEntry, SettleEntry


def ingest_session(info: Info) -> IngestSession:
    """Return the caller's ingest session; raise ``ForbiddenError`` without INGEST."""
    return info.context.store.ingest_session(info.context.principal)


async def write_decision(info: Info, entry: ConsumeEntry | SettleEntry) -> ConsumePayload:
    """Write an entry; return a denial as data, which callers branch on."""
    store = info.context.store
    (result,) = await info.context.write([entry])
    if not isinstance(result.detail, Decision):
        assert result.error is not None
        raise result.error
    id = result.id if isinstance(result.id, UUID) else None
    return ConsumePayload.of(ItemStatus(result.status), id, result.detail, store.now())


async def write_reservation(info: Info, entry: ConsumeEntry | SettleEntry) -> ReservationPayload:
    decision = await write_decision(info, entry)
    assert entry.organization is not None
    assert entry.id is not None
    return ReservationPayload(**vars(decision), key=(entry.organization, entry.id))


@strawberry.type
class LimitMutations:
    @strawberry.mutation(
        description="Consumes units if every applicable limit allows it, all or nothing. A denied "
        "call has no effect."
    )
    async def consume(
        self,
        info: Info,
        input: Annotated[ConsumeInput, about("The units to consume and their consumer.")],
    ) -> ConsumePayload:
        return await write_decision(info, ingest_session(info).consume(input))

    @strawberry.mutation(description="Reserves units until they are committed or released.")
    async def reserve(
        self,
        info: Info,
        input: Annotated[
            ReserveInput, about("The units to reserve, their consumer and the duration.")
        ],
    ) -> ReservationPayload:
        return await write_reservation(info, ingest_session(info).reserve(input, input.ttl))

    @strawberry.mutation(
        description="Counts the units actually used of a reservation and returns the rest. "
        "Completed work is counted even if it exceeds the limit, or if the reservation "
        "was released or has expired; it is then counted in the period of the commit."
    )
    async def commit_reservation(
        self,
        info: Info,
        input: Annotated[CommitReservationInput, about("The reservation and the units used.")],
    ) -> ReservationPayload:
        return await write_reservation(
            info, ingest_session(info).settle(input.reservation_id, input.units)
        )

    @strawberry.mutation(description="Returns all units of a reservation.")
    async def release_reservation(
        self, info: Info, input: Annotated[ReleaseReservationInput, about("The reservation.")]
    ) -> ReservationPayload:
        return await write_reservation(
            info, ingest_session(info).settle(input.reservation_id, None)
        )

    @strawberry.mutation(
        description="Sets the maximum for a subject, interaction type and period. A new limit "
        "starts with the units already used in its period; omitted fields of an "
        "existing limit stay unchanged."
    )
    async def set_limit(
        self, info: Info, input: Annotated[LimitInput, about("The limit.")]
    ) -> LimitPayload:
        row = await info.context.store.limits.set_limit(input, info.context.principal)
        return LimitPayload(status=ItemStatus.ACCEPTED, limit=Limit.from_row(row))

    @strawberry.mutation(
        description="Deletes a limit. Counters are kept: if the limit is set again, it starts with "
        "the units used in its period."
    )
    async def delete_limit(
        self, info: Info, input: Annotated[DeleteLimitInput, about("The limit to delete.")]
    ) -> LimitPayload:
        row = await info.context.store.limits.delete_limit(input.limit_id, info.context.principal)
        return LimitPayload(status=ItemStatus.ACCEPTED, limit=Limit.from_row(row))


@strawberry.type
class LimitQueries:
    @strawberry.field(description="Limits, ordered by subject, type and period; at most 1,000.")
    async def limits(
        self,
        info: Info,
        where: Annotated[LimitFilter | None, where_of("limits")] = None,
    ) -> list[Limit]:
        store = info.context.store
        condition = condition_of(where, store.now())
        rows = await store.limits.list_limits(info.context.reader(), condition)
        return [Limit.from_row(row) for row in rows]

    @strawberry.field(description="Used and remaining units of one subject's limits.")
    async def usage(
        self,
        info: Info,
        subject: Annotated[SubjectInput, conditions("The subject of the limits.")],
        interaction_type: Annotated[
            str | None, narrowing("Returns only limits of this interaction.")
        ] = None,
    ) -> list[LimitLevel]:
        bounds = info.context.reader()
        organization = info.context.principal.organization(subject.organization_id)
        subject_id = subject.subject_id
        if subject.subject is LimitSubject.ORGANIZATION:
            subject_id = subject_id or strawberry.ID(organization)
        if subject_id is None:
            raise InvalidInputError(
                f"subjectId is required for {subject.subject.value}.", ("subject", "subjectId")
            )
        levels = await info.context.store.limits.list_usage(
            bounds, organization, subject.subject, subject_id, interaction_type
        )
        return [LimitLevel.of(level) for level in levels]
