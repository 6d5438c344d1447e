"""Fixtures for the server's own pieces: an empty folder to run in, logs that are caught."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.observability.logs import QUIET


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder: no .env and no database of somebody else."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def logging_put_back() -> Iterator[None]:
    """Undo what ``configure_logging`` changes in this process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in QUIET}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)
        logging.captureWarnings(capture=False)


@pytest.fixture
def log_stream(logging_put_back: None) -> io.StringIO:
    """A stream for ``configure_logging``."""
    del logging_put_back
    return io.StringIO()
