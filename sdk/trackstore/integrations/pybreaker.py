"""Listener for ``pybreaker`` that reports states and totals of circuit breakers."""

from collections.abc import Callable
from typing import Any

import pybreaker

from trackstore.breakers import REPORT_SECONDS, BreakerReporter
from trackstore.recorder import Recorder


class BreakerListener(pybreaker.CircuitBreakerListener):
    """``CircuitBreaker(name="renderer", listeners=[BreakerListener()])``; one serves many breakers.

    A breaker without a name is reported as ``unnamed``.
    """

    def __init__(
        self,
        tracker: Recorder | None = None,
        *,
        organization_id: str | None = None,
        every_seconds: float = REPORT_SECONDS,
    ) -> None:
        self._tracker, self._organization_id = tracker, organization_id
        self._every_seconds = every_seconds
        self._reporters: dict[str, BreakerReporter] = {}

    def before_call(
        self, cb: pybreaker.CircuitBreaker, func: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        pass

    def success(self, cb: pybreaker.CircuitBreaker) -> None:
        self._reporter(cb).success()

    def failure(self, cb: pybreaker.CircuitBreaker, exc: BaseException) -> None:
        self._reporter(cb).failure(exc)

    def state_change(self, cb: pybreaker.CircuitBreaker, old_state: Any, new_state: Any) -> None:
        transition = f"{old_state.name if old_state else 'new'} -> {new_state.name}"
        self._reporter(cb).changed(new_state.name, transition)

    def _reporter(self, breaker: pybreaker.CircuitBreaker) -> BreakerReporter:
        name = breaker.name or "unnamed"
        reporter = self._reporters.get(name)
        if reporter is None:
            new_reporter = BreakerReporter(
                self._tracker,
                name,
                organization_id=self._organization_id,
                every_seconds=self._every_seconds,
            )
            reporter = self._reporters.setdefault(name, new_reporter)
        return reporter
