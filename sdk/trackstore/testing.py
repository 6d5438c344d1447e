"""Trackers for tests: one that keeps entries, and one that does nothing."""

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
    """Keeps every entry in order and needs no server: for tests of what a service tracks.

    Entries are validated by the types of the schema, and errors raised at once. ``limits`` are the
    units of an interaction type that may be used; types without one are unlimited. ``cancelled``
    holds the ids of cancelled requests.
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
        """Return the entries of one kind in order: ``all_of(FailStage)``."""
        return [entry for entry in self.entries if isinstance(entry, kind)]

    @property
    def operations(self) -> list[Operation]:
        return self.all_of(Operation)

    @property
    def requests(self) -> list[CreateRequest]:
        return self.all_of(CreateRequest)

    @property
    def logged(self) -> list[LogEvent]:
        return self.all_of(LogEvent)

    def find(self, **facts: Any) -> list[Operation]:
        """Return the operations with these fields: ``find(operation_type="chat", user_id="u_1")``.

        Names are those of an operation, of its labels, or of its api, tool or llm part.
        """
        return [operation for operation in self.operations if _has(operation, facts)]

    def one(self, **facts: Any) -> Operation:
        """Return the one operation with these fields; raise ``AssertionError`` unless there is one."""
        matches = self.find(**facts)
        if len(matches) != 1:
            listing = "\n".join(f"  {operation}" for operation in self.operations) or "  none"
            raise AssertionError(f"{len(matches)} operations have {facts}; recorded are\n{listing}")
        return matches[0]

    def clear(self) -> None:
        with self._lock:
            self.entries.clear()
            self.used.clear()

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries))

    # ------------------------------------------------------------------ what a tracker does

    def put(self, entry: Entry) -> None:
        try:
            check_entry(encode_entry(entry))
        except InvalidItemError as error:
            self.refuse(entry.field, error)
            return
        with self._lock:
            self.entries.append(entry)

    def refuse(self, field: str, error: Exception) -> None:
        if self.is_strict:
            raise InvalidItemError(f"{field}: {error}") from error
        with self._lock:
            self._dropped["INVALID"] = self._dropped.get("INVALID", 0) + 1

    def commit(
        self, id: UUID | str | Reservation, units: int, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        del timeout
        with self._lock:
            interaction_type, reserved = self._reservations.pop(reservation_id(id))
            self.used[interaction_type] += units - reserved
        return Consumption(allowed=True, units=units)

    def release(
        self, id: UUID | str | Reservation, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
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
        del timeout
        return Flushed()

    def close(self, timeout: float = 5.0) -> Flushed:
        del timeout
        self.is_closed = True
        return Flushed()

    def stats(self) -> Stats:
        recorded = len(self.entries)
        return Stats(
            tracked=recorded + sum(self._dropped.values()),
            acknowledged=recorded,
            dropped=dict(self._dropped),
            adjusted=self.notices.adjusted,
            skipped=self.notices.skipped,
        )

    def is_cancelled(self, request_id: UUID) -> bool:
        return request_id in self.cancelled


class NullTracker(Recorder):
    """Keeps nothing and allows every use: tracking switched off.

    It raises ``InvalidItemError`` for invalid entries, as tests want; use ``strict=False`` in
    production to count them only.
    """

    def __init__(self, *, strict: bool = True) -> None:
        self.is_strict = strict

    def put(self, entry: Entry) -> None:
        pass

    def refuse(self, field: str, error: Exception) -> None:
        if self.is_strict:
            raise InvalidItemError(f"{field}: {error}") from error

    def flush(self, timeout: float = 5.0) -> Flushed:
        del timeout
        return Flushed()

    def close(self, timeout: float = 5.0) -> Flushed:
        del timeout
        return Flushed()

    def stats(self) -> Stats:
        return Stats(adjusted=self.notices.adjusted, skipped=self.notices.skipped)


def _has(operation: Operation, facts: Mapping[str, Any]) -> bool:
    parts = (operation, operation.labels, operation.api, operation.tool, operation.llm)
    for name, expected in facts.items():
        holders = [part for part in parts if part is not None and hasattr(part, name)]
        if not any(getattr(holder, name) == expected for holder in holders):
            return False
    return True
