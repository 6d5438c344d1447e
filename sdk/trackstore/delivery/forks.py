"""What a fork does to deliveries: parents go on, children start empty and are flushed at their end."""

import os
import sys
import weakref
from typing import Protocol


class Forkable(Protocol):
    """What must know of forks."""

    def before_fork(self) -> None: ...

    def after_fork_in_parent(self) -> None: ...

    def after_fork_in_child(self) -> None: ...


class Closeable(Protocol):
    """What must be closed where ``atexit`` is not called."""

    def close_at_exit(self) -> None: ...


_registered: "weakref.WeakSet[Forkable]" = weakref.WeakSet()
_held: list[Forkable] = []
"""Those that were there before the fork, alive until it is over."""


def register(forkable: Forkable) -> None:
    """Tell it of forks as long as it lives."""
    _registered.add(forkable)


def _before() -> None:
    _held[:] = list(_registered)
    for forkable in _held:
        forkable.before_fork()


def _in_parent() -> None:
    for forkable in reversed(_held):
        forkable.after_fork_in_parent()
    _held.clear()


def _in_child() -> None:
    for forkable in _held:
        forkable.after_fork_in_child()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)


def close_with_child(closeable: Closeable) -> None:
    """A child of ``multiprocessing`` ends without ``atexit``: close it with the child's own means."""
    util = sys.modules.get("multiprocessing.util")
    process = sys.modules.get("multiprocessing.process")
    if util is None or process is None or process.parent_process() is None:
        return
    util.Finalize(None, _close, args=(weakref.ref(closeable),), exitpriority=10)


def _close(reference: "weakref.ref[Closeable]") -> None:
    closeable = reference()
    if closeable is not None:
        closeable.close_at_exit()
