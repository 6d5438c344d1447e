"""Errors of SQLite by the name of their code: which may end, and which not."""

import sqlite3

from sqlalchemy.exc import TimeoutError as PoolTimeout

from store.dialects.errors import Diagnosis, Fault, chain_of, first_line

MOVED = "SQLITE_READONLY_DBMOVED"
READ_ONLY = "SQLITE_READONLY"
DISK_ERRORS = "SQLITE_IOERR"
REOPENED = (READ_ONLY, "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PERM")
"""Begin the names of errors after which connections are opened again: a connection that was opened
while the file was read-only stays read-only, and one on a disk that was away stays broken."""
FAULTS = {
    "SQLITE_INTERRUPT": Fault.TIMEOUT,
    "SQLITE_BUSY": Fault.CONTENTION,
    "SQLITE_LOCKED": Fault.CONTENTION,
    "SQLITE_PROTOCOL": Fault.CONTENTION,
    "SQLITE_SCHEMA": Fault.CONTENTION,
    READ_ONLY: Fault.UNAVAILABLE,
    "SQLITE_IOERR": Fault.UNAVAILABLE,
    "SQLITE_FULL": Fault.UNAVAILABLE,
    "SQLITE_CANTOPEN": Fault.UNAVAILABLE,
    "SQLITE_NOMEM": Fault.UNAVAILABLE,
    "SQLITE_NOLFS": Fault.UNAVAILABLE,
    "SQLITE_PERM": Fault.UNAVAILABLE,
}
"""By the primary code; extended codes begin with its name."""
TEXTS = {
    "interrupted": "SQLITE_INTERRUPT",
    "locked": "SQLITE_BUSY",
    "busy": "SQLITE_BUSY",
    "locking protocol": "SQLITE_PROTOCOL",
    "readonly": READ_ONLY,
    "disk I/O": "SQLITE_IOERR",
    "full": "SQLITE_FULL",
    "unable to open": "SQLITE_CANTOPEN",
    "out of memory": "SQLITE_NOMEM",
}
"""For errors that carry no code, since they were made outside of SQLite."""
REASONS = {
    MOVED: "the database file was moved, deleted or replaced: put it back, or restart the server",
    READ_ONLY: "the database file is read-only",
    "SQLITE_IOERR": "the disk of the database reports errors",
    "SQLITE_FULL": "the disk of the database is full",
    "SQLITE_CANTOPEN": "the database file cannot be opened",
    "SQLITE_NOMEM": "the server is out of memory",
    "SQLITE_PERM": "the database file may not be used",
}
"""What /readyz says."""


def diagnose(error: BaseException) -> Diagnosis:
    state = state_of(error)
    fault, reason = Fault.OTHER, None
    if state == "POOL_TIMEOUT" or isinstance(error, OSError):
        fault = Fault.UNAVAILABLE
    elif state == "SQLITE_ERROR" and "integer overflow" in str(error):
        fault = Fault.OVERFLOW
    for name, meaning in FAULTS.items():
        if state == name or state.startswith(f"{name}_"):
            fault = meaning
            reason = REASONS.get(state) or REASONS.get(name)
    return Diagnosis(fault, state, first_line(error), reason, state.startswith(REOPENED))


def state_of(error: BaseException) -> str:
    """SQLite's name of the error, or the name of its class."""
    if isinstance(error, PoolTimeout):
        return "POOL_TIMEOUT"
    *_, original = chain_of(error)
    if isinstance(original, MemoryError):
        return "SQLITE_NOMEM"
    name = getattr(original, "sqlite_errorname", None)
    if isinstance(name, str):
        return name
    if isinstance(original, sqlite3.OperationalError):
        text = str(original)
        for part, state in TEXTS.items():
            if part in text:
                return state
        return "SQLITE_ERROR"
    return type(original).__name__


def moved() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("the database file was moved, deleted or replaced")
    error.sqlite_errorname = MOVED
    return error
