"""Ids that recording returns at once, and that async code may await."""

from collections.abc import Generator
from uuid import UUID


class TrackedId(UUID):
    """Id of a recorded operation. ``await`` returns it without waiting."""

    __slots__ = ()

    @classmethod
    def of(cls, id: UUID) -> "TrackedId":
        tracked = object.__new__(cls)  # the checks of UUID were made already
        object.__setattr__(tracked, "int", id.int)
        object.__setattr__(tracked, "is_safe", id.is_safe)
        return tracked

    def __await__(self) -> Generator[None, None, "TrackedId"]:
        yield from ()
        return self

    def __repr__(self) -> str:
        return f"UUID({str(self)!r})"

    def __reduce__(self) -> tuple[type[UUID], tuple[str]]:
        return UUID, (str(self),)


class NotTracked:
    """Result of a call that was not recorded: false, and ``None`` when awaited."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __await__(self) -> Generator[None, None, None]:
        yield from ()

    def __repr__(self) -> str:
        return "NOT_TRACKED"


NOT_TRACKED = NotTracked()
