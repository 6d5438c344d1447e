"""Whether the tables are there at all.

To a role that may not use their schema, and after the schema was renamed or ``search_path`` changed, each
table, function and type looks as if it did not exist. An operator may undo that at any time.
"""

import asyncio
import re
import time
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base import Base
from store.dialects.errors import Diagnosis, Fault
from store.dialects.postgresql.errors import POSTGRESQL_ERRORS
from store.dialects.probes import SCHEMA_AWAY

UNDEFINED_TABLE, UNDEFINED_FUNCTION, UNDEFINED_TYPE, NO_SCHEMA = "42P01", "42883", "42704", "3F000"
UNDEFINED_STATES = frozenset({UNDEFINED_TABLE, UNDEFINED_FUNCTION, UNDEFINED_TYPE, NO_SCHEMA})
VISIBLE = text("SELECT count(to_regclass(name)) FROM unnest(CAST(:names AS text[])) AS named(name)")
TABLES = tuple(sorted(Base.metadata.tables))
RELATION = re.compile(r'"([^"]+)"')
LOOK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Look:
    """How many tables a new connection found, or None where there was no connection."""

    begun_at: float
    tables: int | None


def is_about_our_tables(diagnosis: Diagnosis) -> bool:
    """Return whether what does not exist, as the database says, is a table of the store."""
    if diagnosis.state == NO_SCHEMA:
        return True
    named = RELATION.search(diagnosis.message) if diagnosis.state == UNDEFINED_TABLE else None
    return named is not None and named[1].rpartition(".")[2] in TABLES


class TableVisibility:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()
        self._last = Look(float("-inf"), None)

    async def judge(self, diagnosis: Diagnosis) -> Diagnosis:
        """Classify something that the database says does not exist.

        Callers that fail at once are judged by one look, which began after they had failed.
        """
        failed_at = time.monotonic()
        async with self._turn:
            if self._last.begun_at < failed_at:
                self._last = await self._look()
        tables = self._last.tables
        if not tables:
            reason = f"{SCHEMA_AWAY} ({diagnosis.state})" if tables == 0 else None
            return replace(diagnosis, fault=Fault.UNAVAILABLE, reason=reason, is_stale=True)
        if tables == len(TABLES) and is_about_our_tables(diagnosis):
            # The connection that failed was opened while they were away.
            return replace(diagnosis, fault=Fault.UNAVAILABLE, is_stale=True)
        return diagnosis

    async def _look(self) -> Look:
        begun_at = time.monotonic()
        try:
            async with asyncio.timeout(LOOK_SECONDS), self._engine.connect() as connection:
                tables = await connection.scalar(VISIBLE, {"names": list(TABLES)})
        except (OSError, SQLAlchemyError, *POSTGRESQL_ERRORS):
            tables = None
        return Look(begun_at, tables)
