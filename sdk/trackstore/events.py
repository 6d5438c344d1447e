"""An in-process event bus."""

import asyncio
import inspect
import logging
import threading
from collections import Counter
from collections.abc import (
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterator,
    KeysView,
    Mapping,
)
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, TypeVar, overload

log = logging.getLogger("trackstore.events")


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple["asyncio.Task[None]", ...] = field(default=(), compare=False, repr=False)
    """Tasks of coroutine listeners, for which ``await`` waits."""

    def keys(self) -> KeysView[str]:
        return self.data.keys()

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        return name in self.data

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> Any:
        return self.data.get(name, default)

    def __await__(self) -> Generator[Any, None, "Event"]:
        """Wait until coroutine listeners are done."""
        if self.tasks:
            yield from asyncio.gather(*self.tasks).__await__()
        return self


Listener = Callable[[Event], object]
"""Receives an event; a returned coroutine is run, other results are ignored."""
L = TypeVar("L", bound=Listener)


class EventBus:
    """Calls every listener of an event; a failing one stops neither the others nor the caller.

    Failures are logged and counted in ``failures`` by event name. Names may be globs:
    ``on("chat.*")``. Listeners are called in order of registration in the emitting thread;
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
        """Register a listener and return it; without one, return a decorator."""
        if listener is None:
            return lambda decorated: self.on(name, decorated)
        with self._lock:
            self._listeners = (*self._listeners, (name, listener))
        return listener

    def off(self, name: str, listener: Listener) -> bool:
        with self._lock:
            before = self._listeners
            self._listeners = tuple(pair for pair in before if pair != (name, listener))
            return len(self._listeners) < len(before)

    def emit(self, name: str, data: Mapping[str, Any] | None = None, /, **more: Any) -> Event:
        """Call all listeners. Never raises and never waits for a coroutine.

        Data is passed as a mapping, by name, or both. Coroutine functions run as tasks of the
        running loop; ``await bus.emit(...)`` returns when they are done. Without a running loop,
        such a listener fails.
        """
        event, tasks = self._event(name, data, more), []
        for listener in self._of(name):
            try:
                answer = listener(event)
                if inspect.iscoroutine(answer):
                    tasks.append(self._start(event, answer))
            except Exception as error:  # noqa: BLE001 - a listener must not break who speaks
                self._failed(event, error)
        return replace(event, tasks=tuple(tasks)) if tasks else event

    async def emit_and_wait(
        self, name: str, data: Mapping[str, Any] | None = None, /, **more: Any
    ) -> Event:
        event = self._event(name, data, more)
        waiting: list[Awaitable[None]] = []
        for listener in self._of(name):
            try:
                answer = listener(event)
            except Exception as error:  # noqa: BLE001 - a listener must not break who speaks
                self._failed(event, error)
                continue
            if inspect.isawaitable(answer):
                waiting.append(self._finish(event, answer))
        await asyncio.gather(*waiting)
        return event

    def _event(self, name: str, data: Any, more: dict[str, Any]) -> Event:
        if data is None:
            return Event(name, more)
        try:
            return Event(name, {**data, **more})
        except Exception as error:  # noqa: BLE001 - what is emitted must not break who speaks
            event = Event(name, more)
            self._failed(event, error)
            return event

    def _of(self, name: str) -> list[Listener]:
        return [
            listener
            for known, listener in self._listeners
            if known == name or fnmatchcase(name, known)
        ]

    def _start(self, event: Event, coroutine: Coroutine[Any, Any, object]) -> "asyncio.Task[None]":
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            coroutine.close()
            raise
        task = loop.create_task(self._finish(event, coroutine))
        self._tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._tasks.discard)
        return task

    async def _finish(self, event: Event, awaitable: Awaitable[object]) -> None:
        try:
            await awaitable
        except Exception as error:  # noqa: BLE001 - a listener must not break who speaks
            self._failed(event, error)

    def _failed(self, event: Event, error: Exception) -> None:
        self.failures[event.name] += 1
        log.error("event listener of %s failed", event.name, exc_info=error)
