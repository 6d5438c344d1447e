"""What ``trackstore doctor`` finds without a database: settings, files, disk."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from models.private_files import exposed_files_of, is_exposed
from server.settings.errors import ENV_FILE
from server.settings.model import Settings
from server.settings.table import misspelt_settings

MIB, GIB = 2**20, 2**30
LITTLE_DISK, TOO_LITTLE_DISK = 1 * GIB, 100 * MIB


class State(Enum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was found and, where it is not well, what fixes it."""

    name: str
    state: State
    found: str
    fix: str = ""


def examine_settings() -> Iterator[Finding]:
    """Names that nothing reads, and who else can read the file."""
    for wrong, meant in misspelt_settings().items():
        yield Finding("settings", State.WARN, f"nothing reads {wrong}", f"rename it to {meant}")
    file = Path(ENV_FILE)
    if file.is_file() and is_exposed(file):
        yield Finding(
            ENV_FILE, State.WARN, "other accounts have rights on it", f"chmod 600 {ENV_FILE}"
        )


def examine_file(file: Path) -> Iterator[Finding]:
    """The embedded database's file: permissions, and room to grow."""
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        fix = f"let this account write there, or name another file in {'DATABASE_URL'}"
        yield Finding("file", State.FAIL, f"{folder} cannot be written to", fix)
        return
    if file.exists():
        yield _permissions(file)
    yield _room(folder)


def _permissions(file: Path) -> Finding:
    if not os.access(file, os.R_OK | os.W_OK):
        return Finding(
            "file", State.FAIL, f"{file} cannot be read and written", "let this account do both"
        )
    exposed = " ".join(map(str, exposed_files_of(file)))
    if exposed:
        return Finding(
            "file", State.WARN, f"other accounts have rights on {exposed}", f"chmod 600 {exposed}"
        )
    return Finding("file", State.OK, f"{file} is for this account ({file.stat().st_size:,} bytes)")


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    found = f"{free / GIB:,.1f} GiB free"
    fix = "make room: a full disk stops every write"
    if free < TOO_LITTLE_DISK:
        return Finding("disk", State.FAIL, found, fix)
    return Finding("disk", State.WARN if free < LITTLE_DISK else State.OK, found, fix)


def database_is_missing(settings: Settings) -> bool:
    """Whether the embedded database was not made yet; looking at it would make it."""
    return settings.database.file is not None and not settings.database.file.exists()
