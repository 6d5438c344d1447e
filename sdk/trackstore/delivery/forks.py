"""Calls deliveries before and after a fork: parents continue, children start empty."""

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    def before_fork(self) -> None: ...

    def after_fork_in_parent(self) -> None: ...

    def after_fork_in_child(self) -> None: ...


_registered: "weakref.WeakSet[Forkable]" = weakref.WeakSet()
_forking: list[Forkable] = []
"""Keeps the registered objects alive until the fork is over."""


def register(forkable: Forkable) -> None:
    _registered.add(forkable)


def _before() -> None:
    _forking[:] = list(_registered)
    for forkable in _forking:
        forkable.before_fork()


def _in_parent() -> None:
    for forkable in reversed(_forking):
        forkable.after_fork_in_parent()
    _forking.clear()


def _in_child() -> None:
    for forkable in _forking:
        forkable.after_fork_in_child()
    _forking.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
