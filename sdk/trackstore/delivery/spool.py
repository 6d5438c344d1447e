"""Items on disk until the server has acknowledged them: a SQLite file for each process.

A process owns its file by a lock that ends with it, however it ends. Who starts next, or has nothing
to do, takes over what files without an owner hold. So processes share a folder without waiting for
each other, and no SQLite connection ever crosses a fork.
"""

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from threading import RLock
from uuid import UUID

from trackstore.delivery.courier import Parcels
from trackstore.delivery.drops import SPOOL_FULL, Ledger
from trackstore.delivery.filelock import FileLock
from trackstore.ids import new_id

PREFIX, DATABASE, LOCK = "items-", ".sqlite", ".lock"
TABLE = "CREATE TABLE IF NOT EXISTS items (number INTEGER PRIMARY KEY AUTOINCREMENT, item BLOB)"
BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite calls the files of one database."""
MOVED_AT_ONCE = 1_000
"""Items of a dead process that are read at a time."""

log = logging.getLogger("trackstore")


class Spool:
    """The items of one process on disk, in order. Every method may be called from any thread.

    Raises ``OSError`` or ``sqlite3.Error`` where the disk does not take it.
    """

    def __init__(
        self, folder: Path, most_bytes: int, ledger: Ledger, id: UUID | None = None
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._ledger = ledger
        self.lock = RLock()
        """Held while the file is used; whoever forks holds it, too."""
        self._name = f"{PREFIX}{(id or new_id()).hex}"
        self._owned: FileLock | None = None
        self._connection: sqlite3.Connection | None = None
        self._is_closed = False
        self._taken = 0
        self._waiting = self._waiting_bytes = 0
        self._kept = self._kept_bytes = 0

    # ------------------------------------------------------------------ a supply for the sender

    @property
    def size(self) -> int:
        """How many bytes wait to be taken."""
        return self._waiting_bytes

    def __len__(self) -> int:
        return self._waiting

    @property
    def kept(self) -> int:
        """Items on disk, whether they were taken or not."""
        return self._kept

    def take(self, most_items: int, most_bytes: int) -> Parcels:
        """The oldest items that were not taken yet; at least one where there is one."""
        found: list[tuple[int, bytes]] = []
        size = 0
        with self.lock:
            if self._is_closed or not self._waiting:
                return found
            rows = self._open().execute(
                "SELECT number, item FROM items WHERE number > ? ORDER BY number LIMIT ?",
                (self._taken, most_items),
            )
            for number, item in rows:
                size += len(item)
                if found and size > most_bytes:
                    break
                found.append((number, item))
                self._taken = number
                self._waiting -= 1
                self._waiting_bytes -= len(item)
        return found

    def settled(self, parcels: Parcels) -> None:
        """These have an end: they need not be kept."""
        with self.lock:
            if self._is_closed:
                return
            connection = self._open()
            with connection:
                connection.execute("BEGIN")
                connection.executemany(
                    "DELETE FROM items WHERE number = ?", [(number,) for number, _ in parcels]
                )
            self._kept -= len(parcels)
            self._kept_bytes -= sum(len(item) for _, item in parcels)

    # ------------------------------------------------------------------ filling it

    def append(self, items: Sequence[bytes]) -> None:
        """Keep these as well; what passes the cap is dropped and counted."""
        with self.lock:
            if self._is_closed:
                return
            fitting = self._fitting(items)
            if fitting:
                self._insert(fitting)
        if len(fitting) < len(items):
            limit = f"at most {self._most_bytes:,} bytes"
            self._ledger.drop(SPOOL_FULL, len(items) - len(fitting), limit)

    def _fitting(self, items: Sequence[bytes]) -> Sequence[bytes]:
        size = self._kept_bytes
        for place, item in enumerate(items):
            size += len(item)
            if size > self._most_bytes:
                return items[:place]
        return items

    def _insert(self, items: Sequence[bytes]) -> None:
        connection = self._open()
        with connection:
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO items (item) VALUES (?)", [(i,) for i in items])
        size = sum(map(len, items))
        self._kept += len(items)
        self._kept_bytes += size
        self._waiting += len(items)
        self._waiting_bytes += size

    # ------------------------------------------------------------------ what dead processes left

    def recover(self) -> int:
        """Take over what lies in files without an owner; how many items that were."""
        found = 0
        for path in sorted(self._folder.glob(f"{PREFIX}*{LOCK}")):
            lock = FileLock.acquire(path, create=False)
            if lock is None:
                continue
            try:
                found += self._move(path.with_suffix(DATABASE))
            except sqlite3.Error as error:
                log.warning("the spool %s cannot be read: %s", path.with_suffix(DATABASE), error)
                lock.release()
            else:
                remove_database(path.with_suffix(DATABASE))
                lock.release(remove=True)
        return found

    def _move(self, path: Path) -> int:
        if not path.exists():
            return 0
        moved = 0
        with self.lock, closing(connect(path)) as other:
            other.execute(TABLE)
            rows = other.execute("SELECT item FROM items ORDER BY number")
            while chunk := [item for (item,) in rows.fetchmany(MOVED_AT_ONCE)]:
                self._ledger.recover(len(chunk))
                self._insert(chunk)
                moved += len(chunk)
        return moved

    # ------------------------------------------------------------------ the file

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._owned is None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path = self._folder / f"{self._name}{LOCK}"
                self._owned = FileLock.acquire(path, create=True)
            self._connection = connect(self._path)
            self._connection.execute(TABLE)
        return self._connection

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._name}{DATABASE}"

    def check(self) -> None:
        """Raise where the disk does not take anything at all."""
        with self.lock:
            self._open()

    def rest(self) -> None:
        """Close the connection; the next use opens it again. Nothing of it may cross a fork."""
        with self.lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def close(self) -> None:
        """Give the file up: to nobody where it is empty, else to whoever looks next."""
        with self.lock:
            if self._is_closed:
                return
            self._is_closed = True
            self.rest()
            if self._owned is not None:
                if not self._kept:
                    remove_database(self._path)
                self._owned.release(remove=not self._kept)

    def forget(self) -> None:
        """In a forked child: the file is the parent's."""
        self._is_closed = True
        self._connection = None
        if self._owned is not None:
            self._owned.forget()


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose commits survive the death of the process, and cost no wait for the disk."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def remove_database(path: Path) -> None:
    """Take a database away with everything that SQLite keeps beside it."""
    for suffix in BESIDE:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
