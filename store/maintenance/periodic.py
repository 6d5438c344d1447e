"""Runs work in the background, again and again, until it is stopped."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from store.maintenance.failure_log import FailureLog

RUN_AGAIN = 0.0
"""Returned by work that has more to do at once."""
Work = Callable[[], Awaitable[float | None]]
"""Does one run; returns the seconds until the next one, None for the interval of its schedule."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When work runs. Times are seconds.

    Without an ``interval`` it runs only when it is woken. ``first`` is the pause before the first run
    and ``retry`` the one after a failed run, which doubles up to ``max_retry``; both default to the
    interval. During ``settle``, after each run that succeeded, calls of ``wake`` are collected.
    ``jitter`` is the part of the interval by which it varies, so that servers do not run in step.
    """

    interval: float | None
    first: float | None = None
    retry: float | None = None
    max_retry: float = 0.0
    settle: float = 0.0
    jitter: float = 0.0

    def next_interval(self) -> float | None:
        if self.interval is None:
            return None
        return self.interval * (1 + self.jitter * random.uniform(-1, 1))  # noqa: S311  # no secret

    def retry_pause(self, failures: int) -> float:
        pause = self.interval if self.retry is None else self.retry
        assert pause is not None, "work that is only woken names its retry"
        return max(pause, min(pause * 2.0 ** min(failures - 1, 32), self.max_retry))


@dataclass(slots=True)
class TaskHealth:
    """``failures_in_a_row`` is 0 while the work succeeds; ``succeeded_at`` is of ``time.monotonic``."""

    runs: int = 0
    failures: int = 0
    failures_in_a_row: int = 0
    succeeded_at: float | None = None


@dataclass(eq=False, slots=True)
class PeriodicTask:
    """One piece of work on a schedule.

    An error of a run never ends it: the first of a row is logged, and the work is tried again.
    """

    name: str
    work: Work
    schedule: Schedule
    failure_log: FailureLog
    on_failure: Callable[[Exception], None] | None = None
    health: TaskHealth = field(default_factory=TaskHealth)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        return self._task is not None

    def start(self) -> None:
        """Start it on the running event loop; does nothing where it runs."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=self.name)

    def wake(self) -> None:
        self._woken.set()

    def cancel(self) -> None:
        """End it without waiting for its end."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    async def stop(self) -> None:
        """End it, in the middle of a run if need be, and wait for its end."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        schedule, health = self.schedule, self.health
        pause = schedule.next_interval() if schedule.first is None else schedule.first
        while True:
            await self._wait(pause)
            health.runs += 1
            try:
                pause = await self.work()
            except Exception as error:  # noqa: BLE001  # the edge of the task: all are logged and tried again
                self._note_failure(error)
                await asyncio.sleep(schedule.retry_pause(health.failures_in_a_row))
                pause = RUN_AGAIN
                continue
            self.note_success()
            if schedule.settle:
                await asyncio.sleep(schedule.settle)
            if pause is None:
                pause = schedule.next_interval()

    async def _wait(self, pause: float | None) -> None:
        """Return after the pause, or when it is woken; None waits for the latter only."""
        if pause is None:
            await self._woken.wait()
        elif pause > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()
        else:
            await asyncio.sleep(0)
        self._woken.clear()

    def note_success(self) -> None:
        """Say that the work succeeds; work that runs for long calls it, too."""
        self.health.failures_in_a_row = 0
        self.health.succeeded_at = time.monotonic()
        self.failure_log.succeed()

    def _note_failure(self, error: Exception) -> None:
        self.health.failures += 1
        self.health.failures_in_a_row += 1
        self.failure_log.fail(error)
        if self.on_failure is not None:
            self.on_failure(error)
