"""A disk that can be full: a small file system in memory, where this machine lets us mount one."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLOCK_BYTES = 1 << 20


class SmallDisk:
    """A file system of a few hundred megabytes, and what takes the rest of its room."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Take all the room that is left."""
        block = b"\0" * BLOCK_BYTES
        with self._filler.open("wb", buffering=0) as file:
            while True:
                try:
                    written = file.write(block)
                except OSError:
                    return
                if written < BLOCK_BYTES:
                    return

    def free(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk | None]:
    """Mount a small file system; None where this machine does not let us (not root, no mount)."""
    folder = Path(tempfile.mkdtemp(prefix="trackstore-disk-"))
    folder.chmod(0o755)
    size = f"size={megabytes}m,mode=0755"
    try:
        mounted = os.geteuid() == 0 and not subprocess.call(
            ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], stderr=subprocess.DEVNULL
        )
    except OSError:
        mounted = False
    try:
        yield SmallDisk(folder) if mounted else None
    finally:
        if mounted:
            subprocess.call(["umount", "--lazy", str(folder)])
        folder.rmdir()
