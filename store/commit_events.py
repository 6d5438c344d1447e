"""What the store tells after a commit, to whoever wants to know at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from store.database import Row

RequestKey = tuple[str, UUID]
"""Organization and id."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A request as it was committed, and the events that brought it there, by their numbers."""

    request: Row
    events: Sequence[Row]

    @property
    def key(self) -> RequestKey:
        """Which request."""
        return self.request["organization_id"], self.request["id"]


class Listener(Protocol):
    """Is told of commits of this process, in the order in which they are known; must not fail."""

    def requests_moved(self, moves: Sequence[Moved]) -> None:
        """Events were committed."""

    def operations_recorded(self, organizations: Collection[str]) -> None:
        """Operations of these organizations were committed."""

    def breakers_reported(self, organizations: Collection[str]) -> None:
        """Reports of circuit breakers of these organizations were committed."""


class Announcements:
    """Tells all listeners."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` from now on."""
        self._listeners.append(listener)

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens: nothing need be prepared for nobody."""
        return bool(self._listeners)

    def requests_moved(self, moves: Sequence[Moved]) -> None:
        """Tell of events."""
        for listener in self._listeners:
            listener.requests_moved(moves)

    def operations_recorded(self, organizations: Collection[str]) -> None:
        """Tell of operations."""
        for listener in self._listeners:
            listener.operations_recorded(organizations)

    def breakers_reported(self, organizations: Collection[str]) -> None:
        """Tell of circuit breakers."""
        for listener in self._listeners:
            listener.breakers_reported(organizations)
