"""Describe limits, their usage, and the answers to consume and reserve."""

from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import strawberry

from schema.conditions import condition
from schema.context import Info
from schema.enums import ItemStatus, LimitMode, LimitPeriod, LimitSubject, ReservationStatus
from schema.filter_operators import (
    DateTimeFilter,
    IDFilter,
    LongFilter,
    StringFilter,
    UUIDFilter,
    ValueFilter,
)
from schema.hydration import described, hydrate
from schema.labels import LabelsInput
from schema.nodes import GlobalId, Node
from schema.scalars import Long
from store.database import Row
from store.limits.decide import Decision, Level

DEFAULT_TTL = timedelta(minutes=10)


@strawberry.type(description="A limit in its current period, with used and remaining units.")
class LimitLevel:
    limit_id: UUID = described("The limit's uuid.")
    subject: LimitSubject = described("Level that the limit applies to.")
    subject_id: strawberry.ID = described("Id of the subject at that level.")
    interaction_type: str = described("Interaction type that is limited.")
    period: LimitPeriod = described("Period after which usage resets.")
    mode: LimitMode = described("Behavior at the maximum.")
    maximum: Long = described("Maximum units per period.")
    used: Long = described("Units used in this period.")
    reserved: Long = described("Units held by active reservations.")
    remaining: Long = described("Remaining units; never below zero.")
    uncertain: Long = described(
        "Units used in this period or shortly before it, which cannot be told apart. "
        "They are not part of used. Above 0 only in the period in which the limit was "
        "set."
    )
    exceeded: bool = described("Whether usage exceeds the maximum.")
    period_start: datetime = described("Start of the current period.")
    resets_at: datetime | None = described("When usage resets to zero; null for LIFETIME.")

    @classmethod
    def of(cls, level: Level) -> "LimitLevel":
        return cls(
            limit_id=level.limit_id,
            subject=level.subject,
            subject_id=strawberry.ID(level.subject_id),
            interaction_type=level.interaction_type,
            period=level.period,
            mode=level.mode,
            maximum=Long(level.maximum),
            used=Long(level.used),
            reserved=Long(level.reserved),
            remaining=Long(level.remaining),
            uncertain=Long(level.uncertain),
            exceeded=level.exceeded,
            period_start=level.period_start,
            resets_at=level.resets_at,
        )

    @strawberry.field(
        description="Maximum units per period.", deprecation_reason="Renamed to maximum."
    )
    def limit(self) -> Long:
        return self.maximum


@strawberry.type(description="A maximum of units per subject, interaction type and period.")
class Limit(Node):
    uuid: UUID = described("The limit's uuid.")
    organization_id: strawberry.ID = described("Organization id.")
    subject: LimitSubject = described("Level that the limit applies to.")
    subject_id: strawberry.ID = described("Id of the subject at that level.")
    interaction_type: str = described("Interaction type that is limited.")
    period: LimitPeriod = described("Period after which usage resets.")
    zone: str = described("IANA time zone of the period.")
    maximum: Long = described("Maximum units per period.")
    mode: LimitMode = described("Behavior at the maximum.")
    created_at: datetime = described("When the limit was created.")
    updated_at: datetime = described("When the limit was last updated.")

    @classmethod
    def from_row(cls, row: Row) -> "Limit":
        return hydrate(cls, row, uuid=row["id"])

    def global_id(self) -> GlobalId:
        return GlobalId("Limit", (self.organization_id, self.uuid.hex))

    @strawberry.field(description="Used and remaining units in the current period.")
    async def usage(self, info: Info) -> LimitLevel:
        return LimitLevel.of(await info.context.loaders.level.load(LevelKey(self)))


class LevelKey:
    """Wrap a limit row as the key of its level, equal by its primary key."""

    def __init__(self, limit: Limit) -> None:
        columns = limit.__dict__
        self.id = limit.uuid
        self.organization_id = columns["organization_id"]
        self.subject, self.subject_id = columns["subject"], columns["subject_id"]
        self.interaction_type, self.period = columns["interaction_type"], columns["period"]
        self.zone, self.maximum, self.mode = columns["zone"], columns["maximum"], columns["mode"]

    def __hash__(self) -> int:
        return hash((self.organization_id, self.id))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LevelKey) and (self.organization_id, self.id) == (
            other.organization_id,
            other.id,
        )


@strawberry.input(description="Units of one interaction type to consume.")
class ConsumeInput:
    interaction_type: str = described("Interaction type, such as mini or premium.")
    id: UUID | None = described(
        "Id chosen by the client, which makes retries idempotent.", default=None
    )
    operation_type: str | None = described("Operation type, such as add_memory_v1.", default=None)
    units: Long = described("Number of units (the batch size), at least 1.", default=1)
    labels: LabelsInput | None = described(
        "Labels of the consumer. Every level with a limit counts the units.", default=None
    )


@strawberry.input(description="Units of one interaction type to reserve.")
class ReserveInput(ConsumeInput):
    ttl: timedelta = described("Maximum duration, PT1S to P1D.", default=DEFAULT_TTL)


@strawberry.input(description="Commits a reservation: the units actually used are counted.")
class CommitReservationInput:
    reservation_id: UUID = described("The reservation's id (uuid).")
    units: Long = described("Number of units actually used.")


@strawberry.input(description="Releases a reservation: all of its units are returned.")
class ReleaseReservationInput:
    reservation_id: UUID = described("The reservation's id (uuid).")


