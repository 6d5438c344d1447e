"""The small tree of errors the store raises; each has a stable code that callers may branch on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self


class Choices(NamedTuple):
    """A message that lists names of the API; ``brief`` says the same without the list.

    Callers that may not read the schema get ``brief``.
    """

    message: str
    brief: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: a code, what was expected, and the path to the place.

    ``brief`` is the message without a list of names, where it has one.
    """

    code: str
    message: str
    path: tuple[str | int, ...] = ()
    brief: str | None = None

    def __str__(self) -> str:
        where = ".".join(str(step) for step in self.path)
        named = not where or self.message.startswith(f"{where} ")
        return self.message if named else f"{where}: {self.message}"

    @classmethod
    def of(cls, code: str, said: str | Choices, path: Sequence[str | int]) -> Self:
        message, brief = said if isinstance(said, Choices) else (said, None)
        return cls(code, message, tuple(path), brief)


def join_problems(problems: Iterable[Problem]) -> str:
    """Join problems to one message: full sentences by a space, fragments by a semicolon."""
    text = ""
    for problem in problems:
        separator = " " if text.endswith(".") else "; "
        text = f"{text}{separator}{problem}" if text else str(problem)
    return text


class StoreError(Exception):
    """Base of all; its message may be shown to the caller."""

    code = "INTERNAL"
    retryable = False

    def __init__(self, message: str, path: Sequence[str | int] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = tuple(path)

    @property
    def problem(self) -> Problem:
        return Problem(self.code, self.message, self.path)


class InvalidInputError(StoreError):
    """The input is not acceptable; ``problems`` names every place and its fix."""

    code = "BAD_USER_INPUT"

    def __init__(
        self, problems: Sequence[Problem] | str | Choices, path: Sequence[str | int] = ()
    ) -> None:
        if isinstance(problems, str | Choices):
            problems = (Problem.of(self.code, problems, path),)
        self.problems = tuple(problems)
        self.code = self.problems[0].code
        super().__init__(join_problems(self.problems), self.problems[0].path)

    @property
    def brief(self) -> "InvalidInputError":
        return InvalidInputError(
            [Problem(p.code, p.brief or p.message, p.path) for p in self.problems]
        )


class UnauthenticatedError(StoreError):
    code = "UNAUTHENTICATED"


class ForbiddenError(StoreError):
    """The principal may not do this, or not with these labels."""

    code = "FORBIDDEN"


class NotFoundError(StoreError):
    """The named record does not exist within the caller's bounds."""

    code = "NOT_FOUND"


class ConflictError(StoreError):
    code = "CONFLICT"


class InvalidTransitionError(StoreError):
    """The request or stage is not in a state from which this is possible."""

    code = "INVALID_TRANSITION"


class OverloadedError(StoreError):
    """The server cannot take this now; the same call may succeed a moment later."""

    code = "OVERLOADED"
    retryable = True


class TooManyRequestsError(OverloadedError):
    """This caller asks too much of the server; others are served. Answered with 429."""

    def __init__(self, message: str, retry_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class OutcomeUnknownError(StoreError):
    """The commit was sent and not answered: it may be stored, or not. The same ids make a retry safe."""

    code = "OUTCOME_UNKNOWN"
    retryable = True


class QueryTimeoutError(StoreError):
    code = "TIMEOUT"
    retryable = True


ERROR_CODES = (
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "BAD_USER_INPUT",
    "NOT_FOUND",
    "CONFLICT",
    "INVALID_TRANSITION",
    "LIMIT_EXCEEDED",
    "OVERLOADED",
    "OUTCOME_UNKNOWN",
    "TIMEOUT",
    "INTERNAL",
)
"""Every code a caller can meet, in answers per item and in GraphQL's ``extensions.code``."""
