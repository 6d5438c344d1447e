"""Stores items on disk until the server acknowledges them: one SQLite file per process.

A process owns its file by a lock that ends with the process. The next process that starts or is
idle takes over files without an owner. So processes share a folder without waiting for each other,
and no SQLite connection crosses a fork.
"""

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from threading import RLock
from uuid import UUID

from trackstore.delivery.batch_sender import QueuedItems
from trackstore.delivery.delivery_stats import SPOOL_DAMAGED, SPOOL_FULL, DeliveryStats
from trackstore.delivery.filelock import FileLock
from trackstore.delivery.spool_files import (
    DATABASE,
    LOCK,
    PREFIX,
    SELECT_NEXT,
    OrphanedSpool,
    absolute_folder,
    is_damage,
    is_full,
    make_folder,
    open_database,
    quarantine,
    remove_database,
)
from trackstore.ids import new_id

log = logging.getLogger("trackstore")


class Spool:
    """Items of one process on disk, in order. Thread-safe.

    ``append`` and ``check`` raise ``OSError`` or ``sqlite3.Error`` if the disk is not writable.
    """

    def __init__(
        self, folder: Path, max_bytes: int, delivery_stats: DeliveryStats, id: UUID | None = None
    ) -> None:
        self._folder = absolute_folder(folder)
        self._max_bytes = max_bytes
        self._delivery_stats = delivery_stats
        self.lock = RLock()
        """Held while the file is used, also during a fork."""
        self._name = f"{PREFIX}{(id or new_id()).hex}"
        self._lock_file: FileLock | None = None
        self._connection: sqlite3.Connection | None = None
        self._is_closed = False
        self._is_adopted = False
        """Whether the file was created by another process and is used in place."""
        self._taken_up_to = 0
        self._waiting = self._waiting_bytes = 0
        self._stored = self._stored_bytes = 0
        self._lost_up_to = 0
        """Items up to this number are no longer on disk, since their file was damaged."""
        self._undeleted: list[int] = []
        """Settled items whose deletion failed, such as on a full disk."""
        self._read_up_to: dict[Path, int] = {}
        """Progress of the takeover of other files, in case the disk becomes full."""
        self._reported: set[str] = set()

    # ------------------------------------------------------------------ a supply for the sender

    @property
    def size(self) -> int:
        return self._waiting_bytes

    def __len__(self) -> int:
        return self._waiting

    @property
    def stored(self) -> int:
        return self._stored

    def take(self, max_items: int, max_bytes: int) -> QueuedItems:
        """Return the oldest items that were not taken yet; at least one if there is one."""
        with self.lock:
            if self._is_closed or not self._waiting:
                return []
            try:
                rows = self._read(max_items, max_bytes)
            except (OSError, sqlite3.Error) as error:
                self._report("read", "spool read failed, will retry: %s", error)
                if is_damage(error):
                    self._replace(error)
                return []
            if not rows:
                self._count_lost(self._waiting, "items are missing in the file")
            return rows

    def _read(self, max_items: int, max_bytes: int) -> list[tuple[int, bytes]]:
        rows: list[tuple[int, bytes]] = []
        size = 0
        for number, item in self._open().execute(SELECT_NEXT, (self._taken_up_to, max_items)):
            if not isinstance(item, bytes):
                raise sqlite3.DatabaseError(f"item {number} is not readable")
            size += len(item)
            if rows and size > max_bytes:
                break
            rows.append((number, item))
        if rows:
            self._taken_up_to = rows[-1][0]
        self._waiting -= len(rows)
        self._waiting_bytes -= sum(len(item) for _, item in rows)
        return rows

    def mark_settled(self, queued_items: QueuedItems) -> None:
        """Delete settled items. Never raises; a failed deletion is repeated."""
        with self.lock:
            if self._is_closed:
                return
            stored = [
                queued_item for queued_item in queued_items if queued_item[0] > self._lost_up_to
            ]
            self._stored -= len(stored)
            self._stored_bytes -= sum(len(item) for _, item in stored)
            self._undeleted += [number for number, _ in stored]
            try:
                self._delete()
            except (OSError, sqlite3.Error) as error:
                self._report("delete", "spool delete failed, will retry: %s", error)
                if is_damage(error):
                    self._replace(error)
                elif not self._stored:
                    self._reset_file()

    def _delete(self) -> None:
        connection = self._open()
        with connection:
            connection.execute("BEGIN")
            connection.executemany(
                "DELETE FROM items WHERE number = ?", [(number,) for number in self._undeleted]
            )
        self._undeleted = []

    # ------------------------------------------------------------------ filling it

    def append(self, items: Sequence[bytes]) -> None:
        """Store items; those beyond the size limit are dropped and counted."""
        with self.lock:
            if self._is_closed:
                return
            fitting = self._fitting(items)
            if fitting:
                self._insert([(None, item) for item in fitting])
        if len(fitting) < len(items):
            limit = f"at most {self._max_bytes:,} bytes"
            self._delivery_stats.drop(SPOOL_FULL, len(items) - len(fitting), limit)

    def _fitting(self, items: Sequence[bytes]) -> Sequence[bytes]:
        size = self._stored_bytes
        for place, item in enumerate(items):
            size += len(item)
            if size > self._max_bytes:
                return items[:place]
        return items

    def _insert(self, rows: Sequence[tuple[int | None, bytes]]) -> None:
        try:
            self._write(rows)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._replace(error)
            self._write(rows)
        size = sum(len(item) for _, item in rows)
        self._stored += len(rows)
        self._stored_bytes += size
        self._waiting += len(rows)
        self._waiting_bytes += size

    def _write(self, rows: Sequence[tuple[int | None, bytes]]) -> None:
        connection = self._open()
        with connection:
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO items (number, item) VALUES (?, ?)", rows)

    # ------------------------------------------------------------------ what dead processes left

    def recover(self) -> int:
        """Take over the files of ended processes, and return the number of items."""
        names = {path.stem for path in self._folder.glob(f"{PREFIX}*{LOCK}")}
        names |= {path.stem for path in self._folder.glob(f"{PREFIX}*{DATABASE}")}
        recovered = 0
        for name in sorted(names):
            path = self._folder / f"{name}{DATABASE}"
            try:
                lock = FileLock.acquire(path.with_suffix(LOCK), create=path.exists())
                if lock is not None:
                    recovered += self._take_over(path, lock)
            except (OSError, sqlite3.Error) as error:
                self._report(
                    name, f"takeover of the spool file {path} failed, will retry: %s", error
                )
        return recovered

    def _take_over(self, path: Path, lock: FileLock) -> int:
        is_done = False
        orphan = OrphanedSpool(path, self._read_up_to.get(path, 0))
        try:
            try:
                moved = self._copy(path, orphan) if path.exists() else 0
            except (OSError, sqlite3.Error) as error:
                if is_full(error) and orphan.damage is None and self._adopt(path, lock):
                    return self._waiting
                raise
            if self._is_closed:
                return moved
            if orphan.damage is None:
                remove_database(path)
            else:
                self._quarantine(path, orphan.damage, moved)
            is_done = True
            self._read_up_to.pop(path, None)
        finally:
            if lock is not self._lock_file:
                lock.release(remove=is_done)
        return moved

    def _copy(self, path: Path, orphan: OrphanedSpool) -> int:
        moved = 0
        with closing(orphan.chunks()) as chunks:
            for chunk in chunks:
                with self.lock:
                    if self._is_closed:
                        break
                    self._insert([(None, item) for _, item in chunk])
                self._delivery_stats.recover(len(chunk))
                self._read_up_to[path] = chunk[-1][0]
                moved += len(chunk)
        return moved

    def _adopt(self, path: Path, lock: FileLock) -> bool:
        """Use the file of another process in place, if the own one is empty.

        A full disk can be emptied this way, since no copies are needed.
        """
        with self.lock:
            if self._is_closed or self._stored or path in self._read_up_to:
                return False
            connection = open_database(path, is_exclusive=True)
            self.disconnect()
            if self._lock_file is not None:
                remove_database(self._path)
                self._lock_file.release(remove=True)
            self._name, self._lock_file, self._connection = path.stem, lock, connection
            self._is_adopted = True
            self._taken_up_to = self._lost_up_to = 0
            self._undeleted = []
            count, size = connection.execute(
                "SELECT count(*), sum(length(item)) FROM items"
            ).fetchone()
            self._stored = self._waiting = count
            self._stored_bytes = self._waiting_bytes = size or 0
            self._delivery_stats.recover(count)
            return True

    def _quarantine(self, path: Path, damage: str, read: int) -> None:
        message = "spool file %s is damaged (%s): %d item(s) were read, renamed to %s"
        log.warning(message, path, damage, read, quarantine(path).name)

    # ------------------------------------------------------------------ the file

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._lock_file is None:
                make_folder(self._folder)
                self._lock_file = FileLock.acquire(
                    self._folder / f"{self._name}{LOCK}", create=True
                )
                if self._lock_file is None:
                    raise OSError(f"files in {self._folder} cannot be locked")
            self._connection = open_database(self._path, is_exclusive=self._is_adopted)
        return self._connection

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._name}{DATABASE}"

    def check(self) -> None:
        """Raise if the disk is not writable, and leave no file behind then."""
        with self.lock:
            try:
                self._open()
            except (OSError, sqlite3.Error):
                self.close()
                raise

    def disconnect(self) -> None:
        with self.lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def close(self) -> None:
        with self.lock:
            if self._is_closed:
                return
            self._is_closed = True
            self.disconnect()
            if self._lock_file is not None:
                if not self._stored:
                    remove_database(self._path)
                self._lock_file.release(remove=not self._stored)

    def forget(self) -> None:
        self._is_closed = True
        self._connection = None
        if self._lock_file is not None:
            self._lock_file.forget()

    # ------------------------------------------------------------------ a file that is damaged

    def _reset_file(self) -> None:
        self.disconnect()
        with suppress(OSError):
            remove_database(self._path)
            self._is_adopted = False
            self._undeleted = []
            self._taken_up_to = self._lost_up_to = 0

    def _replace(self, error: Exception) -> None:
        """Continue in a new file with the readable items of a damaged one; count the lost ones."""
        self.disconnect()
        orphan = OrphanedSpool(self._path, self._taken_up_to)
        waiting = [row for chunk in orphan.chunks() for row in chunk] if self._path.exists() else []
        lost = self._waiting - len(waiting)
        self._quarantine(self._path, str(error), len(waiting))
        self._lost_up_to, self._undeleted = self._taken_up_to, []
        self._waiting = self._waiting_bytes = self._stored = self._stored_bytes = 0
        try:
            # The numbers of items in the sender's hands are not given out again.
            self._write([(self._taken_up_to, b"")])
            self._undeleted = [self._taken_up_to]
            self._delete()
            self._insert(waiting)
        except (OSError, sqlite3.Error):
            lost += len(waiting)
        if lost > 0:
            self._delivery_stats.drop(SPOOL_DAMAGED, lost, str(error))

    def _count_lost(self, items: int, detail: str) -> None:
        self._waiting = self._waiting_bytes = 0
        self._stored = max(0, self._stored - items)
        self._delivery_stats.drop(SPOOL_DAMAGED, items, detail)

    def _report(self, kind: str, message: str, error: Exception) -> None:
        if kind not in self._reported:
            self._reported.add(kind)
            log.warning(message, error)
