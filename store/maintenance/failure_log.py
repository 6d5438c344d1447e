"""Failures of work that runs again and again: the first of a row is logged, and the end of it."""

import logging

from store.database import DatabaseUnavailableError


class FailureLog:
    def __init__(self, log: logging.Logger, message: str) -> None:
        self._log = log
        self._message = message
        self._failures = 0

    def fail(self, error: Exception) -> None:
        self._failures += 1
        level = logging.WARNING if self._failures == 1 else logging.DEBUG
        traceback = None if isinstance(error, DatabaseUnavailableError) else error
        self._log.log(level, self._message, exc_info=traceback)

    def succeed(self) -> None:
        failures, self._failures = self._failures, 0
        if failures > 1:
            self._log.info(
                "recovered after failures", extra={"failures": failures, "after": self._message}
            )
