"""Units of work: a read is a connection, a write is a transaction that commits at its edge."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.dialects import (
    DRIVER_ERRORS,
    AbandonedError,
    Columns,
    DatabaseDialect,
    Decide,
    Diagnosis,
    Fault,
    GuardedChange,
    GuardedPlan,
    PoolSettings,
    TransactionAttempt,
    UsageRequest,
    dialect_for,
)
from store.errors import OutcomeUnknownError, OverloadedError, QueryTimeoutError, StoreError
from store.rejected_statements import RejectedStatements
from store.scheduling.fair_gate import FairGate, GateBounds
from store.scheduling.fair_queue import Tenant

log = logging.getLogger(__name__)
Row = Mapping[Any, Any]
"""A row as it was read: values by column name."""


SHORTEN_PAUSE_SECONDS = 0.05
"""Between two tries to write the log back: writers get their turns."""
OUTCOME_UNKNOWN_MESSAGE = (
    "The commit was sent to the database and its answer did not come: this may be stored or not. "
    "Send it again with the same ids."
)


class ContentionError(StoreError):
    """Another transaction was in the way; the same one may succeed if it is run again."""

    code = "OVERLOADED"
    retryable = True


class DatabaseUnavailableError(OverloadedError):
    """The database refused, and its cause may end."""

    def __init__(self, message: str, diagnosis: Diagnosis) -> None:
        super().__init__(message)
        self.reason = diagnosis.reason or message
        """What fails, for operators: callers need not know."""


class DatabaseFailureError(Exception):
    """The database refused a statement that it should have taken; never shown to a caller."""


class NumericOverflowError(DatabaseFailureError):
    """A number of a statement grew beyond what its type holds; another statement may hold it."""


class Database:
    def __init__(self, url: str, pool: PoolSettings | None = None) -> None:
        self._pool = pool or PoolSettings()
        self.dialect: DatabaseDialect = dialect_for(url, self._pool)
        self.refusals = RejectedStatements()
        # Where the database has one writer, wait here, in order, and not inside its busy loop.
        self._turn = None if self.dialect.parallel_writers > 1 else asyncio.Lock()
        self._shortening = asyncio.Lock()
        places, pool = self.dialect.connections.places, self._pool
        self.records_gate = FairGate(
            "reads", GateBounds(places.records, pool.waiting, pool.turn_seconds)
        )
        self.question_gate = FairGate(
            "aggregations", GateBounds(places.questions, pool.waiting, pool.turn_seconds)
        )

    @property
    def flush_seconds(self) -> float:
        """Return the time limit in seconds of a writer transaction or a shared small read."""
        return self._pool.flush_seconds

    @asynccontextmanager
    async def read(self, seconds: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for the server's own reading: it never waits for callers.

        ``seconds`` bounds all of it, beside the bound of each statement.
        """
        async with self.translated(), self.dialect.connections.read_engine.connect() as connection:
            self.dialect.connections.limit_unit(connection, seconds)
            yield connection

    @asynccontextmanager
    async def read_for(self, tenant: Tenant) -> AsyncIterator[AsyncConnection]:
        async with (
            self.translated(),
            self.records_gate.place(tenant),
            self.dialect.connections.read_engine.connect() as connection,
        ):
            yield connection

    @asynccontextmanager
    async def ask_for(self, tenant: Tenant) -> AsyncIterator[AsyncConnection]:
        async with self.translated(), self.question_gate.place(tenant):
            if self.dialect.connections.is_log_long:
                await self._shorten_log()
            async with self.dialect.connections.aggregation_engine.connect() as connection:
                yield connection

    async def _shorten_log(self) -> None:
        deadline = time.monotonic() + self._pool.statement_seconds
        async with self._shortening:
            while self.dialect.connections.is_log_long:
                async with self._turn or nullcontext():
                    if await self.dialect.connections.shorten_log():
                        return
                if time.monotonic() > deadline:
                    log.warning("WAL checkpoint blocked: another program is reading the database")
                    return
                await asyncio.sleep(SHORTEN_PAUSE_SECONDS)

    @asynccontextmanager
    async def write(
        self, attempt: TransactionAttempt | None = None, seconds: float | None = None
    ) -> AsyncIterator[AsyncConnection]:
        """Run a transaction that commits when the block ends and rolls back when it raises.

        Raises ``OutcomeUnknownError`` where the commit was sent and the answer did not come.
        """
        async with self._transaction(
            self.dialect.connections.write_engine, attempt, seconds
        ) as connection:
            yield connection

    @asynccontextmanager
    async def rewrite(self) -> AsyncIterator[AsyncConnection]:
        """Run a transaction in which all statements see one snapshot.

        What others commit meanwhile stays unseen, and untouched: it fails with ``ContentionError`` where
        it changes a row that they changed, too.
        """
        async with self._transaction(self.dialect.connections.snapshot_engine) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(
        self,
        engine: AsyncEngine,
        attempt: TransactionAttempt | None = None,
        seconds: float | None = None,
    ) -> AsyncIterator[AsyncConnection]:
        attempt = attempt or TransactionAttempt()
        async with (
            self.translated(attempt),
            self._turn or nullcontext(),
            engine.connect() as connection,
        ):
            self.dialect.connections.limit_unit(connection, seconds)
            transaction = await connection.begin()
            yield connection
            attempt.send_commit()
            await transaction.commit()

    async def write_columns(
        self, table: Table, columns: Columns, attempt: TransactionAttempt | None = None
    ) -> bool:
        """Insert rows in a transaction of their own, given column by column.

        False where the key of one exists: then nothing is inserted.
        """
        attempt = attempt or TransactionAttempt()
        async with self.translated(attempt), self._turn or nullcontext():
            return await self.dialect.rows.write_columns(
                table, columns, attempt, self.flush_seconds
            )

    async def write_guarded(
        self,
        plan: GuardedPlan,
        changes: Sequence[GuardedChange],
        attempt: TransactionAttempt | None = None,
    ) -> bool:
        """Write changes in a transaction of their own; False where a guard fails: nothing is written."""
        attempt = attempt or TransactionAttempt()
        async with self.translated(attempt), self._turn or nullcontext():
            return await self.dialect.guarded.write(plan, changes, attempt, self.flush_seconds)

    async def consume(
        self, request: UsageRequest, decide: Decide, attempt: TransactionAttempt | None = None
    ) -> bool:
        """Consume units in a transaction of their own; False where nothing was written."""
        attempt = attempt or TransactionAttempt()
        async with self.translated(attempt), self._turn or nullcontext():
            return await self.dialect.usage.run(request, decide, attempt, self.flush_seconds)

    @asynccontextmanager
    async def translated(self, attempt: TransactionAttempt | None = None) -> AsyncIterator[None]:
        try:
            yield
        except AbandonedError:
            raise OverloadedError(
                "the database took too long: nothing was stored, try again"
            ) from None
        except DRIVER_ERRORS as error:
            translated = self.translate(error, await self.dialect.errors.examine(error))
            if attempt is not None and attempt.has_sent_commit:
                if not self.dialect.errors.was_rolled_back(error):
                    raise OutcomeUnknownError(OUTCOME_UNKNOWN_MESSAGE) from error
                attempt.has_sent_commit = False
            raise translated from error

    def translate(self, error: BaseException, diagnosis: Diagnosis) -> Exception:
        self.refusals.note(diagnosis, error)
        if diagnosis.is_stale:
            self.dialect.connections.reopen()
        fault = diagnosis.fault
        if fault is Fault.UNAVAILABLE:
            return DatabaseUnavailableError(
                "the database is not available right now: try again", diagnosis
            )
        if fault is Fault.CONTENTION:
            return ContentionError("Other calls are changing the same records. Try again.")
        if fault is Fault.OVERFLOW:
            return NumericOverflowError(str(error))
        if fault is Fault.TIMEOUT:
            limit = self._pool.statement_seconds
            return QueryTimeoutError(
                f"The database took longer than {limit:g} s. Request less at once."
            )
        return DatabaseFailureError(str(error))

    async def close(self) -> None:
        await self.dialect.connections.dispose()
