"""Define feedCursors: the positions to subscribe from after reading the current state."""

import strawberry

from schema.context import Info
from schema.feeds import FeedCursors


@strawberry.type
class FeedQueries:
    @strawberry.field(
        description="Current feed cursors. Read them, then read the current state, then subscribe "
        "after them to miss nothing in between."
    )
    async def feed_cursors(self, info: Info) -> FeedCursors:
        info.context.reader()
        store = info.context.store
        return FeedCursors(
            request_events=store.event_feed.cursor_of(await store.event_feed.now()),
            operation_feed=store.operation_feed.cursor_of(await store.operation_feed.now()),
        )
