"""Spool files: created for their owner only, read as far as possible, quarantined if damaged."""

import errno
import os
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import msgspec

PREFIX, DATABASE, LOCK = "items-", ".sqlite", ".lock"
DAMAGED_PREFIX = "damaged-"
"""Prefix of quarantined files, which are not read again."""
DATABASE_SUFFIXES = ("", "-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite creates for one database."""
CREATE_TABLE = (
    "CREATE TABLE IF NOT EXISTS items (number INTEGER PRIMARY KEY AUTOINCREMENT, item BLOB)"
)
VERSION = 1
KNOWN_VERSIONS = frozenset({0, VERSION})
"""Early files have no version."""
MAX_READ_ITEMS = 1_000
MAX_SINGLE_STEPS = 1_000
"""Numbers tried one by one behind an unreadable place; then the step doubles."""
MAX_NUMBER = 2**63 - 1
DAMAGE_CODES = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR}
)

LOCK_EXCLUSIVELY = "PRAGMA locking_mode = EXCLUSIVE"
SELECT_NEXT = "SELECT number, item FROM items WHERE number > ? ORDER BY number LIMIT ?"


def absolute_folder(folder: Path) -> Path:
    return Path(os.path.realpath(folder.expanduser()))


def make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def open_database(path: Path, *, is_exclusive: bool = False) -> sqlite3.Connection:
    """Open or create a database that only its owner may read.

    Its commits survive the death of the process without waiting for the disk. An exclusive
    connection needs no further file, for which a full disk has no room.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its other files this mode
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        if is_exclusive:
            connection.execute(LOCK_EXCLUSIVELY)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(CREATE_TABLE)
        if connection.execute("PRAGMA user_version").fetchone() == (0,):
            connection.execute(f"PRAGMA user_version = {VERSION}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def remove_database(path: Path) -> None:
    for suffix in DATABASE_SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def quarantine(path: Path) -> Path:
    retry_buffer = path.with_name(DAMAGED_PREFIX + path.name)
    for suffix in DATABASE_SUFFIXES:
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.replace(retry_buffer.with_name(retry_buffer.name + suffix))
    return retry_buffer


def is_damage(error: Exception) -> bool:
    """Return whether a SQLite error is about the content of the file, not about the disk.

    Unreadable values and missing tables have no error code or the general one.
    """
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return isinstance(error, sqlite3.DatabaseError) and code in DAMAGE_CODES


def is_full(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    errors = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return (
        code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) or getattr(error, "errno", 0) in errors
    )


def is_item(item: object) -> bool:
    try:
        return isinstance(item, bytes) and len(msgspec.json.decode(item, type=dict)) == 1
    except ValueError:
        return False


class OrphanedSpool:
    """Reads the items of a file without an owner, in order.

    Unreadable places are skipped in a limited number of steps; ``damage`` describes them. Raises
    ``OSError`` or ``sqlite3.Error`` if the file cannot be opened or the disk fails.
    """

    def __init__(self, path: Path, after: int = 0) -> None:
        self._path = path
        self._after = after
        self._last = MAX_NUMBER
        self._failures = 0
        self.damage: str | None = None

    def chunks(self) -> Generator[list[tuple[int, bytes]], None, None]:
        wal = self._path.with_name(self._path.name + "-wal")
        if not self._path.stat().st_size and not (wal.exists() and wal.stat().st_size):
            self.damage = "the file is empty"
            return
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
                self._read_head(connection)
                while self._after < self._last:
                    chunk, is_end = self._next(connection)
                    if chunk:
                        yield chunk
                    if is_end:
                        return
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self.damage = str(error)

    def _read_head(self, connection: sqlite3.Connection) -> None:
        connection.execute(LOCK_EXCLUSIVELY)
        # Without this, SQLite reads nothing at all of a file that was cut off.
        connection.execute("PRAGMA writable_schema = ON")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in KNOWN_VERSIONS:
            self.damage = f"it has version {version}, not {VERSION}"
        try:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'items'")
            (self._last,) = row.fetchone() or (MAX_NUMBER,)
        except sqlite3.DatabaseError:
            return

    def _next(self, connection: sqlite3.Connection) -> tuple[list[tuple[int, bytes]], bool]:
        chunk: list[tuple[int, bytes]] = []
        rows = 0
        try:
            for number, item in connection.execute(SELECT_NEXT, (self._after, MAX_READ_ITEMS)):
                if not self._after < number <= self._last:
                    raise sqlite3.DatabaseError("the numbers of the items are out of order")
                self._after, self._failures = number, 0
                rows += 1
                if is_item(item):
                    chunk.append((number, item))
                else:
                    self.damage = f"item {number} is not readable"
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self.damage = str(error)
            self._failures += 1
            self._after += 2 ** max(0, self._failures - MAX_SINGLE_STEPS)
            return chunk, str(error).startswith("no such")
        return chunk, rows < MAX_READ_ITEMS
