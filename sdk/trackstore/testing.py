"""Trackers for tests: one that keeps what was recorded, and one that does nothing at all."""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from trackstore.encoding import check_entry, encode_entry
from trackstore.entries import Consume, CreateRequest, Entry, LogEvent, Operation
from trackstore.errors import InvalidItemError
from trackstore.ids import new_id
from trackstore.limit_calls import IfUnavailable
from trackstore.limits import ANSWER_TIMEOUT_SECONDS, reservation_id
from trackstore.recorder import Recorder
from trackstore.results import Consumption, Flushed, Level, Reservation, Stats

E = TypeVar("E", bound=Entry)


class RecordingTracker(Recorder):
    """Keeps every entry, in order, and needs no server: for tests of what a service tracks.

    Entries are checked as the server checks their types, and what it would refuse is raised at
    once. ``limits`` are units of an interaction type that may be used; without one there is no end
    of them. ``cancelled`` holds the requests that count as called off.
    """

    def __init__(self, limits: Mapping[str, int] | None = None, *, strict: bool = True) -> None:
        self.entries: list[Entry] = []
        self.used: dict[str, int] = {}
        """Units by interaction type."""
        self.cancelled: set[UUID] = set()
        self.is_closed = False
        self._limits = dict(limits or {})
        self.is_strict = strict
        self._dropped: dict[str, int] = {}
        self._reservations: dict[UUID, tuple[str, int]] = {}
        self._lock = threading.Lock()

    # ------------------------------------------------------------------ what was recorded

    def all_of(self, kind: type[E]) -> list[E]:
        """The entries of one kind, in order: ``all_of(FailStage)``."""
        return [entry for entry in self.entries if isinstance(entry, kind)]

    @property
    def operations(self) -> list[Operation]:
        """Every operation, in order."""
        return self.all_of(Operation)

    @property
    def requests(self) -> list[CreateRequest]:
        """Every request that was created, in order."""
        return self.all_of(CreateRequest)

    @property
    def logged(self) -> list[LogEvent]:
        """Every event that was logged to a request, in order."""
        return self.all_of(LogEvent)

    def find(self, **facts: Any) -> list[Operation]:
        """The operations with these facts: ``find(operation_type="chat", user_id="u_1")``.

        Names are those of an operation, of its labels, or of its api, tool or llm part.
        """
        return [operation for operation in self.operations if _has(operation, facts)]

    def one(self, **facts: Any) -> Operation:
        """The one operation with these facts; raises ``AssertionError`` where there is not one."""
        matches = self.find(**facts)
        if len(matches) != 1:
            listing = "\n".join(f"  {operation}" for operation in self.operations) or "  none"
            raise AssertionError(f"{len(matches)} operations have {facts}; recorded are\n{listing}")
        return matches[0]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.entries.clear()
            self.used.clear()

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries))

    # ------------------------------------------------------------------ what a tracker does

    def put(self, entry: Entry) -> None:
        """Keep it; raises ``InvalidItemError`` for what the server would refuse."""
        try:
            check_entry(encode_entry(entry))
        except InvalidItemError as error:
            self.refuse(entry.field, error)
            return
        with self._lock:
            self.entries.append(entry)

    def refuse(self, field: str, error: Exception) -> None:
        """Raise it, or count it where the tracker is not strict."""
        if self.is_strict:
            raise InvalidItemError(f"{field}: {error}") from error
        with self._lock:
            self._dropped["INVALID"] = self._dropped.get("INVALID", 0) + 1

    def commit(
        self, id: UUID | str | Reservation, units: int, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        """Use what was needed of units that were set aside."""
        del timeout
        with self._lock:
            interaction_type, units = self._reservations.pop(reservation_id(id))
            self.used[interaction_type] += units - units
        return Consumption(allowed=True, units=units)

    def release(
        self, id: UUID | str | Reservation, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        """Give back units that were set aside."""
        return self.commit(id, 0, timeout=timeout)

    def _consume(
        self, consume: Consume, timeout: float, if_unavailable: IfUnavailable
    ) -> Consumption:
        del timeout, if_unavailable
        kind, units = consume.interaction_type, consume.units
        with self._lock:
            used = self.used.get(kind, 0)
            limit = self._limits.get(kind)
            if limit is not None and used + units > limit:
                level = Level(
                    "ORGANIZATION", "test", kind, "MONTH", "HARD", limit, used, limit - used
                )
                problem = f"{limit} {kind} are the limit, {used} are used"
                return Consumption(False, units, problem, denied_by=level, levels=(level,))
            self.used[kind] = used + units
        return Consumption(True, units)

    def _reserve(
        self, consume: Consume, ttl: timedelta, timeout: float, if_unavailable: IfUnavailable
    ) -> Reservation:
        decision = self._consume(consume, timeout, if_unavailable)
        if not decision.allowed:
            return Reservation(decision)
        id = consume.id or new_id()
        self._reservations[id] = (consume.interaction_type, consume.units)
        return Reservation(decision, id, datetime.now(UTC) + ttl)

    def flush(self, timeout: float = 5.0) -> Flushed:
        """Everything is where it belongs already."""
        del timeout
        return Flushed()

    def close(self, timeout: float = 5.0) -> Flushed:
        """Note that somebody closed it."""
        del timeout
        self.is_closed = True
        return Flushed()

    def stats(self) -> Stats:
        """What was kept counts as acknowledged."""
        recorded = len(self.entries)
        return Stats(
            tracked=recorded + sum(self._dropped.values()),
            acknowledged=recorded,
            dropped=dict(self._dropped),
            adjusted=self.notices.adjusted,
            skipped=self.notices.skipped,
        )

    def is_cancelled(self, request_id: UUID) -> bool:
        """Whether the test put it among ``cancelled``."""
        return request_id in self.cancelled


class NullTracker(Recorder):
    """Keeps nothing, allows every use: tracking switched off.

    It raises ``InvalidItemError`` for what the server would refuse, as a test should; where it switches
    tracking off in production, ``strict=False`` only counts it.
    """

    def __init__(self, *, strict: bool = True) -> None:
        self.is_strict = strict

    def put(self, entry: Entry) -> None:
        """Forget it."""

    def refuse(self, field: str, error: Exception) -> None:
        """Raise it where the tracker is strict, else forget it."""
        if self.is_strict:
            raise InvalidItemError(f"{field}: {error}") from error

    def flush(self, timeout: float = 5.0) -> Flushed:
        """Nothing is left."""
        del timeout
        return Flushed()

    def close(self, timeout: float = 5.0) -> Flushed:
        """Nothing is left."""
        del timeout
        return Flushed()

    def stats(self) -> Stats:
        """Nothing is recorded; what callers did wrong is counted."""
        return Stats(adjusted=self.notices.adjusted, skipped=self.notices.skipped)


def _has(operation: Operation, facts: Mapping[str, Any]) -> bool:
    parts = (operation, operation.labels, operation.api, operation.tool, operation.llm)
    for name, expected in facts.items():
        holders = [part for part in parts if part is not None and hasattr(part, name)]
        if not any(getattr(holder, name) == expected for holder in holders):
            return False
    return True
