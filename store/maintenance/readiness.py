"""Whether writes work now: from those of callers, or else from one that is tried and rolled back."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy import insert

from models import LimitUsage, table_of
from models.base import Base
from store.database import Database, DatabaseFailureError, DatabaseUnavailableError
from store.dialects import Diagnosis, Fault
from store.errors import QueryTimeoutError, StoreError
from store.ids import new_id, utc_now

TABLE = table_of(LimitUsage)
TABLES = tuple(sorted(Base.metadata.tables))
FRESH_SECONDS = 5.0
"""A write that succeeded so recently says that writing works."""
REFUSING_SECONDS = 5.0
"""One refused write may be a connection that was cut: refusals say that writing does not work once they
have gone on for this long, the latest of them no older than ``FRESH_SECONDS``."""
STUCK_SECONDS = 10.0
"""A write that waits for longer than this says that writing does not work."""
NAMED_TABLES = 3
READ_ONLY_NOTE = "the role of the database may only read: every write is refused"


class WriteActivity:
    def __init__(self) -> None:
        self._started_at: dict[int, float] = {}
        self._number = 0
        self.succeeded_at = float("-inf")
        self.refused_at = float("-inf")
        self._refused_since = float("inf")
        self.refusal = ""

    @contextmanager
    def track(self) -> Iterator[None]:
        number = self._number = self._number + 1
        self._started_at[number] = time.monotonic()
        try:
            yield
        except (DatabaseUnavailableError, QueryTimeoutError, DatabaseFailureError) as error:
            self.refused_at = time.monotonic()
            self._refused_since = min(self._refused_since, self.refused_at)
            self.refusal = reason_of(error)
            raise
        else:
            self.succeeded_at = time.monotonic()
            self._refused_since = float("inf")
        finally:
            del self._started_at[number]

    def verdict(self) -> bool | str:
        """Return True if writes work, the reason if not, False if only trying one can tell."""
        now = time.monotonic()
        oldest = next(iter(self._started_at.values()), now)
        if now - oldest > STUCK_SECONDS:
            return f"a write has been waiting for {now - oldest:.0f} s"
        if now - max(self.succeeded_at, self.refused_at) > FRESH_SECONDS:
            return False
        if self.succeeded_at >= self.refused_at:
            return True
        refusing = self.refused_at - self._refused_since
        return refusing >= REFUSING_SECONDS and f"writes are refused: {self.refusal}"


class _ProbeRollbackError(Exception):
    """Ends the transaction of a probe."""


class WriteProbe:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_written = False

    async def run(self) -> str | None:
        """Raise where writing does not work; otherwise what is worth a note.

        A role that could never write serves those who read, and is no failure.
        """
        note = None
        with suppress(_ProbeRollbackError):
            async with self._database.write() as connection:
                dialect = self._database.dialect
                rights = await dialect.probes.rights(connection, TABLES)
                if rights.unreadable:
                    raise _missing("SELECT", rights.unreadable)
                if len(rights.unwritable) == len(TABLES) and not self._has_written:
                    note = READ_ONLY_NOTE
                    raise _ProbeRollbackError
                if rights.unwritable:
                    raise _missing("INSERT and UPDATE", rights.unwritable)
                problem = await dialect.probes.check_free_space(connection)
                if problem is not None:
                    raise DatabaseUnavailableError(problem.message, problem)
                await connection.execute(insert(TABLE).values(self._row()))
                self._has_written = True
                raise _ProbeRollbackError
        return note

    def _row(self) -> dict[str, object]:
        now = utc_now()
        return {
            "organization_id": "r" * self._database.dialect.probe_chars,
            "limit_id": new_id(),
            "period_start": now,
            "used": 0,
            "uncertain": 0,
            "updated_at": now,
        }


def _missing(right: str, tables: Sequence[str]) -> DatabaseUnavailableError:
    more = f" and {len(tables) - NAMED_TABLES} more" if len(tables) > NAMED_TABLES else ""
    names = ", ".join(tables[:NAMED_TABLES]) + more
    reason = f"a privilege on the database is missing: {right} on {names}"
    return DatabaseUnavailableError(reason, Diagnosis(Fault.UNAVAILABLE, "42501", reason, reason))


def reason_of(error: StoreError | DatabaseFailureError) -> str:
    if isinstance(error, DatabaseUnavailableError):
        return error.reason
    if isinstance(error, DatabaseFailureError):
        return "the database rejected a statement: see the log"
    return str(error)
