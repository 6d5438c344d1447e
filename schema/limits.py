"""Limits, what is left of them, and the answers to consume and reserve."""

from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import strawberry

from schema.conditions import condition
from schema.context import Info
from schema.enums import ItemStatus, LimitMode, LimitPeriod, LimitSubject, ReservationStatus
from schema.filters import IDFilter, StringFilter
from schema.hydration import described, hydrate
from schema.labels import LabelsInput
from schema.nodes import GlobalId, Node
from schema.scalars import Long
from store.database import Row
from store.limits.decide import Decision, Level

DEFAULT_TTL = timedelta(minutes=10)


@strawberry.type(description="A limit in its present period: what was used and what is left.")
class LimitLevel:
    """A ``Level`` of the store."""

    limit_id: UUID = described("The limit's own id.")
    subject: LimitSubject = described("The level it holds for.")
    subject_id: strawberry.ID = described("Which one of that level.")
    interaction_type: str = described("What it limits.")
    period: LimitPeriod = described("How often it starts again.")
    mode: LimitMode = described("What happens at the maximum.")
    limit: Long = described("The maximum of units in a period.")
    used: Long = described("Units used in this period.")
    reserved: Long = described("Units set aside by reservations that still run.")
    remaining: Long = described("Units that may still be used; never below zero.")
    uncertain: Long = described(
        "Units that were used in this period or shortly before it, and nothing tells which: they "
        "are not part of used. Above 0 only in the period in which the limit was set."
    )
    exceeded: bool = described("Whether more was used than the maximum.")
    period_start: datetime = described("When this period began.")
    resets_at: datetime | None = described("When usage starts again at zero; null for a lifetime.")

    @classmethod
    def of(cls, level: Level) -> "LimitLevel":
        """From the store's level."""
        return cls(
            limit_id=level.limit_id,
            subject=level.subject,
            subject_id=strawberry.ID(level.subject_id),
            interaction_type=level.interaction_type,
            period=level.period,
            mode=level.mode,
            limit=Long(level.maximum),
            used=Long(level.used),
            reserved=Long(level.held),
            remaining=Long(level.remaining),
            uncertain=Long(level.uncertain),
            exceeded=level.exceeded,
            period_start=level.period_start,
            resets_at=level.resets_at,
        )


@strawberry.type(description="A maximum of units per subject, interaction type and period.")
class Limit(Node):
    """A row of ``limits``."""

    uuid: UUID = described("The limit's own id.")
    organization_id: strawberry.ID = described("The organization it belongs to.")
    subject: LimitSubject = described("The level it holds for.")
    subject_id: strawberry.ID = described("Which one of that level.")
    interaction_type: str = described("What it limits.")
    period: LimitPeriod = described("How often it starts again.")
    zone: str = described("The IANA zone of its calendar.")
    maximum: Long = described("Units in a period.")
    mode: LimitMode = described("What happens at the maximum.")
    created_at: datetime = described("When it was first set.")
    updated_at: datetime = described("When it was last set.")

    @classmethod
    def from_row(cls, row: Row) -> "Limit":
        """From a row of ``limits``."""
        return hydrate(cls, row, uuid=row["id"])

    def global_id(self) -> GlobalId:
        return GlobalId("Limit", (self.organization_id, self.uuid.hex))

    @strawberry.field(description="What is used and left in the present period.")
    async def usage(self, info: Info) -> LimitLevel:
        """Loaded for all limits of an answer at once."""
        return LimitLevel.of(await info.context.loaders.level.load(LevelKey(self)))


class LevelKey:
    """A limit row as the key of its level; equal by its primary key."""

    def __init__(self, limit: Limit) -> None:
        own = limit.__dict__
        self.id = limit.uuid
        self.organization_id = own["organization_id"]
        self.subject, self.subject_id = own["subject"], own["subject_id"]
        self.interaction_type, self.period = own["interaction_type"], own["period"]
        self.zone, self.maximum, self.mode = own["zone"], own["maximum"], own["mode"]

    def __hash__(self) -> int:
        return hash((self.organization_id, self.id))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LevelKey) and (self.organization_id, self.id) == (
            other.organization_id,
            other.id,
        )


@strawberry.input(description="Units of one interaction that a caller wants to use.")
class ConsumeInput:
    """Structurally a ``ConsumeDraft``."""

    interaction_type: str = described("What is used, such as mini or premium.")
    id: UUID | None = described("Chosen by the client: a repeat changes nothing.", default=None)
    operation_type: str | None = described("What for, such as add_memory_v1.", default=None)
    units: Long = described("How many units (the batch size), from 1.", default=1)
    labels: LabelsInput | None = described(
        "Whose use it is: every level with a limit counts.", default=None
    )


@strawberry.input(description="Units of one interaction that are to be set aside.")
class ReserveInput(ConsumeInput):
    """Structurally a ``ConsumeDraft``, with how long."""

    ttl: timedelta = described("How long at most, from PT1S to P1D.", default=DEFAULT_TTL)


@strawberry.input(description="A reservation ends: what was really used is counted.")
class CommitReservationInput:
    """Which one, and how many units."""

    reservation_id: UUID = described("The reservation's id (uuid).")
    units: Long = described("How many units were used in the end.")


@strawberry.input(description="A reservation ends: all of its units are given back.")
class ReleaseReservationInput:
    """Which one."""

    reservation_id: UUID = described("The reservation's id (uuid).")


