"""The file of a SQLite database: whether it is still the one that this process opened."""

import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from store.dialects.errors import Diagnosis
from store.dialects.probes import free_space_of
from store.dialects.sqlite.errors import moved

OPENED_AT = "opened_at"


class DatabaseFile:
    """Guards the connections of one process.

    SQLite goes on writing into a file that was moved or deleted, and makes an empty one in its
    place: what is acknowledged then is lost. Here each use of a connection compares the file behind
    its name with the one that was opened first, and raises ``sqlite3.OperationalError`` where it is
    another one.
    """

    def __init__(self, path: str) -> None:
        self._path = None if path.startswith("file:") else Path(path)
        self._identity: tuple[int, int] | None = None
        self._reopened_at = float("-inf")

    def check_free_space(self) -> Diagnosis | None:
        return free_space_of(self._path.parent) if self._path else None

    def reopen(self) -> None:
        """Replace every connection that is open now before its next use."""
        self._reopened_at = time.monotonic()

    def guard(self, engine: Engine) -> None:
        @event.listens_for(engine, "do_connect")
        def before_connect(dialect: Any, record: Any, args: Any, options: Any) -> None:
            del dialect, args, options
            record.info[OPENED_AT] = time.monotonic()
            self.check()

        @event.listens_for(engine, "connect")
        def connected(connection: Any, record: Any) -> None:
            del connection, record
            if self._identity is None:
                self._identity = self._look()

        @event.listens_for(engine, "checkout")
        def lend(connection: Any, record: Any, proxy: Any) -> None:
            del connection, proxy
            if record.info[OPENED_AT] < self._reopened_at:
                raise DisconnectionError
            self.check()

    def check(self) -> None:
        """Raise where the file is not the one that was opened."""
        if self._identity is not None and self._look() != self._identity:
            raise moved()

    def _look(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino
