"""What the store tells after a commit, to whoever wants to know at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from store.database import Row

RequestKey = tuple[str, UUID]
"""Organization and id."""


@dataclass(frozen=True, slots=True)
class RequestChanged:
    """A request as it was committed, and the events that brought it there, by their numbers."""

    request: Row
    events: Sequence[Row]

    @property
    def key(self) -> RequestKey:
        """Which request."""
        return self.request["organization_id"], self.request["id"]


class Listener(Protocol):
    """Is told of commits of this process, in the order in which they are known; must not fail."""

    def publish_request_changes(self, moves: Sequence[RequestChanged]) -> None:
        """Events were committed."""

    def publish_operations(self, organizations: Collection[str]) -> None:
        """Operations of these organizations were committed."""

    def publish_breaker_reports(self, organizations: Collection[str]) -> None:
        """Reports of circuit breakers of these organizations were committed."""


class CommitEvents:
    """Tells all listeners."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` from now on."""
        self._listeners.append(listener)

    @property
    def has_subscribers(self) -> bool:
        """Whether anybody listens: nothing need be prepared for nobody."""
        return bool(self._listeners)

    def publish_request_changes(self, moves: Sequence[RequestChanged]) -> None:
        """Tell of events."""
        for listener in self._listeners:
            listener.publish_request_changes(moves)

    def publish_operations(self, organizations: Collection[str]) -> None:
        """Tell of operations."""
        for listener in self._listeners:
            listener.publish_operations(organizations)

    def publish_breaker_reports(self, organizations: Collection[str]) -> None:
        """Tell of circuit breakers."""
        for listener in self._listeners:
            listener.publish_breaker_reports(organizations)
