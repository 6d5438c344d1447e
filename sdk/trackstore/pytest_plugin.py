"""Pytest plugin: the fixture ``recording_tracker`` replaces the default tracker of a test."""

from collections.abc import Iterator

import pytest

from trackstore.testing import RecordingTracker
from trackstore.tracker import set_tracker


@pytest.fixture
def recording_tracker() -> Iterator[RecordingTracker]:
    """Replace the default tracker by one that keeps entries and needs no server."""
    tracker = RecordingTracker()
    before = set_tracker(tracker)
    yield tracker
    set_tracker(before)
