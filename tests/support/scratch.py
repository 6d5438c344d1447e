"""Where tests keep their databases: in memory if the system has room there, else on its disk."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")  # only a name of our own making is put there
ENOUGH = 2 << 30
"""Bytes that must be free: a run needs a tenth of it, and some systems give 64 MiB only."""


@contextmanager
def scratch_folder(prefix: str, *, on_disk: bool = False) -> Iterator[Path]:
    """A new folder with a short path, deleted at the end.

    A PostgreSQL database is hundreds of files, and most of a test's time went into making them.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=None if on_disk else _memory()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Path | None:
    try:
        return MEMORY if shutil.disk_usage(MEMORY).free >= ENOUGH else None
    except OSError:
        return None
