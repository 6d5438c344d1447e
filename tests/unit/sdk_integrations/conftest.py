"""Fixtures: a server for each module and dialect, trackers that send to it, one that records."""

import pytest

from tests.unit.sdk.conftest import make_tracker, server
from trackstore.testing import RecordingTracker

__all__ = ["make_tracker", "server"]


@pytest.fixture
def tracker() -> RecordingTracker:
    # A tracker that keeps what is recorded.
    return RecordingTracker()
