"""Describe what a subscription field returns: which stream it follows, from where, and how."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from subscriptions.streams import Stream
from subscriptions.subscriber import MAX_QUEUED_ITEMS, Policy, Subscriber


@dataclass(frozen=True, slots=True)
class Following:
    """Combine a stream, a starting place and a policy for slow readers.

    ``show`` converts an item's value to what GraphQL executes the selection on. ``cursor`` names the
    argument that sets the start; subscriptions that differ only in it share a stream. Iterating
    yields the values one by one, for executors that do not know this class.
    """

    stream: Stream
    after: Any
    policy: Policy
    show: Callable[[Any], Any]
    cursor: str | None = None
    only_changes: bool = False
    queue_items: int = MAX_QUEUED_ITEMS

    async def __aiter__(self) -> AsyncIterator[Any]:
        follower = Subscriber(self.stream, self.after, self.policy, self.queue_items)
        async for item in follower.items():
            yield self.show(item.value)
