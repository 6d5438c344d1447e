"""What the models and a database differ in, and what of a database is ours to compare."""

import re
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, inspect, text

from models import Base, Partition
from models.feeds import FEED_POSITION
from models.partitions import INFO_KEY

CHILD = re.compile(r".+_(p|before_)\d{6}(_\d+)?")
"""Names of partitions; servers make them as they need them, no revision does."""


def include_name(name: str | None, type_: str, parents: Any) -> bool:
    del parents
    return not (type_ == "table" and name is not None and CHILD.fullmatch(name))


def _compare_default(
    _context: Any, _inspected_column: Any, column: Column[Any], *_: Any
) -> bool | None:
    return False if column.name == FEED_POSITION else None


OPTIONS: dict[str, Any] = {
    "target_metadata": Base.metadata,
    "include_name": include_name,
    "compare_type": True,
    "compare_server_default": _compare_default,
    # Each revision is all or nothing, and an index can still be built outside of a transaction.
    "transaction_per_migration": True,
}
"""How every migration context is configured, the command line's and the runner's."""


def partition_clause(partition: Partition) -> str:
    return f"RANGE ({partition.column})"


def differences(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts=OPTIONS)
    changes = compare_metadata(context, Base.metadata)
    flat = [part for entry in changes for part in (entry if isinstance(entry, list) else [entry])]
    return [
        *(_sentence(difference) for difference in flat),
        *_key_differences(connection),
        *_partition_differences(connection),
    ]


def _sentence(difference: tuple[Any, ...]) -> str:
    match difference:
        case ("add_table", table):
            return f"table {table.name} is missing"
        case ("remove_table", table):
            return f"table {table.name} is unknown"
        case ("add_column", _, table, column):
            return f"column {table}.{column.name} is missing"
        case ("remove_column", _, table, column):
            return f"column {table}.{column.name} is unknown"
        case ("add_index" | "add_constraint", item):
            return f"{item.name} on {item.table.name} is missing"
        case ("remove_index" | "remove_constraint", item):
            return f"{item.name} on {item.table.name} is unknown"
        case (str(kind), _, table, column, _, present, expected):
            attribute = kind.removeprefix("modify_")
            return f"column {table}.{column}: {attribute} is {present!r}, not {expected!r}"
        case _:
            return repr(difference)


def _key_differences(connection: Connection) -> list[str]:
    present = inspect(connection).get_multi_pk_constraint()
    said = []
    for name, table in Base.metadata.tables.items():
        existing_key = present.get((None, name))
        expected = [column.name for column in table.primary_key.columns]
        if existing_key and existing_key["constrained_columns"] != expected:
            said.append(
                f"the key of {name} is {existing_key['constrained_columns']}, not {expected}"
            )
    return said


def _partition_differences(connection: Connection) -> list[str]:
    if connection.dialect.name != "postgresql":
        return []
    rows = connection.execute(
        text(
            "SELECT relname, pg_get_partkeydef(oid) AS clause FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace"
        )
    )
    present = {row.relname: row.clause for row in rows}
    said = []
    for name, table in Base.metadata.tables.items():
        partition = table.info.get(INFO_KEY)
        expected = partition_clause(partition) if partition else None
        if name in present and present[name] != expected:
            said.append(f"{name} is partitioned by {present[name]}, not {expected}")
    return said
