"""Work that fails again and again is logged once, and once more when it goes on."""

import logging

import pytest

from store.database import DatabaseFailureError, DatabaseUnavailableError
from store.dialects import Diagnosis, Fault
from store.maintenance.failure_log import FailureLog

log = logging.getLogger("tests.work")


def test_the_first_of_a_row_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    failures = FailureLog(log, "it will be tried again")
    refused = DatabaseUnavailableError(
        "try again", Diagnosis(Fault.UNAVAILABLE, "25006", "read-only")
    )
    with caplog.at_level(logging.INFO, log.name):
        for _ in range(5):
            failures.fail(refused)
        failures.succeed()
        failures.succeed()
        failures.fail(DatabaseFailureError("no such table"))
    assert caplog.messages == [
        "it will be tried again",
        "recovered after failures",
        "it will be tried again",
    ]
    first, _, last = caplog.records
    assert first.exc_info is None, "the refusal has its own line"
    assert last.exc_info is not None
