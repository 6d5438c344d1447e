"""How long stages usually take: the median of recent ones, remembered for a minute."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from weakref import WeakValueDictionary

from cachetools import TLRUCache
from sqlalchemy import Select, func, select, union_all

from models import Request, RequestStage, table_of
from models.enums import StageStatus
from store.auth.access import TenantBounds
from store.database import Database
from store.dialects import OneOf, chunks
from store.ids import Clock
from store.requests.forecast import Typical
from store.requests.transitions import REQUEST_FINAL
from store.scheduling.fair_queue import Tenant

RECENT_REQUESTS = 2_000
"""So many of an organization's newest ended requests are looked at, of whatever type they are."""
SAMPLES = 100
"""Of these the newest of each type; their stages are what usual means."""
CACHE_TTL = timedelta(minutes=1)
MAX_CACHED_KINDS = 1_000
"""Types of organizations; a few names and numbers each."""
ORGANIZATIONS_PER_STATEMENT = 50
REQUESTS, STAGES = table_of(Request), table_of(RequestStage)
NO_DURATIONS: Typical = {}

Kind = tuple[str, str]
"""Organization and type of requests."""
Key = tuple[TenantBounds, Kind]


class StageHistory:
    """The usual seconds of stages, by organization and type of request."""

    def __init__(self, database: Database, clock: Clock, max_kinds: int = MAX_CACHED_KINDS) -> None:
        self._database = database
        self._clock = clock
        self._durations: TLRUCache[Key, Typical, datetime] = TLRUCache(
            max_kinds, lambda _key, _durations, now: now + CACHE_TTL, timer=clock
        )
        self._locks: WeakValueDictionary[Tenant, asyncio.Lock] = WeakValueDictionary()

    def now(self) -> datetime:
        return self._clock()

    async def typical(self, bounds: TenantBounds, kinds: Iterable[Kind]) -> dict[Kind, Typical]:
        """Usual seconds by stage, of each kind; from requests within the bounds only.

        One statement for all that is not remembered. Who asks at the same time for the same
        organization waits for it.
        """
        lock = self._locks.setdefault(bounds.organization_id, asyncio.Lock())
        async with lock:
            durations = {kind: self._durations.get((bounds, kind)) for kind in kinds}
            missing = sorted(kind for kind, known in durations.items() if known is None)
            if missing:
                read = await self._read(bounds, missing)
                for kind in missing:
                    durations[kind] = self._durations[bounds, kind] = read.get(kind, NO_DURATIONS)
        return {kind: known for kind, known in durations.items() if known is not None}

    async def _read(self, bounds: TenantBounds, kinds: Sequence[Kind]) -> Mapping[Kind, Typical]:
        types: dict[str, list[str]] = defaultdict(list)
        for organization, type in kinds:
            types[organization].append(type)
        taken: dict[Kind, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        async with self._database.read_for(bounds.organization_id) as connection:
            for batch in chunks(sorted(types), ORGANIZATIONS_PER_STATEMENT):
                statement = union_all(
                    *(
                        _recent(bounds, o, types[o], self._database.dialect.expressions.one_of)
                        for o in batch
                    )
                )
                for row in await connection.execute(statement):
                    seconds = max(0.0, (row.ended_at - row.started_at).total_seconds())
                    taken[row.organization_id, row.type][row.name].append(seconds)
        return {
            kind: {name: median(seconds) for name, seconds in stages.items()}
            for kind, stages in taken.items()
        }


def _recent(
    bounds: TenantBounds, organization: str, types: list[str], one_of: OneOf
) -> Select[tuple[object, ...]]:
    columns = REQUESTS.c
    recent = (
        select(REQUESTS)
        .where(
            columns.organization_id == organization,
            columns.status.in_(sorted(status.value for status in REQUEST_FINAL)),
        )
        .order_by(columns.id.desc())
        .limit(RECENT_REQUESTS)
        .subquery()
    )
    rank = func.row_number().over(partition_by=recent.c.type, order_by=recent.c.id.desc())
    chosen = select(recent.c.id, recent.c.type, rank.label("rank"))
    # Bounds come after the limit: what a narrow key costs is bounded, too.
    ranked = chosen.where(one_of(recent.c.type, types), *bounds.conditions(recent)).subquery()
    return (
        select(STAGES.c.organization_id, ranked.c.type, STAGES.c.name, STAGES.c.started_at,
               STAGES.c.ended_at)
        .join(ranked, ranked.c.id == STAGES.c.request_id)
        .where(
            STAGES.c.organization_id == organization,
            STAGES.c.status == StageStatus.COMPLETED.value,
            ranked.c.rank <= SAMPLES,
        )
    )  # fmt: skip
