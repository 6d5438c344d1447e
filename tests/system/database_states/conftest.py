"""Fixtures: disks that are soon full."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.scratch import scratch_folder
from tests.system.database_states.disks import Disk


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A file system of its own, where this account may mount one."""
    size = f"size={megabytes}m"
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield Disk(folder, is_mounted)
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder, 4) as disk:
        yield disk


@pytest.fixture
def small_postgres_disk() -> Iterator[Disk]:
    """A disk of 40 MB that belongs to the account of PostgreSQL."""
    with scratch_folder("trackstore-small-") as folder, mounted(folder, 40) as disk:
        if not disk.is_mounted:
            pytest.skip("this account may not mount a small file system")
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam("pgserver").pw_uid, -1)
        yield disk
