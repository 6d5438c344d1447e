"""How large an answer may be, and how much may be read for one."""

from store.errors import InvalidInputError

MAX_READ_FACTOR = 4
"""What is read for an answer may be so many times its limit: loaders read whole records."""
LIMIT_SETTING_NAME = "TRACKSTORE_MAX_ANSWER_BYTES"
ADVICE = (
    "ask for fewer records (first), read more with after, select fewer fields, or export the list "
    "(/export)"
)


class ResponseTooLargeError(InvalidInputError):
    pass


def too_large(
    limit: int, *, has_read_too_much: bool = False, was_executed: bool = False
) -> ResponseTooLargeError:
    executed = "the mutation was executed, but " if was_executed else ""
    problem = f"the answer is larger than {limit:,} bytes"
    if has_read_too_much:
        problem = f"more than {limit * MAX_READ_FACTOR:,} bytes were read for an answer of at most {limit:,}"
    return ResponseTooLargeError(f"{executed}{problem} ({LIMIT_SETTING_NAME}): {ADVICE}")


class ReadBudget:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit * MAX_READ_FACTOR

    @property
    def is_exceeded(self) -> bool:
        return self._left < 0

    def spend(self, size: int) -> None:
        """Count characters that were read; raises ``ResponseTooLargeError`` where they are too many."""
        self._left -= size
        self.check()

    def check(self) -> None:
        """Raise ``ResponseTooLargeError`` where nothing more may be read."""
        if self.is_exceeded:
            raise too_large(self._limit, has_read_too_much=True)
