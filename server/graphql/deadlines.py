"""Ends operations that take too long: one look now and then at all of them, and no timer for each."""

import asyncio
import time

LOOK_SECONDS = 1.0
LOOKS = 4
"""How often short deadlines are looked at within their time."""


class Deadlines:
    """The operations under way in one process, and since when."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[asyncio.Task[object], float] = {}
        self._exceeded: set[asyncio.Task[object]] = set()
        self._looking: asyncio.TimerHandle | None = None

    @property
    def sentence(self) -> str:
        """What the caller of an operation that took too long is told."""
        return f"the operation took longer than {self.seconds:g} s"

    def begin(self) -> asyncio.Task[object]:
        """An operation begins in this task; ``end`` is to be called for it."""
        task = asyncio.current_task()
        assert task is not None
        self._since[task] = time.monotonic()
        if self._looking is None:
            self._look_later()
        return task

    def end(self, task: asyncio.Task[object]) -> None:
        """It has ended, however."""
        self._since.pop(task, None)

    def has_ended_this(self) -> bool:
        """Whether this task was cancelled since it took too long; it goes on, to say so."""
        task = asyncio.current_task()
        if task is None or task not in self._exceeded:
            return False
        self._exceeded.discard(task)
        task.uncancel()
        return True

    def _look_later(self) -> None:
        pause = min(LOOK_SECONDS, self.seconds / LOOKS)
        self._looking = asyncio.get_running_loop().call_later(pause, self._look)

    def _look(self) -> None:
        before = time.monotonic() - self.seconds
        # The first ones are the oldest: looking stops at one that has time left.
        late = []
        for task, since in self._since.items():
            if since > before:
                break
            late.append(task)
        for task in late:
            del self._since[task]
            self._exceeded.add(task)
            task.cancel()
        self._looking = None
        if self._since:
            self._look_later()
