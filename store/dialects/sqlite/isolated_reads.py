"""Connections for questions: they look like others, and run their statements in another process.

Our aggregates are Python. In this process they would hold its interpreter lock, for as long as a
finalizer takes, and every write and health check would wait for them.
"""

import sqlite3
from collections import deque
from collections.abc import Iterable
from typing import Any

from store.isolation.messages import Failure, Statement
from store.isolation.workers import WORKERS, Worker, WorkerLostError, WorkerTimeoutError

READS = ("SELECT", "WITH")
INTERRUPTED = "interrupted"
"""What SQLite says of a statement that its progress handler ended."""
LOST = "disk I/O error: the process that ran the statement has ended"


class IsolatedConnection(sqlite3.Connection):
    """A connection to nothing; what its cursors read comes from the database file.

    Each statement sees a state of its own.
    """

    def __init__(self, path: str, **options: Any) -> None:
        super().__init__(":memory:", **options)
        self._path = path
        self._worker: Worker | None = None
        self.seconds_left = float

    def cursor(self, *arguments: Any) -> Any:
        del arguments
        return IsolatedCursor(self)

    def ask(self, text: str, parameters: tuple[Any, ...]) -> tuple[Any, Any]:
        seconds = self.seconds_left()
        if seconds <= 0:
            raise sqlite3.OperationalError(INTERRUPTED)
        worker = self._worker = WORKERS.take()
        try:
            answer = worker.run(Statement(self._path, text, parameters, seconds))
        except WorkerTimeoutError:
            raise sqlite3.OperationalError(INTERRUPTED) from None
        except WorkerLostError:
            raise sqlite3.OperationalError(LOST) from None
        finally:
            self._worker = None
            WORKERS.give_back(worker)
        if isinstance(answer, Failure):
            error: sqlite3.Error = getattr(sqlite3, answer.kind)(answer.message)
            if answer.state is not None:
                error.sqlite_errorname = answer.state
            raise error
        return answer.columns, answer.rows

    def interrupt(self) -> None:
        worker = self._worker
        if worker is not None:
            worker.kill()
        super().interrupt()


class IsolatedCursor(sqlite3.Cursor):
    def __init__(self, connection: IsolatedConnection) -> None:
        super().__init__(connection)
        self._questions = connection
        self._columns: Iterable[str] | None = None
        self._rows: deque[Any] = deque()

    @property
    def description(self) -> Any:
        if self._columns is None:
            return super().description
        return tuple((name, None, None, None, None, None, None) for name in self._columns)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        if not sql.lstrip().upper().startswith(READS):
            self._columns = None
            return super().execute(sql, parameters)
        self._columns, rows = self._questions.ask(sql, tuple(parameters))
        self._rows = deque(rows)
        return self

    def fetchall(self) -> list[Any]:
        if self._columns is None:
            return super().fetchall()
        rows, self._rows = list(self._rows), deque()
        return rows

    def fetchone(self) -> Any:
        if self._columns is None:
            return super().fetchone()
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        if self._columns is None:
            return super().fetchmany(size if size is not None else self.arraysize)
        count = min(size if size is not None else self.arraysize, len(self._rows))
        return [self._rows.popleft() for _ in range(count)]
