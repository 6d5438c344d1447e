"""Fixtures for the server's own pieces: logs that are caught."""

import io

import pytest


@pytest.fixture
def log_stream(logging_put_back: None) -> io.StringIO:
    """A stream for ``configure_logging``."""
    del logging_put_back
    return io.StringIO()
