"""Reports state and totals of circuit breakers, whatever their library."""

import os
import threading
import time
from collections.abc import Callable

from trackstore.call_repair import report
from trackstore.entries import BreakerState
from trackstore.failures import message_of
from trackstore.recorder import Recorder
from trackstore.tracker import get_tracker
from trackstore.values import describe_value, spelling

STATES: dict[str, BreakerState] = {
    "closed": "CLOSED",
    "open": "OPEN",
    "halfopen": "HALF_OPEN",
}
REPORT_SECONDS = 10.0


class BreakerReporter:
    """Reports one breaker: call ``success`` or ``failure`` after each call, ``changed`` on a change.

    These callbacks are the whole protocol, so any breaker can be connected. A state change is
    reported at once, totals at most every ``every_seconds``, in the thread of the call and without
    waiting. Totals are those of this process: a forked child counts from zero.
    """

    def __init__(
        self,
        tracker: Recorder | None,
        name: str,
        *,
        organization_id: str | None = None,
        every_seconds: float = REPORT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.state: BreakerState = "CLOSED"
        self.total_calls = 0
        self.total_failures = 0
        self._tracker, self._organization_id = tracker, organization_id
        self._every_seconds, self._clock = every_seconds, clock
        self._reported_at = float("-inf")
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def success(self) -> None:
        self._count(failures=0)

    def failure(self, error: BaseException | None = None) -> None:
        self._count(failures=1, message=None if error is None else message_of(error))

    def changed(self, state: str, message: str | None = None) -> None:
        """Record the state: closed, open or half open, in any spelling.

        An unknown state is counted and ignored; a strict tracker raises ``InvalidItemError``.
        """
        known = STATES.get(spelling(state).replace("_", "").lower())
        if known is None:
            problem = f"must be closed, open or half-open (got {describe_value(state)})."
            report(self._tracker or get_tracker(), "breaker", [("state", problem)])
            return
        self.state = known
        self._report(message)

    def _count(self, failures: int, message: str | None = None) -> None:
        with self._lock:
            if self._pid != os.getpid():
                self.total_calls = self.total_failures = 0
                self._pid = os.getpid()
            self.total_calls += 1
            self.total_failures += failures
            is_due = self._clock() - self._reported_at >= self._every_seconds
        if is_due:
            self._report(message)

    def _report(self, message: str | None) -> None:
        with self._lock:
            self._reported_at = self._clock()
            calls, failures = self.total_calls, self.total_failures
        (self._tracker or get_tracker()).report_breaker(
            self.name,
            self.state,
            total_calls=calls,
            total_failures=failures,
            message=message,
            organization_id=self._organization_id,
        )
