"""Nothing is skipped in silence: what is not recorded is counted, and said once."""

import logging
import os

import pytest

from trackstore import TrackingRules, track_api_usage
from trackstore.events import EventBus
from trackstore.notices import MAX_KINDS, OVERFLOW_NAME, Notices
from trackstore.publishing import PublishingTracker
from trackstore.served_calls import CallRecorder, ServedCall
from trackstore.testing import NullTracker, RecordingTracker


def test_a_decorator_without_a_user_says_so_once_and_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tracker = RecordingTracker()

    @track_api_usage("chat", tracker=tracker)
    def chat(user_id: str) -> str:
        return f"hello {user_id}"

    with caplog.at_level(logging.WARNING, "trackstore"):
        for _ in range(3):
            assert chat("u_1") == "hello u_1"
    assert tracker.entries == []
    assert tracker.stats().skipped == {"labels": 3}
    (warning,) = caplog.records
    message = warning.getMessage()
    assert "chat was not recorded: workspace_id missing" in message
    assert "TrackingRules(requires=...)" in message


def test_a_null_tracker_counts_what_its_callers_leave_out() -> None:
    tracker = NullTracker()
    recorder = CallRecorder(PublishingTracker(tracker, EventBus()))
    recorder.record(ServedCall(route="v1/memory", method="POST"))
    assert tracker.stats().skipped == recorder.skipped == {"labels": 1}


def test_what_the_rules_leave_out_is_counted_without_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tracker = RecordingTracker()
    recorder = CallRecorder(tracker, TrackingRules(track_others=False))
    with caplog.at_level(logging.WARNING, "trackstore"):
        assert recorder.record(ServedCall(route="health", method="GET")) is None
    assert tracker.stats().skipped == {"route": 1}
    assert caplog.records == []


def test_kinds_are_bounded() -> None:
    notices = Notices()
    for number in range(MAX_KINDS + 10):
        notices.adjust(f"operation.fact_{number}", "Unknown name.")
        notices.skip("labels", f"route {number} was not recorded.")
    assert len(notices.adjusted) == MAX_KINDS + 1
    assert notices.adjusted[OVERFLOW_NAME] == 10
    assert notices.skipped == {"labels": MAX_KINDS + 10}


def test_a_forked_child_counts_from_zero() -> None:
    notices = Notices()
    notices.skip("labels")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        notices.skip("sample")
        os.write(write, repr(notices.skipped).encode())
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert os.read(read, 100) == b"{'sample': 1}"
    os.close(read)
    os.close(write)
    assert notices.skipped == {"labels": 1}
