"""A file lock that ends with its process."""

import os
import sys
import threading
from pathlib import Path
from typing import Self

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        # Not flock: a forked child would hold the lock of its parent as well.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


Identity = tuple[int, int]
"""Device and inode, which are the same for every spelling of the path."""
_locked_files: set[Identity] = set()
"""Locks of this process: the system would grant them again, and closing the second descriptor would
release the first."""
_guard = threading.RLock()


def _forget_all() -> None:
    global _guard  # noqa: PLW0603 another thread of the parent may hold it
    _guard = threading.RLock()
    _locked_files.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


class FileLock:
    """A held lock. ``release`` ends it, and so does the end of the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._identity = identity_of(os.fstat(descriptor))
        _locked_files.add(self._identity)

    @classmethod
    def acquire(cls, path: Path, *, create: bool) -> Self | None:
        """Return the lock, or None if it is held or (without ``create``) the file is missing."""
        with _guard:
            try:
                if identity_of(path.stat()) in _locked_files:
                    return None
            except FileNotFoundError:
                if not create:
                    return None
            return cls._open(path, os.O_RDWR | os.O_CREAT if create else os.O_RDWR)

    @classmethod
    def _open(cls, path: Path, flags: int) -> Self | None:
        try:
            descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o600)
        except FileNotFoundError:
            if flags & os.O_CREAT:
                raise
            return None
        try:
            _try_lock(descriptor)
        except OSError:
            os.close(descriptor)
            return None
        lock = cls(path, descriptor)
        if not lock._is_there():
            lock.release()
            return None
        return lock

    def release(self, *, remove: bool = False) -> None:
        if remove:
            self.path.unlink(missing_ok=True)
        self.forget()

    def forget(self) -> None:
        """Close the file; in a forked child this keeps the lock of the parent."""
        _locked_files.discard(self._identity)
        os.close(self._descriptor)

    def _is_there(self) -> bool:
        try:
            named = self.path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(self._descriptor))


def identity_of(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino
