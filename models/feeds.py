"""The order in which rows were committed: what a reader who comes back continues from."""

from sqlalchemy import Index, column

from models.types import partial_index

FEED_POSITION = "feed_position"
"""The column that has it, null in rows from before there were feeds.

On PostgreSQL it is the number of the transaction that wrote the row, a default of the database:
rows commit out of that order, so a reader stops at the oldest transaction that still runs. SQLite
has one writer, which numbers its transactions itself.
"""


def feed_index(table: str) -> Index:
    """Index what was committed after a position; new rows are always at its end."""
    return partial_index(
        f"ix_{table}_feed", FEED_POSITION, where=column(FEED_POSITION).is_not(None)
    )
