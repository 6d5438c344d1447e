"""Guarded writes of SQLite: all statements of a transaction by one call of its thread."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from models.feeds import FEED_POSITION
from store.dialects.attempts import TransactionAttempt
from store.dialects.connections import Connections
from store.dialects.errors import name_statement
from store.dialects.guarded_writes import (
    Absence,
    ChildRows,
    GuardedChange,
    GuardedPlan,
    GuardedWriter,
    converters_of,
)
from store.dialects.insert_plans import Convert, encode_json
from store.dialects.sqlite.feeds import SqliteFeedPositions
from store.dialects.sqlite.rows import DUPLICATE_ERRORS, converter, insert_sql

Converters = Sequence[Convert | None]


class SqliteGuardedWriter(GuardedWriter):
    def __init__(self, connections: Connections, positions: SqliteFeedPositions) -> None:
        self._connections = connections
        self._positions = positions
        self._programs: dict[GuardedPlan, WriteProgram] = {}

    async def write(
        self,
        plan: GuardedPlan,
        changes: Sequence[GuardedChange],
        attempt: TransactionAttempt,
        seconds: float,
    ) -> bool:
        del seconds  # nobody can interrupt the disk
        program = self._programs.get(plan)
        if program is None:
            program = self._programs[plan] = WriteProgram.of(plan)
        async with self._connections.write_engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            try:
                if not await driver._execute(program.run, driver._conn, changes, self._positions):
                    await driver.rollback()
                    return False
                attempt.send_commit()
                await driver.commit()
            except BaseException as error:
                await asyncio.shield(driver.rollback())
                if getattr(error, "sqlite_errorname", "") in DUPLICATE_ERRORS:
                    return False
                name_statement(error, f"guarded write of {plan.table.name}")
                raise
        return True


@dataclass(frozen=True, slots=True)
class WriteProgram:
    text: str
    order: Sequence[int]
    """Positions of the plan's values in the order of the statement."""
    converters: Converters
    absences: Sequence[Converters]
    children: Sequence["ChildProgram"]

    @classmethod
    def of(cls, plan: GuardedPlan) -> "WriteProgram":
        table, guards = plan.table.name, len(plan.key) + len(plan.expected)
        order = range(len(plan.names))
        conditions = [_absence(absence) for absence in plan.absences]
        if plan.expected:
            matches = [f'"{name}" = ?' for name in plan.key]
            matches += [f'"{name}" IS ?' for name in plan.expected]
            values = ", ".join(f'"{name}" = ?' for name in plan.changed)
            where = " AND ".join([*matches, *conditions])
            text = f'UPDATE "{table}" SET {values} WHERE {where}'  # noqa: S608  # our own names
        else:
            marks = ", ".join("?" * len(plan.names))
            where = " AND ".join(conditions) or "true"
            text = (
                f'INSERT INTO "{table}" ({_list(plan.names)}) SELECT {marks} '  # our own names
                f"WHERE {where} ON CONFLICT DO NOTHING"
            )
        return cls(
            text,
            [*order[guards:], *order[:guards]] if plan.expected else order,
            converters_of(plan.table, plan.names, converter),
            [_converters(absence) for absence in plan.absences],
            [ChildProgram.of(child) for child in plan.children],
        )

    def run(
        self,
        connection: sqlite3.Connection,
        changes: Sequence[GuardedChange],
        positions: SqliteFeedPositions,
    ) -> bool:
        """Run everything but the commit; return False where a guard fails."""
        connection.execute("BEGIN IMMEDIATE")
        for change in changes:
            if connection.execute(self.text, self._arguments(change)).rowcount < 1:
                return False
            for child, rows in zip(self.children, change.children, strict=True):
                if rows:
                    child.write(connection, rows, positions)
        return True

    def _arguments(self, change: GuardedChange) -> list[Any]:
        values = converted(change.values, self.converters)
        arguments = [values[position] for position in self.order]
        for converters, row in zip(self.absences, change.absences, strict=True):
            arguments += converted(row, converters)
        return arguments


@dataclass(frozen=True, slots=True)
class ChildProgram:
    table: Table
    text: str
    converters: Converters
    has_position: bool

    @classmethod
    def of(cls, child: ChildRows) -> "ChildProgram":
        has_position = FEED_POSITION in child.table.c
        names = (*child.names, FEED_POSITION) if has_position else child.names
        text = insert_sql(child.table, names)
        if child.replaces:
            key = [column.name for column in child.table.primary_key.columns]
            changed = ", ".join(f'"{n}" = excluded."{n}"' for n in names if n not in key)
            text += f" ON CONFLICT ({_list(key)}) DO UPDATE SET {changed}"
        converters = converters_of(child.table, child.names, converter)
        return cls(child.table, text, converters, has_position)

    def write(
        self,
        connection: sqlite3.Connection,
        rows: Sequence[Sequence[Any]],
        positions: SqliteFeedPositions,
    ) -> None:
        records = [converted(row, self.converters) for row in rows]
        if self.has_position:
            position = positions.position_in(connection, self.table)
            for record in records:
                record.append(position)
        connection.executemany(self.text, records)


def _absence(absence: Absence) -> str:
    conditions = [f'"{name}" = ?' for name in absence.equal]
    if absence.unlike is not None:
        conditions.append(f'"{absence.unlike}" <> ?')
    if absence.among is not None:
        members = "IN (SELECT value FROM json_each(?))"
        conditions.append(f'"{absence.among}" {members}')
    return f'NOT EXISTS (SELECT 1 FROM "{absence.table.name}" WHERE {" AND ".join(conditions)})'  # noqa: S608  # our own names


def _converters(absence: Absence) -> Converters:
    """Return what converts the values of a condition; those of ``among`` become a JSON array."""
    *others, last = converters_of(absence.table, absence.names, converter)
    if absence.among is None:
        return [*others, last]
    return [*others, lambda values: encode_json(values if last is None else [*map(last, values)])]


def converted(values: Sequence[Any], converters: Converters) -> list[Any]:
    return [
        value if convert is None or value is None else convert(value)
        for value, convert in zip(values, converters, strict=True)
    ]


def _list(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
