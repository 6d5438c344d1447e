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
    """Checks what one principal sends in one call. Each method raises ``BadInput`` or ``Forbidden``."""

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
        """How large items and batches may be."""
        return self._bounds

    @property
    def now(self) -> datetime:
        """The instant of the call."""
        return self._now

    def operation(self, draft: OperationDraft) -> OperationEntry:
        """A finished call."""
        return self._operations.prepare(draft)

    def operations(self, drafts: Sequence[OperationDraft]) -> OperationBatch | None:
        """Many finished calls as one entry; None where they must be prepared one by one."""
        return self._operations.prepare_all(drafts)

    def session(self, draft: SessionDraft) -> SessionEntry:
        """A session."""
        return prepare_session(draft, self._principal, self._bounds, self._now, self._make_id)

    def end_session(self, id: str) -> EndSessionEntry:
        """The end of a session."""
        return prepare_session_end(id, self._principal, self._bounds, self._now)

    def consume(self, draft: ConsumeDraft) -> ConsumeEntry:
        """Units to be used."""
        return prepare_consume(draft, self._principal, self._bounds, self._now)

    def reserve(self, draft: ConsumeDraft, ttl: timedelta) -> ConsumeEntry:
        """Units to be set aside."""
        return prepare_reserve(draft, ttl, self._principal, self._bounds, self._now)

    def settle(self, id: UUID, units: int | None) -> SettleEntry:
        """A reservation to be committed (with units) or released."""
        return prepare_settle(id, units, self._principal, self._bounds, self._now)

    def breaker(self, draft: BreakerDraft) -> BreakerEntry:
        """A report of a circuit breaker."""
        return prepare_breaker(draft, self._principal, self._bounds, self._now)
