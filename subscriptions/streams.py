"""What can be followed: a stream is read from a place on, and tells its listeners what comes after.

Whoever follows one listens first, then reads up to where the stream has told, and is live from
there on: nothing is missed between the two, and what comes twice is known by its place.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from store.errors import StoreError

Place = Any
"""Where an item stands in its stream; places of one stream can be compared."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is delivered. ``ends``: nothing comes after it.

    Of several items with one ``group`` the last says it all.
    """

    place: Place
    value: Any
    group: Hashable = None
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Items in order; everything up to ``through`` was looked at.

    ``is_full``: there may be more at once. ``ended``: nothing comes any more.
    """

    items: Sequence[Item]
    through: Place
    is_full: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """So many items, after one place and up to another, were not delivered."""

    count: int
    after: Place
    through: Place


class Listener(Protocol):
    """Is told by a stream; must neither fail nor wait."""

    def tell(self, items: Sequence[Item]) -> None:
        """Items in order, each after all that were told before."""

    def lose(self) -> None:
        """Something could not be told: it must be read."""

    def fail(self, error: StoreError) -> None:
        """The stream has ended with an error."""


class Stream(ABC):
    """Something to follow. ``head`` is up to where it has told; None before it ever did."""

    def __init__(self) -> None:
        self.head: Place | None = None
        self.error: StoreError | None = None
        self._listeners: dict[Listener, None] = {}

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` from now on."""
        is_first = not self._listeners
        self._listeners[listener] = None
        if is_first:
            self.begin()

    def leave(self, listener: Listener) -> None:
        """Tell ``listener`` no more."""
        if self._listeners.pop(listener, self) is None and not self._listeners:
            self.end()

    def tell(self, items: Sequence[Item], head: Place) -> None:
        """Tell all listeners; ``head`` is up to where they know everything then."""
        self.head = head
        if items:
            for listener in tuple(self._listeners):
                listener.tell(items)

    def join(self, through: Place) -> bool:
        """Whether a listener that has read up to ``through`` is told all that comes after it.

        Raises the error with which the stream has ended.
        """
        if self.error is not None:
            raise self.error
        if self.head is None:
            self.head = through
        return bool(through >= self.head)

    def lose(self, head: Place | None = None) -> None:
        """Have all listeners read: something before ``head`` was not told, or before now."""
        self.head = self.head if head is None else head
        for listener in tuple(self._listeners):
            listener.lose()

    def fail(self, error: StoreError) -> None:
        """End the stream with an error, for all who listen and who have still to join."""
        self.error = error
        for listener in tuple(self._listeners):
            listener.fail(error)

    @abstractmethod
    def begin(self) -> None:
        """There is a first listener."""

    @abstractmethod
    def end(self) -> None:
        """The last listener has left."""

    @abstractmethod
    async def start(self) -> Place | None:
        """Where somebody begins who continues from nowhere; None: with the present state."""

    @abstractmethod
    async def read(self, after: Place | None) -> Page:
        """What comes after a place; with the present state first where it is None."""

    @abstractmethod
    async def gap(self, missed: Missed) -> Item:
        """What tells a follower that it has missed something."""
