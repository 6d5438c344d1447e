"""What every resolver can reach: the store, the caller, and the loaders of this call."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import strawberry

from models.enums import AccessScope
from store.auth.access import Principal, TenantBounds
from store.database import Row
from store.errors import InvalidInputError, Problem
from store.ingest.entries import Entry, ItemResult
from store.loaders import Loaders
from store.operations.bulk.batches import BatchResults, OperationBatch
from store.response_size import ReadBudget
from store.store import Store

MAX_ZONES = 4
"""Different time zones that one document may ask for."""


@dataclass(frozen=True, slots=True)
class Hydrators:
    """Makes types from rows for those modules that cannot import them.

    Operations lead to requests and sessions, which lead back to operations: one of the two ways
    round must not be an import.
    """

    request: Callable[[Row], Any]
    session: Callable[[Row], Any]


@dataclass(slots=True)
class RequestContext:
    """Made for every call, and for every event of a subscription; never kept."""

    store: Store
    principal: Principal
    hydrate: Hydrators
    may_clear_arguments: bool = False
    """Whether nobody but the resolver that is called reads its arguments any more."""
    pending: list[asyncio.Future[Any]] = field(default_factory=list, init=False)
    """Fields of this call that still run although an error has settled the answer without them."""
    zones: set[str] = field(default_factory=set, init=False)
    """Time zones that this call has asked for."""
    _loaders: Loaders | None = field(default=None, init=False)
    _budget: ReadBudget | None = field(default=None, init=False)

    @property
    def budget(self) -> ReadBudget:
        """What may be read for the answer; made when it is first needed."""
        if self._budget is None:
            self._budget = ReadBudget(self.store.config.answers.bytes)
        return self._budget

    @property
    def has_read_too_much(self) -> bool:
        """Whether more was read than an answer may need."""
        return self._budget is not None and self._budget.is_exceeded

    @property
    def loaders(self) -> Loaders:
        """Made when they are first needed: most calls load no edge."""
        if self._loaders is None:
            self._loaders = self.store.loaders(self.principal.bounds, self.budget)
        return self._loaders

    def use_zone(self, name: str) -> None:
        """Count a time zone of this call, as each may take a tenth of a second to load."""
        self.zones.add(name)
        if len(self.zones) > MAX_ZONES:
            message = (
                f"A document must not use more than {MAX_ZONES} time zones. Send several requests."
            )
            raise InvalidInputError([Problem("BAD_USER_INPUT", message, ("bucket", "zone"))])

    def reader(self) -> TenantBounds:
        """The bounds within which the caller reads; raises ``Forbidden`` without READ."""
        self.principal.require(AccessScope.READ)
        return self.principal.bounds

    def release_inputs(self, items: Sequence[object]) -> None:
        """Free what a resolver was given, all of which is prepared by now.

        Else it is freed with the answer, after the commit: no longer in the processor's cache, and
        not there for the next call to be put in its place. That costs a bulk load a twentieth.
        """
        if self.may_clear_arguments and isinstance(items, list):
            items.clear()

    async def settle(self) -> None:
        """Cancel the pending fields, and wait until they have given back what they hold."""
        while self.pending:
            fields, self.pending = self.pending, []
            # Each must have begun: a coroutine that has not never awaits those inside it.
            await asyncio.sleep(0)
            for each in fields:
                each.cancel()
            await asyncio.gather(*fields, return_exceptions=True)

    async def write(self, entries: Sequence[Entry]) -> list[ItemResult]:
        """Write entries in one transaction; what is read afterwards is as they left it."""
        results = await self.store.write(entries, self.principal.bounds.organization_id)
        self._loaders = None
        return results

    async def write_operations(self, batch: OperationBatch) -> BatchResults:
        """Write the operations of one call in one transaction."""
        results = await self.store.write_operations(batch, self.principal.bounds.organization_id)
        self._loaders = None
        return results

    async def write_one(self, entry: Entry) -> ItemResult:
        """Write one entry; raises what it was rejected for."""
        (result,) = await self.write([entry])
        if result.error is not None:
            raise result.error
        return result


Info: TypeAlias = strawberry.Info[RequestContext, None]
