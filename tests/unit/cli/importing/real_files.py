"""Where the real files are, which are too large to be part of the project."""

import os
from pathlib import Path

import pytest

VARIABLE = "TRACKSTORE_TEST_DATA"
NAMED = os.environ.get(VARIABLE)
"""Read while tests are collected: each of them runs in an environment without settings."""
BESIDE = Path(__file__).parents[5] / "shared" / "data"


def real_file(name: str) -> Path:
    """The file; the test is skipped with the reason where there is none.

    A folder that was named must hold it: a test that was meant to run does not pass unseen.
    """
    folder = Path(NAMED) if NAMED else BESIDE
    file = folder / name
    if NAMED:
        assert file.is_file(), f"{VARIABLE} names {folder}, which does not hold {name}"
    if not file.is_file():
        pytest.skip(f"{name} is not in ../shared/data: name its folder with {VARIABLE}")
    return file
