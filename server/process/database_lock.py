"""Lock a SQLite file for one server; the lock ends with its process.

Commands such as ``keys create`` and ``migrate`` do not take it, since they may run beside a server.
"""

import fcntl
import logging
import os
import time
from pathlib import Path

from models.private_files import create_private_folder

SUFFIX = ".lock"
PID_TRIES = 10
PID_PAUSE_SECONDS = 0.02
"""A server writes its process id a moment after it has taken the lock."""

log = logging.getLogger("trackstore.server")

_locks: dict[Path, int] = {}
"""Descriptors of the locks of this process, by lock file."""


class DatabaseInUseError(Exception):
    pass


def lock_database(file: Path | None) -> bool:
    """Lock a database file for this process; return False if there is nothing to lock.

    That is the case for a database server, and if this process has the lock already. Different
    spellings of a path, and links, share one lock. Raises ``DatabaseInUseError``.
    """
    if file is None:
        return False
    lock = lock_file_of(file)
    if lock in _locks:
        return False
    descriptor = _open(lock)
    if descriptor is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise DatabaseInUseError(_reason(file, lock)) from None
    except OSError as error:  # a file system without lock support
        os.close(descriptor)
        log.warning("cannot lock the database file: %s", error)
        return False
    _locks[lock] = descriptor
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:  # a full disk: the lock works without a process id in it
        log.warning("cannot write the process id to %s: %s", lock, error.strerror)
    return True


def unlock_database(file: Path | None) -> None:
    """Release the lock; the lock file stays, because a waiting server may have it open."""
    descriptor = _locks.pop(lock_file_of(file), None) if file is not None else None
    if descriptor is not None:
        os.close(descriptor)


def lock_file_of(file: Path) -> Path:
    real = file.resolve()
    return real.with_name(real.name + SUFFIX)


def _open(lock: Path) -> int | None:
    """Open the lock file; return None in a read-only folder, where no server could write."""
    create_private_folder(lock.parent)
    try:
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        log.warning("cannot lock the database file: %s", error)
        return None


def _reason(file: Path, lock: Path) -> str:
    for _ in range(PID_TRIES):
        pid = lock.read_text(encoding="ascii", errors="replace").strip()
        if pid.isdigit():
            break
        time.sleep(PID_PAUSE_SECONDS)
    else:
        pid = "unknown"
    return (
        f"Another server (process {pid}) uses {file}. Stop it, or use another file with "
        "--database-url."
    )
