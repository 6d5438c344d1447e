"""The name of a process, and breakers that are reported under it."""

import os
import re

from trackstore.breakers import BreakerReporter
from trackstore.entries import CircuitBreaker
from trackstore.instances import process_name
from trackstore.testing import RecordingTracker


def test_a_process_has_one_name_and_its_child_another() -> None:
    name = process_name()
    assert process_name() == name
    assert re.fullmatch(rf".{{1,100}}:{os.getpid()}:[0-9a-f]{{8}}", name)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, process_name().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 1_000).decode() not in ("", name)
    os.close(reading)
    os.close(writing)


def test_breakers_are_reported_for_this_process_unless_it_is_said_otherwise() -> None:
    tracker = RecordingTracker()
    BreakerReporter(tracker, "renderer").changed("open")
    tracker.report_breaker("renderer", "CLOSED", instance="shared")
    assert [entry.instance for entry in tracker.all_of(CircuitBreaker)] == [
        process_name(),
        "shared",
    ]


def test_a_forked_child_counts_from_zero() -> None:
    reporter = BreakerReporter(RecordingTracker(), "renderer", every_seconds=0)
    reporter.failure()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        reporter.success()
        os.write(writing, f"{reporter.total_calls} {reporter.total_failures}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 100) == b"1 0"
    assert (reporter.total_calls, reporter.total_failures) == (1, 1)
    os.close(reading)
    os.close(writing)
