"""What keeps a migration from running is said in words, and leaves the database as it was."""

import threading

import pytest

from migrations.connections import database_url as parsed_url
from migrations.errors import (
    ConflictingTablesError,
    DatabaseBusyError,
    DatabaseUnreachableError,
    MigrationFailedError,
    SchemaTooNewError,
    UnknownRevisionError,
    UnsupportedDatabaseError,
)
from migrations.locking import ADVISORY_LOCK_KEY, MigrationTimeouts
from migrations.revision import NEWEST
from migrations.runner import check, current, downgrade, pending, upgrade
from tests.unit.migrations.stub_migrations import POSTGRESQL_ONLY, execute, open_transaction

READER = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT count(*) FROM operations"}
TURN = {"sqlite": "BEGIN IMMEDIATE", "postgresql": f"SELECT pg_advisory_lock({ADVISORY_LOCK_KEY})"}
MET = {"sqlite": NEWEST, "postgresql": "0011"}
"""The newest revision whose undoing such a reader is in the way of."""
HURRIED = MigrationTimeouts(lock=0.1, attempts=2, pause=0.05, turn=0.3)


def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        SchemaTooNewError, match=f"at revision 9999, the newest known here is {NEWEST}"
    ):
        upgrade(database_url)
    with pytest.raises(SchemaTooNewError):
        downgrade(database_url, "base")
    with pytest.raises(SchemaTooNewError):
        pending(database_url)
    with pytest.raises(SchemaTooNewError):
        check(database_url)
    assert current(database_url) == "9999"


def test_tables_of_somebody_else_are_left_alone(empty_database_url: str) -> None:
    execute(
        empty_database_url, "CREATE TABLE sessions (mine TEXT)", "CREATE TABLE limits (mine TEXT)"
    )
    with pytest.raises(ConflictingTablesError, match="limits, sessions"):
        upgrade(empty_database_url)
    assert current(empty_database_url) is None


@pytest.mark.parametrize("revision", ["nonsense", "9998", "+99"])
def test_an_unknown_revision_is_refused(empty_database_url: str, revision: str) -> None:
    with pytest.raises(UnknownRevisionError, match=revision.lstrip("+")):
        upgrade(empty_database_url, revision)


def test_a_table_in_use_is_not_waited_for_without_end(database_url: str, dialect: str) -> None:
    said: list[str] = []
    with open_transaction(database_url, READER[dialect]), pytest.raises(DatabaseBusyError):
        downgrade(database_url, "base", said.append, HURRIED)
    # What does not touch the table is gone; the step that met it has not.
    assert current(database_url) == MET[dialect]
    assert any("locked by others" in line or "another process" in line for line in said)


def test_a_table_in_use_is_tried_again(database_url: str, dialect: str) -> None:
    patient = MigrationTimeouts(lock=0.1, attempts=100, pause=0.05)
    with open_transaction(database_url, READER[dialect]) as release:

        def report(step: str) -> None:
            if "locked by others" in step or "another process" in step:
                release.set()

        downgrade(database_url, "base", report, patient)
    assert current(database_url) is None


def test_another_migration_is_waited_for(database_url: str, dialect: str) -> None:
    with open_transaction(database_url, TURN[dialect]) as release:
        with pytest.raises(DatabaseBusyError, match=r"another process .* 0\.3 s"):
            downgrade(database_url, "base", timeouts=HURRIED)
        threading.Timer(0.3, release.set).start()
        downgrade(database_url, "base")
    assert current(database_url) is None


def test_nothing_to_do_waits_for_nobody(database_url: str, dialect: str) -> None:
    with open_transaction(database_url, TURN[dialect]):
        upgrade(database_url, timeouts=HURRIED)


@POSTGRESQL_ONLY
def test_a_statement_may_not_take_for_ever(database_url: str, dialect: str) -> None:
    too_long = pytest.raises(MigrationFailedError, match="longer than it may")
    with open_transaction(database_url, READER[dialect]), too_long:
        downgrade(database_url, "base", timeouts=MigrationTimeouts(lock=10, statement=0.2))
    # The step that met the table is undone as a whole.
    assert current(database_url) == MET[dialect]
    upgrade(database_url)
    assert check(database_url) == []


@pytest.mark.parametrize(
    ("url", "fix"),
    [
        ("mysql://somewhere/db", "use sqlite:///FILE or postgresql://"),
        ("store.db", "is not a URL"),
        ("sqlite://", "use a file"),
        ("sqlite:///:memory:", "use a file"),
    ],
)
def test_an_address_that_cannot_be_served_is_refused(url: str, fix: str) -> None:
    with pytest.raises(UnsupportedDatabaseError, match=fix):
        upgrade(url)


def test_an_unreachable_database_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachableError, match=r"me:\*\*\*@127\.0\.0\.1:1/store") as caught:
        upgrade("postgresql://me:secret@127.0.0.1:1/store")
    assert "secret" not in str(caught.value)


def test_libpq_tls_modes_reach_asyncpg() -> None:
    url = parsed_url("postgres://me@host/db?sslmode=require&application_name=x")
    assert dict(url.query) == {"ssl": "require", "application_name": "x"}
    assert url.drivername == "postgresql+asyncpg"
