"""Tests of the chat service: business logic and tracking, each without the other or a server."""

from collections.abc import Iterator

import pytest
from fastapi import HTTPException

from examples.chat_usage import UsageTrackingService, chat, send_message
from trackstore import set_tracker
from trackstore.testing import NullTracker, RecordingTracker


@pytest.fixture
def recorded() -> Iterator[RecordingTracker]:
    """Replace the service's tracker by one that keeps everything."""
    tracker = RecordingTracker()
    before = set_tracker(tracker)
    yield tracker
    set_tracker(before)


async def test_chat_without_tracking() -> None:
    set_tracker(NullTracker())
    assert (await send_message("hello"))["response"] == "You said: hello"
    assert (await chat({"message": "hello", "session_id": "s_1"}, {}))["tokens"] == 3


async def test_usage_tracking() -> None:
    tracker = RecordingTracker()
    service = UsageTrackingService(tracker)
    await service.track_chat_usage(
        user_id="ana", message="hi", response="hello", duration=1.5, tokens_used=7
    )
    operation = tracker.one(user_id="ana", input_tokens=7)
    assert operation.duration_ms == 1_500


async def test_a_failed_chat_is_tracked_as_well(recorded: RecordingTracker) -> None:
    with pytest.raises(HTTPException):
        await chat({"message": "fail please", "session_id": "s_1"}, {"user_id": "ana"})
    assert recorded.one(user_id="ana", session_id="s_1").outcome == "ERROR"
