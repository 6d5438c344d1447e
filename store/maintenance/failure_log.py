"""Logs failures of work that runs again and again: the first of a row, and the end of it."""

import logging

from store.database import DatabaseUnavailableError


class FailureLog:
    """Log a row of failures once.

    ``traceback`` is False where the message says everything; the error of a database that is not
    available never has one.
    """

    def __init__(self, log: logging.Logger, message: str, traceback: bool = True) -> None:
        self._log = log
        self._message = message
        self._traceback = traceback
        self._failures = 0

    def fail(self, error: Exception) -> None:
        self._failures += 1
        level = logging.WARNING if self._failures == 1 else logging.DEBUG
        has_traceback = self._traceback and not isinstance(error, DatabaseUnavailableError)
        self._log.log(level, self._message, exc_info=error if has_traceback else None)

    def succeed(self) -> None:
        failures, self._failures = self._failures, 0
        if failures > 1:
            self._log.info(
                "recovered after failures", extra={"failures": failures, "after": self._message}
            )
