"""What an error of the driver means, by SQLSTATE or SQLite's name, for what no test can bring about."""

import sqlite3

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from store.dialects import Diagnosis, Fault
from store.dialects.postgresql.errors import diagnose as diagnose_postgresql
from store.dialects.sqlite.errors import diagnose as diagnose_sqlite

POSTGRESQL = [
    ("53100", Fault.UNAVAILABLE, "the disk of the database is full (53100)"),
    ("53200", Fault.UNAVAILABLE, "the database is out of memory (53200)"),
    ("53300", Fault.UNAVAILABLE, "the database has no connection left (53300)"),
    ("53400", Fault.UNAVAILABLE, None),
    ("58000", Fault.UNAVAILABLE, None),
    ("58030", Fault.UNAVAILABLE, "the disk of the database reports errors (58030)"),
    ("58P01", Fault.OTHER, None),
    ("25006", Fault.UNAVAILABLE, "the database is read-only (25006)"),
    ("57P03", Fault.UNAVAILABLE, "the database is starting up or shutting down (57P03)"),
    ("42501", Fault.UNAVAILABLE, "a privilege on the database is missing (42501)"),
    ("40001", Fault.CONTENTION, None),
    ("57014", Fault.TIMEOUT, None),
    ("22003", Fault.OVERFLOW, None),
    ("42703", Fault.OTHER, None),
    ("XX001", Fault.OTHER, None),
]
SQLITE = [
    ("SQLITE_FULL", Fault.UNAVAILABLE, "the disk of the database is full"),
    ("SQLITE_IOERR_WRITE", Fault.UNAVAILABLE, "the disk of the database reports errors"),
    ("SQLITE_NOMEM", Fault.UNAVAILABLE, "the server is out of memory"),
    ("SQLITE_CANTOPEN_ISDIR", Fault.UNAVAILABLE, "the database file cannot be opened"),
    ("SQLITE_BUSY_SNAPSHOT", Fault.CONTENTION, None),
    ("SQLITE_INTERRUPT", Fault.TIMEOUT, None),
    ("SQLITE_CORRUPT", Fault.OTHER, None),
    ("SQLITE_NOTADB", Fault.OTHER, None),
]


def check(diagnosis: Diagnosis, state: str, fault: Fault, reason: str | None) -> None:
    assert (diagnosis.state, diagnosis.fault, diagnosis.reason) == (state, fault, reason)


@pytest.mark.parametrize(("state", "fault", "reason"), POSTGRESQL)
def test_a_state_of_postgresql(state: str, fault: Fault, reason: str | None) -> None:
    error = asyncpg.PostgresError.new({"S": "ERROR", "C": state, "M": "refused"})
    assert error.sqlstate == state
    check(diagnose_postgresql(error), state, fault, reason)
    check(diagnose_postgresql(DBAPIError("INSERT", {}, error)), state, fault, reason)


@pytest.mark.parametrize(("state", "fault", "reason"), SQLITE)
def test_an_error_of_sqlite(state: str, fault: Fault, reason: str | None) -> None:
    error = sqlite3.OperationalError("refused")
    error.sqlite_errorname = state
    check(diagnose_sqlite(error), state, fault, reason)
    check(diagnose_sqlite(DBAPIError("INSERT", {}, error)), state, fault, reason)
