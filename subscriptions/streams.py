"""Define streams: a follower subscribes, reads up to the published head, and is live from there on.

Subscribing before reading means that nothing is missed in between; duplicates are recognised by
their place.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from store.errors import StoreError

Place = Any
"""Position of an item in its stream; places of one stream are ordered."""


@dataclass(frozen=True, slots=True)
class Item:
    """Hold one delivered value; ``ends`` marks the last one.

    Of several items with one ``group`` only the newest matters.
    """

    place: Place
    value: Any
    group: Hashable = None
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Hold items in order; everything up to ``through`` was read.

    ``is_full``: more may be available at once. ``ended``: the stream has no later items.
    """

    items: Sequence[Item]
    through: Place
    is_full: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    count: int
    after: Place
    through: Place


class Listener(Protocol):
    """Receive what a stream publishes; methods must neither fail nor wait."""

    def receive(self, items: Sequence[Item]) -> None: ...

    def invalidate(self) -> None: ...

    def fail(self, error: StoreError) -> None: ...


class Stream(ABC):
    """Publish items to listeners; ``head`` is the last published place, None before the first."""

    def __init__(self) -> None:
        self.head: Place | None = None
        self.error: StoreError | None = None
        self._listeners: dict[Listener, None] = {}

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def subscribe(self, listener: Listener) -> None:
        is_first = not self._listeners
        self._listeners[listener] = None
        if is_first:
            self.on_first_subscriber()

    def unsubscribe(self, listener: Listener) -> None:
        if self._listeners.pop(listener, self) is None and not self._listeners:
            self.on_last_unsubscribed()

    def publish(self, items: Sequence[Item], head: Place) -> None:
        self.head = head
        if items:
            for listener in tuple(self._listeners):
                listener.receive(items)

    def try_go_live(self, through: Place) -> bool:
        """Return whether a listener that has read up to ``through`` receives everything after it.

        Raises the error with which the stream has ended.
        """
        if self.error is not None:
            raise self.error
        if self.head is None:
            self.head = through
        return bool(through >= self.head)

    def invalidate(self, head: Place | None = None) -> None:
        """Make all listeners read: something before ``head``, or before now, was not published."""
        self.head = self.head if head is None else head
        for listener in tuple(self._listeners):
            listener.invalidate()

    def fail(self, error: StoreError) -> None:
        self.error = error
        for listener in tuple(self._listeners):
            listener.fail(error)

    @abstractmethod
    def on_first_subscriber(self) -> None: ...

    @abstractmethod
    def on_last_unsubscribed(self) -> None: ...

    @abstractmethod
    async def start(self) -> Place | None:
        """Return the place to start from without a cursor; None to start with the current state."""

    @abstractmethod
    async def read(self, after: Place | None) -> Page:
        """Return the items after a place, or the current state for None."""

    @abstractmethod
    async def gap(self, missed: Missed) -> Item: ...
