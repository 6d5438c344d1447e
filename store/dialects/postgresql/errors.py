"""Errors of PostgreSQL by SQLSTATE: which may end by themselves or by an operator, and which not."""

import asyncpg
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from store.dialects.errors import Diagnosis, Fault, chain_of, first_line

POSTGRESQL_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What the driver throws where it is used directly, past SQLAlchemy."""
UNAVAILABLE_CLASSES = ("08", "28", "53", "55", "57", "58", "F0")
"""SQLSTATE: connection, authorization, resources, prerequisite state, operator intervention,
system errors, configuration file."""
UNAVAILABLE_STATES = frozenset({"25006", "25P03", "25P04", "3D000", "40003", "42501"})
"""Read-only, a session that was ended for idling or for its time, a database that is renamed or not
restored yet, a commit that nobody heard the end of, a privilege that was revoked."""
LASTING_STATES = frozenset({"58P01", "58P02", "55P04"})
"""A file of the server that does not exist or exists already, such as the library of a language: no
wait changes that. The class around them may end."""
TIMEOUT_STATES = frozenset({"57014"})
OVERFLOW_STATES = frozenset({"22003"})
CHECK_VIOLATION = "23514"
CONTENTION_STATES = frozenset({"40001", "40P01", "55P03", "55006", CHECK_VIOLATION, "72000"})
"""Serialization failure, deadlock, lock not available, object in use, snapshot too old: the same
transaction may succeed now.

So may one that met a month whose partition somebody dropped (a check violation; no table has
other checks): the next try makes it again.
"""
READ_ONLY = "25006"
"""After a failover, connections lead to the old primary, or were opened while it was read-only."""
LOST_CLASSES = ("08", "57P", "25P03", "25P04")
"""A connection was ended by the server, and with it most likely all of them."""
REASONS = {
    READ_ONLY: "the database is read-only",
    "28000": "the database does not let the server log in",
    "28P01": "the database does not take the server's password",
    "3D000": "the database does not exist under its name",
    "42501": "a privilege on the database is missing",
    "53100": "the disk of the database is full",
    "53200": "the database is out of memory",
    "53300": "the database has no connection left",
    "55000": "the database does not accept this now",
    "57P01": "the database is shutting down",
    "57P02": "the database is recovering from a crash",
    "57P03": "the database is starting up or shutting down",
    "57P04": "the database was dropped",
    "58030": "the disk of the database reports errors",
}
"""What /readyz says; the log has the message of the database."""


def diagnose(error: BaseException) -> Diagnosis:
    fault, state = _classified(error)
    is_stale = state == READ_ONLY or state.startswith(LOST_CLASSES) or is_lost(error)
    return Diagnosis(fault, state, first_line(error), _reason(state), is_stale)


def _reason(state: str) -> str | None:
    reason = REASONS.get(state)
    return f"{reason} ({state})" if reason else None


def _classified(error: BaseException) -> tuple[Fault, str]:
    if isinstance(error, PoolTimeout):
        return Fault.UNAVAILABLE, "POOL_TIMEOUT"
    if isinstance(error, MemoryError):
        return Fault.UNAVAILABLE, "OUT_OF_MEMORY"
    state = sqlstate(error)
    if state is not None:
        return _of_state(state, error), state
    name = type([*chain_of(error)][-1]).__name__
    if isinstance(error, OSError | PendingRollbackError) or is_lost(error):
        return Fault.UNAVAILABLE, name
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Fault.UNAVAILABLE, name
    return Fault.OTHER, name


def _of_state(state: str, error: BaseException) -> Fault:
    if state in TIMEOUT_STATES:
        return Fault.TIMEOUT
    if state in OVERFLOW_STATES:
        return Fault.OVERFLOW
    if state in CONTENTION_STATES or is_outdated(error):
        return Fault.CONTENTION
    if state in LASTING_STATES:
        return Fault.OTHER
    if state in UNAVAILABLE_STATES or state.startswith(UNAVAILABLE_CLASSES):
        return Fault.UNAVAILABLE
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Fault.UNAVAILABLE
    return Fault.OTHER


def sqlstate(error: BaseException) -> str | None:
    for seen in chain_of(error):
        state = getattr(seen, "sqlstate", None)
        if isinstance(state, str):
            return state
    return None


def severity_of(error: BaseException) -> str | None:
    for seen in chain_of(error):
        severity = getattr(seen, "severity_en", None) or getattr(seen, "severity", None)
        if isinstance(severity, str):
            return severity
    return None


def is_outdated(error: BaseException) -> bool:
    return any(isinstance(seen, asyncpg.InvalidCachedStatementError) for seen in chain_of(error))


def is_lost(error: BaseException) -> bool:
    for seen in chain_of(error):
        if isinstance(seen, asyncpg.InterfaceError):
            return not isinstance(seen, ValueError)  # the driver's own check of what it was given
        if isinstance(seen, OSError | asyncpg.InternalClientError):
            return True
    return False
