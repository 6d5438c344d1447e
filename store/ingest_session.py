"""From a principal's drafts to entries of the writer: the one door for everything that is recorded."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from models.enums import AccessScope
from store.auth.access import Principal
from store.circuit_breakers import BreakerDraft, BreakerEntry, prepare_breaker
from store.ids import Clock
from store.limits.entries import (
    ConsumeDraft,
    ConsumeEntry,
    SettleEntry,
    prepare_consume,
    prepare_reserve,
    prepare_settle,
)
from store.operations.bulk.batches import OperationBatch
from store.operations.drafts import OperationDraft
from store.operations.prepare import OperationEntry, OperationPreparer
from store.requests.prepare import RequestPreparer
from store.sessions import (
    EndSessionEntry,
    SessionDraft,
    SessionEntry,
    prepare_session,
    prepare_session_end,
)
from store.validation import InputBounds


class IngestSession:
    """Validates what one principal sends; methods raise ``InvalidInputError`` or ``ForbiddenError``."""

    def __init__(
        self,
        principal: Principal,
        bounds: InputBounds,
        clock: Clock,
        make_id: Callable[[], UUID],
    ) -> None:
        principal.require(AccessScope.INGEST)
        self._principal = principal
        self._bounds = bounds
        self._now = clock()
        self._make_id = make_id
        self._operations = OperationPreparer(principal, bounds, self._now, make_id)
        self.requests = RequestPreparer(principal, bounds, self._now, make_id)

    @property
    def bounds(self) -> InputBounds:
        return self._bounds

    @property
    def now(self) -> datetime:
        return self._now

    def operation(self, draft: OperationDraft) -> OperationEntry:
        return self._operations.prepare(draft)

    async def operations(self, drafts: Sequence[OperationDraft]) -> OperationBatch | None:
        """Prepare many operations as one entry; None if they must be prepared one by one."""
        return await self._operations.prepare_all(drafts)

    def session(self, draft: SessionDraft) -> SessionEntry:
        return prepare_session(draft, self._principal, self._bounds, self._now, self._make_id)

    def end_session(self, id: str) -> EndSessionEntry:
        return prepare_session_end(id, self._principal, self._bounds, self._now)

    def consume(self, draft: ConsumeDraft) -> ConsumeEntry:
        return prepare_consume(draft, self._principal, self._bounds, self._now)

    def reserve(self, draft: ConsumeDraft, ttl: timedelta) -> ConsumeEntry:
        return prepare_reserve(draft, ttl, self._principal, self._bounds, self._now)

    def settle(self, id: UUID, units: int | None) -> SettleEntry:
        return prepare_settle(id, units, self._principal, self._bounds, self._now)

    def breaker(self, draft: BreakerDraft) -> BreakerEntry:
        return prepare_breaker(draft, self._principal, self._bounds, self._now)
