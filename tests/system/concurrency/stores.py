"""The store itself under many callers: its drafts, its clock, and the limits of an organization."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from strawberry import ID

from models.enums import AccessScope, LimitMode, LimitPeriod, LimitSubject
from schema.enums import LimitMode as ModeInput
from schema.enums import LimitPeriod as PeriodInput
from schema.enums import LimitSubject as SubjectInput
from schema.labels import LabelsInput
from schema.limits import ConsumeInput, LimitInput
from schema.scalars import Long
from store.auth.access import Principal, TenantBounds
from store.config import StoreConfig
from store.dialects import PoolSettings
from store.limits.decide import Level
from store.store import Store

TYPE = "mini"
# What these tests write need not survive a loss of power.
POOL = PoolSettings(synchronous="OFF")


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now.astimezone(UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        """Go on by so much."""
        self.now += by


@asynccontextmanager
async def running_stores(
    database_url: str, clock: SetClock, count: int = 1
) -> AsyncIterator[list[Store]]:
    """As many stores on one database as there would be servers."""
    async with AsyncExitStack() as stack:
        stores = [Store(StoreConfig(database_url, POOL), clock) for _ in range(count)]
        for store in stores:
            await store.start()
            stack.push_async_callback(store.close)
        yield stores


def principal_of(organization: str) -> Principal:
    """Somebody who may do everything in one organization."""
    scopes = frozenset(AccessScope)
    return Principal("test", scopes, TenantBounds(organization), organization)


def label(value: str | None) -> ID | None:
    """A label as the schema types it."""
    return None if value is None else ID(value)


def consume_of(
    units: int,
    id: UUID | None = None,
    user: str | None = None,
    workspace: str | None = None,
    namespace: str | None = None,
) -> ConsumeInput:
    """The draft of a consume or reserve."""
    labels = LabelsInput(
        user_id=label(user), workspace_id=label(workspace), namespace_id=label(namespace)
    )
    return ConsumeInput(interaction_type=TYPE, id=id, units=Long(units), labels=labels)


async def set_limit(
    store: Store,
    principal: Principal,
    maximum: int,
    subject: LimitSubject = LimitSubject.ORGANIZATION,
    subject_id: str | None = None,
    period: LimitPeriod = LimitPeriod.MONTH,
    mode: LimitMode = LimitMode.HARD,
) -> UUID:
    """Set a limit; returns its id."""
    draft = LimitInput(
        subject=SubjectInput(subject),
        interaction_type=TYPE,
        maximum=Long(maximum),
        subject_id=label(subject_id),
        period=PeriodInput(period),
        mode=ModeInput(mode),
    )
    row = await store.limits.set_limit(draft, principal)
    id: UUID = row["id"]
    return id


async def levels_of(store: Store, principal: Principal) -> dict[UUID, Level]:
    """Every limit of the organization as it stands now."""
    rows = await store.limits.list_limits(principal.bounds)
    return {level.limit_id: level for level in await store.limits.levels(rows)}
