"""Checks of ``trackstore doctor`` that need no database: settings, files, disk."""

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
LOW_DISK_BYTES, MIN_DISK_BYTES = 1 * GIB, 100 * MIB


class CheckState(Enum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    state: CheckState
    detail: str
    fix: str = ""


def check_settings() -> Iterator[Finding]:
    """Report unknown variables, and a settings file that others can read."""
    for unknown_name, similar_name in misspelt_settings().items():
        yield Finding(
            "settings",
            CheckState.WARN,
            f"{unknown_name} is not a setting",
            f"rename it to {similar_name}",
        )
    file = Path(ENV_FILE)
    if file.is_file() and is_exposed(file):
        yield Finding(
            ENV_FILE, CheckState.WARN, "other accounts have access to it", f"chmod 600 {ENV_FILE}"
        )


def check_file(file: Path) -> Iterator[Finding]:
    """Check permissions and free disk space of the SQLite file."""
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        fix = "let this account write there, or set another file in DATABASE_URL"
        yield Finding("file", CheckState.FAIL, f"{folder} cannot be written to", fix)
        return
    if file.exists():
        yield _permissions(file)
    yield _disk_space(folder)


def _permissions(file: Path) -> Finding:
    if not os.access(file, os.R_OK | os.W_OK):
        return Finding(
            "file",
            CheckState.FAIL,
            f"{file} cannot be read and written",
            "allow this account to read and write it",
        )
    exposed = " ".join(map(str, exposed_files_of(file)))
    if exposed:
        return Finding(
            "file",
            CheckState.WARN,
            f"other accounts have access to {exposed}",
            f"chmod 600 {exposed}",
        )
    return Finding(
        "file", CheckState.OK, f"{file} is private to this account ({file.stat().st_size:,} bytes)"
    )


def _disk_space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    detail = f"{free / GIB:,.1f} GiB free"
    fix = "free disk space: a full disk stops all writes"
    if free < MIN_DISK_BYTES:
        return Finding("disk", CheckState.FAIL, detail, fix)
    return Finding("disk", CheckState.WARN if free < LOW_DISK_BYTES else CheckState.OK, detail, fix)


def database_is_missing(settings: Settings) -> bool:
    """Return whether the SQLite file does not exist; opening it would create it."""
    return settings.database.file is not None and not settings.database.file.exists()
