"""One server per SQLite file: a lock beside the file that ends with its process, however it ends.

Commands such as ``keys create`` and ``migrate`` do not take it: they may run beside a server.
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
"""A server that has just taken the lock writes its number a moment later."""

log = logging.getLogger("trackstore.server")

_held: dict[Path, int] = {}
"""The locks of this process, by their files: the descriptors that hold them."""


class DatabaseInUseError(Exception):
    """Another server uses the file; the text says which, and what to do."""


def hold_database(file: Path | None) -> bool:
    """Take the lock of a database file for this process; False where there is nothing to take.

    Nothing is to be taken where the database is a server, or this process has the lock already.
    Two spellings of a path and links to a file have one lock. Raises ``DatabaseInUseError``.
    """
    if file is None:
        return False
    lock = lock_file_of(file)
    if lock in _held:
        return False
    descriptor = _open(lock)
    if descriptor is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise DatabaseInUseError(_reason(file, lock)) from None
    except OSError as error:  # a file system without locks
        os.close(descriptor)
        log.warning("the database file cannot be locked: %s", error)
        return False
    _held[lock] = descriptor
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:  # a full disk: the lock holds without a number in it
        log.warning("the number of this process cannot be written to %s: %s", lock, error.strerror)
    return True


def release_database(file: Path | None) -> None:
    """Let another server have the file. The lock's own file stays: who waits for it may have it open."""
    descriptor = _held.pop(lock_file_of(file), None) if file is not None else None
    if descriptor is not None:
        os.close(descriptor)


def lock_file_of(file: Path) -> Path:
    """Return where the lock of a database file is, after every link."""
    real = file.resolve()
    return real.with_name(real.name + SUFFIX)


def _open(lock: Path) -> int | None:
    """The lock's file; None where the folder takes none, and so no server could write there."""
    create_private_folder(lock.parent)
    try:
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        log.warning("the database file cannot be locked: %s", error)
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
        f"Another server (process {pid}) uses {file}. Stop it, or give this one another file with "
        "--database-url."
    )
