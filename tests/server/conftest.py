"""Fixtures for the server's own pieces: an empty folder to run in, logs that are caught."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder: no .env and no database of somebody else."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def log_stream() -> Iterator[io.StringIO]:
    """A stream for ``configure_logging``; what that changes is put back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield io.StringIO()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
