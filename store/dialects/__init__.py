"""The only files that name a database dialect: engines, bulk loading, locks, errors, partitions."""

import sqlite3

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from store.dialects.attempts import AbandonedError, TransactionAttempt
from store.dialects.base import DatabaseDialect, chunks
from store.dialects.errors import Diagnosis, Fault, statement_noted
from store.dialects.feeds import CommitHorizon, FeedHorizon
from store.dialects.guarded_writes import Absence, ChildRows, GuardedChange, GuardedPlan
from store.dialects.insert_plans import Columns, Rows
from store.dialects.json_leaf import JsonLeaf, OneOf
from store.dialects.json_objects import Member
from store.dialects.notification_channel import MAX_HINT_BYTES, NotificationChannel
from store.dialects.partitions import TimeSpan
from store.dialects.pools import PoolSettings
from store.dialects.postgresql.dialect import postgresql_dialect
from store.dialects.postgresql.errors import POSTGRESQL_ERRORS
from store.dialects.probes import SCHEMA_AWAY
from store.dialects.row_columns import LARGE_COLUMNS, FetchedColumns
from store.dialects.rows import DuplicateKeysError
from store.dialects.sqlite.dialect import sqlite_dialect
from store.dialects.usage_transactions import (
    Decide,
    LevelRow,
    SubjectKey,
    UsageKey,
    UsageRequest,
    UsageWrites,
)
from store.errors import InvalidInputError

DRIVER_ERRORS = (SQLAlchemyError, *POSTGRESQL_ERRORS, sqlite3.Error, OSError, MemoryError)
"""What a database can throw; everything else is a mistake of ours and passes through."""

__all__ = [
    "DRIVER_ERRORS",
    "LARGE_COLUMNS",
    "MAX_HINT_BYTES",
    "SCHEMA_AWAY",
    "AbandonedError",
    "Absence",
    "ChildRows",
    "Columns",
    "CommitHorizon",
    "DatabaseDialect",
    "Decide",
    "Diagnosis",
    "DuplicateKeysError",
    "Fault",
    "FeedHorizon",
    "FetchedColumns",
    "GuardedChange",
    "GuardedPlan",
    "JsonLeaf",
    "LevelRow",
    "Member",
    "NotificationChannel",
    "OneOf",
    "PoolSettings",
    "Rows",
    "SubjectKey",
    "TimeSpan",
    "TransactionAttempt",
    "UsageKey",
    "UsageRequest",
    "UsageWrites",
    "chunks",
    "dialect_for",
    "statement_noted",
]


def dialect_for(url: str, pool: PoolSettings) -> DatabaseDialect:
    """Return the dialect of a database URL; raise ``InvalidInputError`` for an unsupported one."""
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        return sqlite_dialect(url, pool)
    if backend in ("postgresql", "postgres"):
        return postgresql_dialect(url, pool)
    raise InvalidInputError(f"{backend!r} is not supported: use sqlite:///FILE or postgresql://...")
