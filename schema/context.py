"""Hold what every resolver can reach: the store, the caller, and the loaders of this call."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import strawberry

from models.enums import AccessScope
from store.aggregation.catalog import Source
from store.aggregation.queries import AggregationQuery
from store.aggregation.results import AggregationResult
from store.auth.access import Principal, TenantBounds
from store.database import Row
from store.dialects import Member
from store.errors import InvalidInputError, Problem
from store.ingest.entries import Entry, ItemResult
from store.loaders import Loaders
from store.operations.bulk.batches import BatchResults, OperationBatch
from store.query.filters import Condition
from store.response_size import ReadBudget
from store.store import Store

MembersPlan: TypeAlias = tuple[Sequence[Member], bool]
"""Members of a record's JSON object, and whether the answer shows cursors beside."""
MAX_ZONES = 4
"""Per document."""


@dataclass(frozen=True, slots=True)
class Hydrators:
    """Convert rows to types for modules that cannot import them.

    Operations refer to requests and sessions, which refer back to operations: one direction must not be
    an import.
    """

    request: Callable[[Row], Any]
    session: Callable[[Row], Any]


@dataclass(slots=True)
class RequestContext:
    """Hold the state of one call, or of one event of a subscription."""

    store: Store
    principal: Principal
    hydrate: Hydrators
    shown_members: Callable[[Any, Callable[[Row], Any]], MembersPlan | None] | None = None
    """Returns what an answer shows of each record of a page, if the database may write it as JSON."""
    may_clear_arguments: bool = False
    """Whether only the called resolver still reads its arguments."""
    pending: list[asyncio.Future[Any]] = field(default_factory=list, init=False)
    """Fields that still run although an error has settled the answer without them."""
    zones: set[str] = field(default_factory=set, init=False)
    """Time zones used by this call."""
    _loaders: Loaders | None = field(default=None, init=False)
    _budget: ReadBudget | None = field(default=None, init=False)

    @property
    def budget(self) -> ReadBudget:
        if self._budget is None:
            self._budget = ReadBudget(self.store.config.answers.bytes)
        return self._budget

    @property
    def has_read_too_much(self) -> bool:
        return self._budget is not None and self._budget.is_exceeded

    @property
    def loaders(self) -> Loaders:
        """Create the loaders on first use, because most calls load no edge."""
        if self._loaders is None:
            self._loaders = self.store.loaders(self.principal.bounds, self.budget)
        return self._loaders

    def use_zone(self, name: str) -> None:
        """Count a time zone of this call; loading one may take a tenth of a second."""
        self.zones.add(name)
        if len(self.zones) > MAX_ZONES:
            message = (
                f"A document must not use more than {MAX_ZONES} time zones. Send several requests."
            )
            raise InvalidInputError([Problem("BAD_USER_INPUT", message, ("bucket", "zone"))])

    def now(self) -> datetime:
        return self.store.now()

    async def aggregate(self, question: AggregationQuery) -> AggregationResult:
        return await self.store.aggregation.ask(question, self.reader())

    async def first_record_at(
        self, source: Source, where: Condition | None, at: datetime
    ) -> datetime | None:
        """Return when the first record that matches occurred."""
        return await self.store.aggregation.first(source, where, self.reader(), at)

    def reader(self) -> TenantBounds:
        """Return the bounds within which the caller reads; raise ``ForbiddenError`` without READ."""
        self.principal.require(AccessScope.READ)
        return self.principal.bounds

    def release_inputs(self, items: Sequence[object]) -> None:
        """Free the inputs of a resolver once all of them are prepared.

        Otherwise they are freed after the commit, no longer in the processor's cache and too late for the
        next call to reuse their memory, which costs a bulk load a twentieth.
        """
        if self.may_clear_arguments and isinstance(items, list):
            items.clear()

    async def settle(self) -> None:
        """Cancel the pending fields, and wait until they have released their resources."""
        while self.pending:
            fields, self.pending = self.pending, []
            # Each must have started: an unstarted coroutine never awaits its inner ones.
            await asyncio.sleep(0)
            for pending_field in fields:
                pending_field.cancel()
            await asyncio.gather(*fields, return_exceptions=True)

    async def write(self, entries: Sequence[Entry]) -> list[ItemResult]:
        """Write entries in one transaction; later reads see their result."""
        results = await self.store.write(entries, self.principal.bounds.organization_id)
        self._loaders = None
        return results

    async def write_operations(self, batch: OperationBatch) -> BatchResults:
        results = await self.store.write_operations(batch, self.principal.bounds.organization_id)
        self._loaders = None
        return results

    async def write_one(self, entry: Entry) -> ItemResult:
        """Write one entry; raise the error that rejected it."""
        (result,) = await self.write([entry])
        if result.error is not None:
            raise result.error
        return result


Info: TypeAlias = strawberry.Info[RequestContext, None]
