"""The process that runs statements: reads them from a pipe, one at a time, until it is closed.

It imports as little as it can: it is started while a caller waits.
"""

import os
import signal
import sqlite3
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from store.isolation.functions import add_functions
from store.isolation.messages import Close, Failure, Rows, Statement, encoder, read_request

BUSY_SECONDS = 5
PROGRESS_STEPS = 20_000
"""Virtual machine steps between two looks at the clock of a running statement."""
NICENESS = 10
"""A question may wait for a processor; writes and health may not."""


class OpenFile:
    """The database file that was asked last, and when its statement must end."""

    def __init__(self) -> None:
        self._identity: tuple[str, int, int] | None = None
        self._connection: sqlite3.Connection | None = None
        self._ends = 0.0

    def run(self, statement: Statement) -> Rows:
        connection = self._open(statement.path)
        self._ends = time.monotonic() + statement.seconds
        cursor = connection.execute(statement.text, statement.parameters)
        return Rows([column[0] for column in cursor.description], cursor.fetchall())

    def _open(self, path: str) -> sqlite3.Connection:
        status = Path(path).stat()
        identity = path, status.st_dev, status.st_ino
        if self._connection is not None and identity == self._identity:
            return self._connection
        self.close()
        self._connection = connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None
        )
        connection.execute("PRAGMA query_only=ON")
        add_functions(connection)
        connection.set_progress_handler(self._is_late, PROGRESS_STEPS)
        self._identity = identity
        return connection

    def close(self) -> None:
        """Close the file, so that the server can close it as the last one and clean up after it."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _is_late(self) -> bool:
        return time.monotonic() > self._ends


def serve(pipe: Connection) -> None:
    file = OpenFile()
    while True:
        try:
            request = read_request(pipe.recv_bytes())
        except EOFError:
            return
        answer: Rows | Failure
        try:
            if isinstance(request, Close):
                file.close()
                answer = Rows([], [])
            else:
                answer = file.run(request)
        except (sqlite3.Error, OSError, MemoryError) as error:
            kind = type(error).__name__ if isinstance(error, sqlite3.Error) else "OperationalError"
            state = getattr(error, "sqlite_errorname", None)
            answer = Failure(kind, str(error) or type(error).__name__, state)
        try:
            pipe.send_bytes(encoder.encode(answer))
        except OSError:
            return


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server receives it too, and closes the pipe
    os.nice(NICENESS)
    serve(Connection(int(sys.argv[1])))
