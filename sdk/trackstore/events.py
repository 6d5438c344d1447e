"""An event bus: code says what happened, listeners record it, and neither waits for the other."""

import asyncio
import inspect
import logging
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeVar, overload

log = logging.getLogger("trackstore.events")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: its name, such as ``chat.completed``, and what is known of it."""

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], object]
"""Takes an event; what it gives back is not looked at, but a coroutine is run."""
L = TypeVar("L", bound=Listener)


class EventBus:
    """Calls every listener of an event; one that fails stops neither the others nor the caller.

    Failures are logged and counted in ``failures``, by the name of the event. Names may be globs:
    ``on("chat.*")``. Listeners are called in the order they came, in the thread that emits;
    coroutine functions run as tasks of the running loop.
    """

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self._listeners: tuple[tuple[str, Listener], ...] = ()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()

    @overload
    def on(self, name: str) -> Callable[[L], L]: ...
    @overload
    def on(self, name: str, listener: L) -> L: ...
    def on(self, name: str, listener: Any = None) -> Any:
        """Register a listener; without one it is a decorator. Gives the listener back."""
        if listener is None:
            return lambda decorated: self.on(name, decorated)
        with self._lock:
            self._listeners = (*self._listeners, (name, listener))
        return listener

    def off(self, name: str, listener: Listener) -> bool:
        """Remove a listener of this name; gives whether it was there."""
        with self._lock:
            before = self._listeners
            self._listeners = tuple(pair for pair in before if pair != (name, listener))
            return len(self._listeners) < len(before)

    def emit(self, name: str, /, **data: Any) -> Event:
        """Tell all listeners; never raises and never waits for a coroutine.

        A coroutine function that listens needs a running loop; where there is none, it has failed.
        """
        event = Event(name, data)
        for listener in self._of(name):
            try:
                told = listener(event)
                if inspect.iscoroutine(told):
                    self._start(event, told)
            except Exception as error:  # noqa: BLE001 - a listener must not break who speaks
                self._failed(event, error)
        return event

    async def emit_and_wait(self, name: str, /, **data: Any) -> Event:
        """Tell all listeners, and return when coroutines among them are done; never raises."""
        event = Event(name, data)
        waiting: list[Awaitable[None]] = []
        for listener in self._of(name):
            try:
                told = listener(event)
            except Exception as error:  # noqa: BLE001 - a listener must not break who speaks
                self._failed(event, error)
                continue
            if inspect.isawaitable(told):
                waiting.append(self._finish(event, told))
        await asyncio.gather(*waiting)
        return event

    def _of(self, name: str) -> list[Listener]:
        return [
            told for known, told in self._listeners if known == name or fnmatchcase(name, known)
        ]

    def _start(self, event: Event, told: Coroutine[Any, Any, object]) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            told.close()
            raise
        task = loop.create_task(self._finish(event, told))
        self._tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, event: Event, told: Awaitable[object]) -> None:
        try:
            await told
        except Exception as error:  # noqa: BLE001 - a listener must not break who speaks
            self._failed(event, error)

    def _failed(self, event: Event, error: Exception) -> None:
        self.failures[event.name] += 1
        log.error("a listener of %s failed", event.name, exc_info=error)
