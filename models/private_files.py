"""Files and folders for this account alone, whatever the umask: the embedded database and exports."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700
EXPOSED = stat.S_IRWXG | stat.S_IRWXO
SQLITE_SUFFIXES = ("", "-wal", "-shm", "-journal")


def create_private_folder(folder: Path) -> None:
    """Create a folder and the missing ones above it with mode 0700. One that exists is left alone."""
    missing = [
        missing_folder
        for missing_folder in (folder, *folder.parents)
        if not missing_folder.exists()
    ]
    for missing_folder in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another process was faster
            missing_folder.mkdir(FOLDER_MODE)
            missing_folder.chmod(FOLDER_MODE)


def create_private_file(file: Path) -> None:
    """Create an empty file with mode 0600. One that exists is left alone.

    SQLite gives the files beside a database the mode of the database. Where the file cannot be
    created, whoever opens it next says why.
    """
    with contextlib.suppress(OSError):
        os.close(open_private(file))


def open_private(file: Path) -> int:
    """Return a descriptor of a new file with mode 0600; raise ``FileExistsError``."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)  # a umask may have taken the owner's own rights
    return descriptor


def is_exposed(file: Path) -> bool:
    """Return whether the file exists and accounts other than its owner have any right on it."""
    try:
        return os.name == "posix" and bool(file.stat().st_mode & EXPOSED)
    except OSError:
        return False


def exposed_files_of(database: Path) -> Iterator[Path]:
    for suffix in SQLITE_SUFFIXES:
        file = database.with_name(database.name + suffix)
        if is_exposed(file):
            yield file