@strawberry.type(description="Whether the call may go on, and if not what to tell its caller.")
class ConsumePayload:
    """A ``Decision`` of the store, with what an HTTP 403 or 429 needs."""

    status: ItemStatus = described("ACCEPTED; REJECTED when denied; DUPLICATE for a repeated id.")
    uuid: UUID | None = described("The id it was sent with.")
    allowed: bool = described(
        "Whether the call may go on. A denied call changed nothing. False for a repeated reserve "
        "whose reservation holds nothing any more."
    )
    units: Long = described("How many units were asked for; of a repeat, those of the first call.")
    denied_by: LimitLevel | None = described("The level that said no.")
    reason: str | None = described(
        "One sentence for the caller, when denied, or on a repeat that changed nothing."
    )
    retry_after_seconds: Long | None = described("When to try again: until that level resets.")
    levels: list[LimitLevel] = described("Every limit that applies, as after this call.")

    @classmethod
    def of(
        cls, status: ItemStatus, id: UUID | None, found: Decision, now: datetime
    ) -> "ConsumePayload":
        """From the store's decision."""
        denied = found.denied_by
        wait: Long | None = None
        if denied is not None and denied.resets_at is not None:
            wait = Long(max(0, ceil((denied.resets_at - now).total_seconds())))
        return cls(
            status=status,
            uuid=id,
            allowed=found.allowed,
            units=Long(found.units),
            denied_by=LimitLevel.of(denied) if denied else None,
            reason=found.reason(),
            retry_after_seconds=wait,
            levels=[LimitLevel.of(level) for level in found.levels],
        )


@strawberry.type(description="Units that are set aside until committed, released or expired.")
class Reservation:
    """A row of ``reservations``."""

    uuid: UUID = described("Its id: what commitReservation and releaseReservation take.")
    interaction_type: str = described("What is set aside.")
    units: Long = described("How many units.")
    status: ReservationStatus = described("Where it stands.")
    settled_units: Long | None = described("How many were used in the end.")
    created_at: datetime = described("When it was made.")
    expires_at: datetime = described("When it stops counting by itself.")

    @classmethod
    def from_row(cls, row: Row) -> "Reservation":
        """From a row of ``reservations``."""
        return hydrate(cls, row, uuid=row["id"])


@strawberry.type(description="The answer to reserve.")
class ReservationPayload:
    """The decision, and the reservation where it was granted."""

    status: ItemStatus = described("ACCEPTED; REJECTED when denied; DUPLICATE for a repeated id.")
    decision: ConsumePayload = described("Whether the call may go on.")
    key: strawberry.Private[tuple[str, UUID]]

    @strawberry.field(description="The reservation; null when denied.")
    async def reservation(self, info: Info) -> Reservation | None:
        """Read back only when it is selected."""
        row = await info.context.loaders.reservation.load(self.key)
        return Reservation.from_row(row) if row else None

    @strawberry.field(description="Whether the call may go on.")
    def allowed(self) -> bool:
        """Short for decision { allowed }."""
        return self.decision.allowed


@strawberry.type(description="The answer to commitReservation and releaseReservation.")
class SettlementPayload(ConsumePayload):
    """The decision, and the reservation."""

    key: strawberry.Private[tuple[str, UUID]]

    @strawberry.field(description="The reservation as it is stored.")
    async def reservation(self, info: Info) -> Reservation | None:
        """Read back only when it is selected."""
        row = await info.context.loaders.reservation.load(self.key)
        return Reservation.from_row(row) if row else None


@strawberry.input(
    description="A limit to be set; subject, type and period say which. Of a limit that exists, "
    "what is left out stays as it is."
)
class LimitInput:
    """Structurally a ``LimitDraft``."""

    subject: LimitSubject = described("The level it holds for.")
    interaction_type: str = described("What it limits: one name, no pattern.")
    maximum: Long = described("Units in a period, from 0.")
    organization_id: strawberry.ID | None = described("Default: the key's.", default=None)
    subject_id: strawberry.ID | None = described(
        "Which one of that level; left out for ORGANIZATION.", default=None
    )
    period: LimitPeriod | None = described(
        "How often it starts again. MONTH where it is left out; refused where the subject has "
        "limits of this interaction for other periods only.",
        default=None,
    )
    zone: str | None = described(
        "The IANA zone of its calendar; of a new limit UTC where it is left out. Another zone "
        "counts the units of the present period again.",
        default=None,
    )
    mode: LimitMode | None = described(
        "What happens at the maximum; of a new limit HARD where it is left out.", default=None
    )


@strawberry.type(description="The limit as it is stored, or as it was until it was deleted.")
class LimitPayload:
    """After setLimit and deleteLimit."""

    status: ItemStatus = described("ACCEPTED.")
    limit: Limit = described("The limit.")


@strawberry.input(description="A limit is deleted.")
class DeleteLimitInput:
    """Which one."""

    limit_id: UUID = described("The limit's own id (uuid).")


@strawberry.input(description="Which limits. All that is given must hold.")
class LimitFilter:
    """By subject, type and period."""

    organization_id: IDFilter | None = condition("By organization.")
    subject: list[LimitSubject] | None = condition("One of these levels.")
    subject_id: IDFilter | None = condition("By which one of the level.")
    interaction_type: StringFilter | None = condition("By interaction type.")
    period: list[LimitPeriod] | None = condition("One of these periods.")
    mode: list[LimitMode] | None = condition("HARD or SOFT.")


@strawberry.input(description="Who is limited.")
class SubjectInput:
    """A level and which one of it."""

    subject: LimitSubject = described("The level.")
    subject_id: strawberry.ID | None = described(
        "Which one; left out for ORGANIZATION.", default=None
    )
    organization_id: strawberry.ID | None = described("Default: the key's.", default=None)
