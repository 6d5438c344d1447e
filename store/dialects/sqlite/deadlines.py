"""Ends statements on SQLite, which has no limit of its own for how long one runs."""

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

DEADLINE = "deadline"
"""Where the pool keeps the deadline of a connection."""


class Deadline:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = 0.0

    def start(self) -> None:
        self._ends = time.monotonic() + self._seconds

    def stop(self) -> None:
        self._ends = 0.0

    def left(self) -> float:
        """Return the seconds that are left; negative where none are."""
        return self._ends - time.monotonic()

    def passed(self) -> int:
        """Asked by SQLite every ``PROGRESS_STEPS`` steps; 1 interrupts."""
        return int(time.monotonic() > self._ends)


def stop_in_time(engine: AsyncEngine) -> None:
    """End the statements of an engine's connections at their deadlines, or when a caller goes away.

    A connection whose caller was cancelled is closed. Its thread would run the statement to the end
    before that, and hold the place of another question.
    """

    @event.listens_for(engine.sync_engine, "checkout")
    def lend(connection: Any, record: Any, proxy: Any) -> None:
        del connection, proxy
        record.info[DEADLINE].start()

    @event.listens_for(engine.sync_engine, "invalidate")
    def interrupt(connection: Any, record: Any, error: BaseException | None) -> None:
        del error
        record.info[DEADLINE].stop()
        driver = connection.driver_connection
        if driver._connection is not None:
            driver._connection.interrupt()
