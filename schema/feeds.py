"""Feeds as GraphQL shows them: cursors, gaps, and what becomes of slow readers."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from schema.hydration import described
from schema.scalars import Long
from store.feeds.sources import Feed
from store.query.paging import encode_cursor

REPLAYED = "_replayed"
"""The attribute that says whether a feed delivers a record later than it was committed."""


def cursor_in(feed: Feed, row: Mapping[str, Any]) -> str | None:
    """Where a feed goes on after a row; None where the row does not stand in it."""
    return None if row.get(feed.position.name) is None else encode_cursor(feed.terms, row)


@strawberry.enum(description="What becomes of a subscription that is slower than its stream.")
class Overflow(Enum):
    """The policies of feeds."""

    COALESCE = strawberry.enum_value(
        "COALESCE", description="A Gap, then the newest: of each request its newest event."
    )
    GAP = strawberry.enum_value(
        "GAP", description="What was queued, a Gap for what was not, then what is new."
    )
    CLOSE = strawberry.enum_value(
        "CLOSE", description="The subscription ends with the error OVERLOADED."
    )


@strawberry.type(
    description="Something a slow subscription has missed. What lies between the two cursors can "
    "be read again by subscribing after fromCursor."
)
class Gap:
    """Told in the place of what was skipped."""

    missed: Long = described("How many were skipped.")
    from_cursor: str = described("The cursor before the first that was skipped.")
    to_cursor: str = described("The cursor of the last that was skipped.")


@strawberry.type(description="Places in the feeds, for a subscription to go on from.")
class FeedCursors:
    """One per feed."""

    request_events: str = described("What requestEvents is given as after.")
    operation_feed: str = described("What operationFeed is given as after.")