@strawberry.type(description="Whether the call is allowed, and if not, why.")
class ConsumePayload:
    status: ItemStatus = described("ACCEPTED, REJECTED if denied, or DUPLICATE for a repeated id.")
    uuid: UUID | None = described("The id that was sent.")
    allowed: bool = described(
        "Whether the call is allowed. A denied call has no effect. False for a repeated "
        "reserve whose reservation no longer holds units."
    )
    units: Long = described("Requested units; for a retry, those of the first call.")
    denied_by: LimitLevel | None = described("The level that denied the call.")
    reason: str | None = described(
        "Explanation for the caller if the call was denied or was a retry without effect."
    )
    retry_after_seconds: Long | None = described("Seconds until the denying level resets.")
    levels: list[LimitLevel] = described("All limits that apply, in their state after this call.")

    @classmethod
    def of(
        cls, status: ItemStatus, id: UUID | None, decision: Decision, now: datetime
    ) -> "ConsumePayload":
        denied = decision.denied_by
        wait: Long | None = None
        if denied is not None and denied.resets_at is not None:
            wait = Long(max(0, ceil((denied.resets_at - now).total_seconds())))
        return cls(
            status=status,
            uuid=id,
            allowed=decision.allowed,
            units=Long(decision.units),
            denied_by=LimitLevel.of(denied) if denied else None,
            reason=decision.reason(),
            retry_after_seconds=wait,
            levels=[LimitLevel.of(level) for level in decision.levels],
        )


@strawberry.type(description="Units reserved until committed, released or expired.")
class Reservation:
    uuid: UUID = described(
        "The reservation's uuid, used in commitReservation and releaseReservation."
    )
    interaction_type: str = described("Interaction type of the reserved units.")
    units: Long = described("Number of units.")
    status: ReservationStatus = described("Current status.")
    settled_units: Long | None = described("Number of units actually used.")
    created_at: datetime = described("When the reservation was created.")
    expires_at: datetime = described("When the reservation expires.")

    @classmethod
    def from_row(cls, row: Row) -> "Reservation":
        return hydrate(cls, row, uuid=row["id"])


@strawberry.type(description="Result of reserve, commitReservation and releaseReservation.")
class ReservationPayload(ConsumePayload):
    key: strawberry.Private[tuple[str, UUID]]

    @strawberry.field(description="The stored reservation; null if denied.")
    async def reservation(self, info: Info) -> Reservation | None:
        row = await info.context.loaders.reservation.load(self.key)
        return Reservation.from_row(row) if row else None


@strawberry.input(
    description="A limit to set, identified by subject, interaction type and period. For an "
    "existing limit, omitted fields stay unchanged."
)
class LimitInput:
    subject: LimitSubject = described("Level that the limit applies to.")
    interaction_type: str = described("Interaction type to limit: one name, not a pattern.")
    maximum: Long = described("Maximum units per period, at least 0.")
    organization_id: strawberry.ID | None = described(
        "Defaults to the organization of the API key.", default=None
    )
    subject_id: strawberry.ID | None = described(
        "Id of the subject at that level. Omit it for ORGANIZATION.", default=None
    )
    period: LimitPeriod | None = described(
        "Period after which usage resets. Defaults to MONTH; required if the subject "
        "has limits of this interaction type for other periods only.",
        default=None,
    )
    zone: str | None = described(
        "IANA time zone of the period. Defaults to UTC for a new limit. Changing the "
        "zone recounts the units of the current period.",
        default=None,
    )
    mode: LimitMode | None = described(
        "Behavior at the maximum. Defaults to HARD for a new limit.", default=None
    )


@strawberry.type(description="The stored limit, or the limit as it was before deletion.")
class LimitPayload:
    status: ItemStatus = described("ACCEPTED.")
    limit: Limit = described("The limit.")


@strawberry.input(description="Deletes a limit.")
class DeleteLimitInput:
    limit_id: UUID = described("The limit's uuid.")


@strawberry.input(description="Filters limits. Conditions are combined with AND.")
class LimitFilter:
    and_: list["LimitFilter"] | None = condition(
        "Matches records that satisfy all of these filters.", name="and"
    )
    or_: list["LimitFilter"] | None = condition(
        "Matches records that satisfy any of these filters.", name="or"
    )
    not_: "LimitFilter | None" = condition(
        "Matches records that do not satisfy this filter.", name="not"
    )
    id: UUIDFilter | None = condition("Filters by uuid.")
    organization_id: IDFilter | None = condition("Filters by organization.")
    subject: ValueFilter[LimitSubject] | None = condition("Filters by level.")
    subject_id: IDFilter | None = condition("Filters by the id of the subject.")
    interaction_type: StringFilter | None = condition("Filters by interaction type.")
    period: ValueFilter[LimitPeriod] | None = condition("Filters by period.")
    zone: StringFilter | None = condition("Filters by time zone.")
    maximum: LongFilter | None = condition("Filters by the maximum units per period.")
    mode: ValueFilter[LimitMode] | None = condition("Filters by mode.")
    created_at: DateTimeFilter | None = condition("Filters by creation time.")
    updated_at: DateTimeFilter | None = condition("Filters by the time of the last change.")


@strawberry.input(description="The subject of the limits.")
class SubjectInput:
    subject: LimitSubject = described("Level.")
    subject_id: strawberry.ID | None = described(
        "Id of the subject at that level. Omit it for ORGANIZATION.", default=None
    )
    organization_id: strawberry.ID | None = described(
        "Defaults to the organization of the API key.", default=None
    )
