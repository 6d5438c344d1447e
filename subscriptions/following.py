"""What a subscription field returns: which stream it follows, from where, and how."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from subscriptions.streams import Stream
from subscriptions.subscriber import QUEUE_ITEMS, Policy, Subscriber


@dataclass(frozen=True, slots=True)
class Following:
    """A stream, a place to go on from, and a policy for slow readers.

    ``show`` makes of an item's value what GraphQL executes the selection on. ``cursor`` names the
    argument that says where to begin: subscriptions that differ in it alone follow the same.
    Iterated, it delivers these one by one, as GraphQL executors without more knowledge do.
    """

    stream: Stream
    after: Any
    policy: Policy
    show: Callable[[Any], Any]
    cursor: str | None = None
    only_changes: bool = False
    queue_items: int = QUEUE_ITEMS

    async def __aiter__(self) -> AsyncIterator[Any]:
        follower = Subscriber(self.stream, self.after, self.policy, self.queue_items)
        async for item in follower.items():
            yield self.show(item.value)
