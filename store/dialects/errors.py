"""What an error of a database driver means, and what the log, the metrics and /readyz say of it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

STATEMENT_NOTE = "statement: "
"""Begins the note that names the statement on errors of a driver that is used directly."""


class Fault(Enum):
    UNAVAILABLE = "unavailable"
    """The database refused, and the cause may end: the same call may succeed later."""
    TIMEOUT = "timeout"
    CONTENTION = "contention"
    OVERFLOW = "overflow"
    """A number grew beyond what its type holds."""
    OTHER = "other"
    """Waiting does not help: a statement, a table, a function or a file is wrong."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One error of the driver, classified.

    ``state`` is the SQLSTATE, SQLite's name of the error, or a name of ours where neither exists.
    ``message`` is the first line of what the database says, for the log. ``reason`` may be shown to
    anybody; None where there is nothing more to say than that the database is not available.
    """

    fault: Fault
    state: str
    message: str
    reason: str | None = None
    is_stale: bool = False
    """Whether connections that are open now may fail on, also when the cause has ended."""


def chain_of(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    visited: set[int] = set()
    while seen is not None and id(seen) not in visited:
        visited.add(id(seen))
        yield seen
        original = getattr(seen, "orig", None)
        seen = original if isinstance(original, BaseException) else seen.__cause__


def first_line(error: BaseException) -> str:
    *_, innermost = chain_of(error)
    lines = str(innermost).splitlines() if innermost.args else []
    return lines[0] if lines else type(innermost).__name__


def name_statement(error: BaseException, statement: str) -> None:
    error.add_note(STATEMENT_NOTE + statement)


def statement_noted(error: BaseException) -> str | None:
    for seen in chain_of(error):
        for note in getattr(seen, "__notes__", ()):
            if note.startswith(STATEMENT_NOTE):
                return str(note.removeprefix(STATEMENT_NOTE))
    return None


class ErrorTranslator(ABC):
    @abstractmethod
    def diagnose(self, error: BaseException) -> Diagnosis: ...

    async def examine(self, error: BaseException) -> Diagnosis:
        return self.diagnose(error)

    def fault(self, error: BaseException) -> Fault:
        return self.diagnose(error).fault

    @abstractmethod
    def was_rolled_back(self, error: BaseException) -> bool:
        """Return whether the error of a commit means that nothing was stored."""
