"""Which records the rollups contain, and the others: those that were committed since the last fold.

An answer is the rollups and the records beyond the fold, in one statement that reads both and what
``rollup_folds`` says, so that it is exact at every instant. A fold only ever takes records in: what
lies beyond it now lay beyond every earlier one, too. So a statement may narrow the records by a fold
that it knows, for the sake of its plan, and then asks which of them are left.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    and_,
    literal,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.util import ClauseAdapter
from sqlalchemy.sql.visitors import iterate

from models import RollupFold, table_of
from models.types import TransactionNumbers
from store.aggregation.sources import OPERATIONS
from store.dialects import CommitHorizon, DatabaseDialect

FOLDS = table_of(RollupFold)
RECORDS = OPERATIONS.table
POSITION = RECORDS.c.feed_position
SOURCE = OPERATIONS.name
FOLD_LOCK = "rollups:fold"
"""The named lock of a fold, shared by transactions that change records which may be folded."""


async def fetch_fold(connection: AsyncConnection) -> CommitHorizon | None:
    """Return the last fold as this connection sees it; None where nothing was ever folded."""
    statement = select(FOLDS.c.folded_below, FOLDS.c.pending).where(FOLDS.c.source == SOURCE)
    row = (await connection.execute(statement)).first()
    return None if row is None else CommitHorizon(row[0], tuple(row[1]))


def is_unfolded(dialect: DatabaseDialect, known: CommitHorizon) -> ColumnElement[bool]:
    """Return whether a record is beyond a fold whose parts are known."""
    position, below = POSITION, literal(known.below, BigInteger())
    if not known.pending:
        return position >= below
    return dialect.feeds.is_beyond(
        position, below, literal(list(known.pending), TransactionNumbers)
    )


def is_folded(dialect: DatabaseDialect, known: CommitHorizon) -> ColumnElement[bool]:
    return or_(POSITION.is_(None), not_(is_unfolded(dialect, known)))


def contains(known: CommitHorizon, position: int | None) -> bool:
    return position is None or (position < known.below and position not in known.pending)


def is_unfolded_now(dialect: DatabaseDialect, known: CommitHorizon) -> ColumnElement[bool]:
    """Return whether a record is beyond the last fold that its statement sees."""
    below, pending = (
        select(column).where(FOLDS.c.source == SOURCE).scalar_subquery()
        for column in (FOLDS.c.folded_below, FOLDS.c.pending)
    )
    return and_(is_unfolded(dialect, known), dialect.feeds.is_beyond(POSITION, below, pending))


def only_from(
    statement: Select[Any],
    conditions: Sequence[ColumnElement[bool]],
    others: Iterable[ColumnElement[Any]] = (),
) -> tuple[Select[Any], Subquery]:
    """Read the records of a statement from those that satisfy the conditions, which is returned, too.

    They are found first, by the index of their feed: a database that weighed all conditions together
    might read everything an organization has. ``others`` are columns that the caller needs of them.
    """
    columns = dict.fromkeys([*columns_of(statement), *others]) or (POSITION,)
    # An offset keeps both databases from merging the two selects into one.
    place = select(*columns).where(*conditions).offset(literal_column("0")).subquery("unfolded")
    return moved(statement, place), place


def columns_of(statement: Select[Any]) -> list[ColumnElement[Any]]:
    return [
        element
        for element in iterate(statement)
        if isinstance(element, Column) and element.table is RECORDS
    ]


def moved(statement: Select[Any], place: FromClause) -> Select[Any]:
    """Return a statement that reads ``place`` where it read the records."""
    changed: Select[Any] = ClauseAdapter(place).traverse(statement)
    return changed
