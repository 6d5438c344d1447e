"""The migrated tables are those of the models, partitioned on PostgreSQL as they declare it."""

from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from migrations.comparison import partition_clause
from migrations.connections import with_connection
from migrations.revision import NEWEST, REVISIONS, VERSIONS
from migrations.runner import check, downgrade, upgrade
from models import Base
from models.feeds import FEED_POSITION
from models.partitions import INFO_KEY
from tests.support.databases import Databases
from tests.unit.migrations.stub_migrations import POSTGRESQL_ONLY, execute

INDEXES = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes"
    " WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
}
PARTITION_KEYS = {
    "operation_texts": "RANGE (occurred_at)",
    "operations": "RANGE (occurred_at)",
    "request_events": "RANGE (request_id)",
    "request_stages": "RANGE (request_id)",
    "requests": "RANGE (id)",
    "stage_attempts": "RANGE (request_id)",
}
ATTACH = "ALTER TABLE {0} ATTACH PARTITION {0}_p202611 FOR VALUES FROM ('{1}') TO ('{2}')"
REST_OF_ID = "-0000-0000-0000-000000000000"
CHILDREN = {
    "sqlite": ["CREATE TABLE operations_p202611 (id INTEGER)"],
    "postgresql": [
        "CREATE TABLE operations_p202611 (LIKE operations INCLUDING ALL)",
        ATTACH.format("operations", "2026-11-01Z", "2026-12-01Z"),
        "CREATE TABLE requests_p202611 (LIKE requests INCLUDING ALL)",
        ATTACH.format("requests", f"019a3c9e{REST_OF_ID}", f"019ad6a6{REST_OF_ID}"),
    ],
}


def default_of(column: Any) -> Any:
    """What a column holds where nothing is said; places in feeds are PostgreSQL's own to give."""
    return None if column["name"] == FEED_POSITION else column["default"]


def shape(connection: Connection) -> dict[str, Any]:
    """Everything a database says of our tables, apart from the order of columns."""
    seen = inspect(connection)
    said: dict[str, Any] = {
        table: (
            {
                column["name"]: (str(column["type"]), column["nullable"], default_of(column))
                for column in seen.get_columns(table)
            },
            seen.get_pk_constraint(table)["name"],
            seen.get_pk_constraint(table)["constrained_columns"],
            sorted(
                (str(unique["name"]), unique["column_names"])
                for unique in seen.get_unique_constraints(table)
            ),
        )
        for table in Base.metadata.tables
    }
    said["indexes"] = sorted(connection.scalars(text(INDEXES[connection.dialect.name])))
    return said


def create_all(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    connection.commit()


def test_the_tables_are_those_of_the_models(databases: Databases) -> None:
    with databases.migrated() as migrated, databases.empty() as declared:
        with_connection(declared, create_all, create=True)
        assert with_connection(migrated, shape) == with_connection(declared, shape)


@POSTGRESQL_ONLY
def test_parents_are_partitioned_as_the_models_declare(database_url: str) -> None:
    rows = execute(
        database_url,
        "SELECT relname, pg_get_partkeydef(oid) FROM pg_class WHERE relkind = 'p' ORDER BY relname",
    )
    assert rows == sorted(PARTITION_KEYS.items())
    assert {
        name: partition_clause(table.info[INFO_KEY])
        for name, table in Base.metadata.tables.items()
        if INFO_KEY in table.info
    } == PARTITION_KEYS


def test_monthly_partitions_are_nobody_elses_business(
    migrated_database_url: str, dialect: str
) -> None:
    execute(migrated_database_url, *CHILDREN[dialect])
    assert check(migrated_database_url) == []
    downgrade(migrated_database_url, "base")
    upgrade(migrated_database_url)
    assert check(migrated_database_url) == []


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("CREATE TABLE strange (id INTEGER)", "table strange is unknown"),
        ("DROP TABLE prices", "table prices is missing"),
        ("ALTER TABLE requests ADD COLUMN strange TEXT", "column requests.strange is unknown"),
        ("ALTER TABLE requests DROP COLUMN title", "column requests.title is missing"),
        ("DROP INDEX ix_limits_id", "ix_limits_id on limits is missing"),
        ("CREATE INDEX strange ON limits (mode)", "strange on limits is unknown"),
    ],
)
def test_a_difference_is_said_in_a_sentence(
    database_url: str, change: str, difference: str
) -> None:
    execute(database_url, change)
    assert check(database_url) == [difference]


def test_a_changed_column_key_or_partition_is_said(database_url: str, dialect: str) -> None:
    execute(
        database_url,
        "DROP TABLE operation_texts",
        "DROP TABLE prices",
        "CREATE TABLE operation_texts (organization_id TEXT PRIMARY KEY)",
        "CREATE TABLE prices (organization_id TEXT, kind TEXT NOT NULL, PRIMARY KEY (kind))",
    )
    said = check(database_url)
    assert "the key of prices is ['kind'], not " in "\n".join(said)
    assert "column prices.organization_id: nullable is True, not False" in said
    partition = "operation_texts is partitioned by None, not RANGE (occurred_at)"
    assert (partition in said) == (dialect == "postgresql")


def test_the_names_of_files_tell_the_revisions() -> None:
    scripts = ScriptDirectory(str(VERSIONS.parent))
    newest_first = [script.revision for script in scripts.walk_revisions()]
    assert list(REVISIONS) == newest_first[::-1]
    assert scripts.get_current_head() == NEWEST
