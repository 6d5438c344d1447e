"""Publish commits to subscribers in this process."""

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
        return self.request["organization_id"], self.request["id"]


class CommitSubscriber(Protocol):
    """Receives the commits of this process in the order in which they are known; must not raise."""

    def publish_request_changes(self, moves: Sequence[RequestChanged]) -> None: ...

    def publish_operations(self, organizations: Collection[str]) -> None: ...

    def publish_breaker_reports(self, organizations: Collection[str]) -> None: ...


class CommitEvents:
    def __init__(self) -> None:
        self._subscribers: list[CommitSubscriber] = []

    def subscribe(self, subscriber: CommitSubscriber) -> None:
        self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: CommitSubscriber) -> None:
        """Publish nothing more to ``subscriber``; does nothing if it has not subscribed."""
        self._subscribers = [each for each in self._subscribers if each is not subscriber]

    @property
    def has_subscribers(self) -> bool:
        return bool(self._subscribers)

    def publish_request_changes(self, moves: Sequence[RequestChanged]) -> None:
        for subscriber in self._subscribers:
            subscriber.publish_request_changes(moves)

    def publish_operations(self, organizations: Collection[str]) -> None:
        for subscriber in self._subscribers:
            subscriber.publish_operations(organizations)

    def publish_breaker_reports(self, organizations: Collection[str]) -> None:
        for subscriber in self._subscribers:
            subscriber.publish_breaker_reports(organizations)
