"""Cancel operations that run too long, with one periodic check instead of a timer each."""

import asyncio
import time

CHECK_INTERVAL_SECONDS = 1.0
CHECKS_PER_DEADLINE = 4
"""For deadlines shorter than the check interval."""


class Deadlines:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._started_at: dict[asyncio.Task[object], float] = {}
        self._exceeded: set[asyncio.Task[object]] = set()
        self._next_check: asyncio.TimerHandle | None = None

    @property
    def message(self) -> str:
        return f"The operation took longer than {self.seconds:g} s."

    def begin(self) -> asyncio.Task[object]:
        """Register the current task as an operation; call ``end`` for it afterwards."""
        task = asyncio.current_task()
        assert task is not None
        self._started_at[task] = time.monotonic()
        if self._next_check is None:
            self._schedule_check()
        return task

    def end(self, task: asyncio.Task[object]) -> None:
        self._started_at.pop(task, None)

    def has_cancelled_current(self) -> bool:
        """Return whether the current task was cancelled for its time, and let it continue to report so."""
        task = asyncio.current_task()
        if task is None or task not in self._exceeded:
            return False
        self._exceeded.discard(task)
        task.uncancel()
        return True

    def _schedule_check(self) -> None:
        pause = min(CHECK_INTERVAL_SECONDS, self.seconds / CHECKS_PER_DEADLINE)
        self._next_check = asyncio.get_running_loop().call_later(pause, self._check)

    def _check(self) -> None:
        latest_start = time.monotonic() - self.seconds
        # In order of start: stop at the first with time left.
        overdue = []
        for task, since in self._started_at.items():
            if since > latest_start:
                break
            overdue.append(task)
        for task in overdue:
            del self._started_at[task]
            self._exceeded.add(task)
            task.cancel()
        self._next_check = None
        if self._started_at:
            self._schedule_check()
