"""Describe feeds: cursors, gaps, and policies for slow readers."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from schema.hydration import described
from schema.scalars import Long
from store.feeds.sources import Feed
from store.query.paging import encode_cursor

REPLAYED = "_replayed"
"""Attribute of a record that a feed delivers after its commit."""


def cursor_in(feed: Feed, row: Mapping[str, Any]) -> str | None:
    """Return the cursor after a row; None if the row is not part of the feed."""
    return None if row.get(feed.position.name) is None else encode_cursor(feed.terms, row)


@strawberry.enum(description="Behavior of a subscription that is slower than its stream.")
class Overflow(Enum):
    COALESCE = strawberry.enum_value(
        "COALESCE", description="Sends a Gap, then the newest event of each request."
    )
    GAP = strawberry.enum_value(
        "GAP", description="Sends the queued items, a Gap for those not queued, then new items."
    )
    CLOSE = strawberry.enum_value(
        "CLOSE", description="Ends the subscription with the error OVERLOADED."
    )


@strawberry.type(
    description="Items that a slow subscription missed. To read them again, subscribe after "
    "fromCursor."
)
class Gap:
    missed: Long = described("Number of skipped items.")
    from_cursor: str = described("Cursor before the first skipped item.")
    to_cursor: str = described("Cursor of the last skipped item.")


@strawberry.type(description="Cursors in the feeds for subscriptions to resume from.")
class FeedCursors:
    request_events: str = described("Cursor to pass to requestEvents as after.")
    operation_feed: str = described("Cursor to pass to operationFeed as after.")
