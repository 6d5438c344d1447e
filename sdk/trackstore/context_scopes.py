"""Context variables whose blocks may end in another thread, task or order than they began in."""

from contextvars import ContextVar, Token
from typing import Generic, TypeVar

T = TypeVar("T")


class Block(Generic[T]):
    __slots__ = ("has_ended", "outer", "token", "value")

    def __init__(self, value: T, outer: "Block[T] | None" = None) -> None:
        self.value = value
        self.outer = outer
        self.token: Token[Block[T]] | None = None
        self.has_ended = False
        """Set if it ended where it could not be reset: it is skipped when read."""


class Scoped(Generic[T]):
    """A value for this thread or task, set by blocks.

    ``ContextVar.reset`` fails if a block ends in another context than it began in: a generator
    closed by the garbage collector, a dependency whose exit runs in another thread, a stream closed
    by another task. Restoring the earlier value would overwrite the value of that other context.
    Here such a block ends itself only; what other blocks have set stays.
    """

    __slots__ = ("_outside", "_variable")

    def __init__(self, name: str, default: T) -> None:
        self._outside = Block(default)
        self._variable: ContextVar[Block[T]] = ContextVar(name, default=self._outside)

    def get(self) -> T:
        return _open(self._variable.get()).value

    def enter(self, value: T) -> Block[T]:
        block = Block(value, _open(self._variable.get()))
        block.token = self._variable.set(block)
        return block

    def leave(self, block: Block[T]) -> None:
        """End a block from any thread or task. Idempotent.

        A task or thread that copied the context inside the block keeps its value, unless the block
        ends elsewhere than it began.
        """
        token, block.token = block.token, None
        if token is None:
            return
        innermost = self._variable.get()
        outer = _open(block.outer or block)
        try:
            self._variable.reset(token)
        except ValueError:  # begun in another context
            block.has_ended = True
            if innermost is block:
                self._variable.set(outer)
            return
        if innermost is block:
            self._variable.set(outer)
            block.outer = None  # copies of the context must not keep a chain of blocks alive
        else:  # a block inside it is still open
            self._variable.set(innermost)
            block.has_ended = True

    def is_innermost(self, block: Block[T]) -> bool:
        return self._variable.get() is block


def _open(block: Block[T]) -> Block[T]:
    while block.has_ended and block.outer is not None:
        block = block.outer
    return block
