"""Guarded writes of PostgreSQL: one statement that commits by itself, or several in one round trip."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import asyncpg
from sqlalchemy import Column
from sqlalchemy.dialects import postgresql

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
from store.dialects.insert_plans import Convert
from store.dialects.postgresql.errors import POSTGRESQL_ERRORS

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # for the names of types


class PostgresqlGuardedWriter(GuardedWriter):
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._statements: dict[GuardedPlan, CompiledWrite] = {}

    async def write(
        self,
        plan: GuardedPlan,
        changes: Sequence[GuardedChange],
        attempt: TransactionAttempt,
        seconds: float,
    ) -> bool:
        statement = self._statements.get(plan)
        if statement is None:
            statement = self._statements[plan] = CompiledWrite(plan)
        arguments = [statement.arguments(change) for change in changes]
        async with self._connections.write_engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            driver.watchdog.limit_unit(seconds)
            driver.watchdog.arm()
            try:
                if len(arguments) == 1:
                    return await _write_one(driver, statement.text, arguments[0], attempt)
                return await _write_all(driver, statement.text, arguments, attempt)
            except asyncpg.UniqueViolationError:
                attempt.has_sent_commit = False
                return False
            except POSTGRESQL_ERRORS as error:
                name_statement(error, f"guarded write of {plan.table.name}")
                raise


async def _write_one(
    driver: Any, text: str, arguments: Sequence[Any], attempt: TransactionAttempt
) -> bool:
    attempt.send_commit()
    written: int = await driver.fetchval(text, *arguments)
    if not written:
        attempt.has_sent_commit = False
    return bool(written)


async def _write_all(
    driver: Any, text: str, arguments: Sequence[Sequence[Any]], attempt: TransactionAttempt
) -> bool:
    transaction = driver.transaction()
    await transaction.start()
    try:
        written = await driver.fetchmany(text, arguments)
        if not all(row[0] for row in written):
            await transaction.rollback()
            return False
        attempt.send_commit()
        await transaction.commit()
    except BaseException:
        if driver.is_in_transaction():
            with suppress(*POSTGRESQL_ERRORS):
                await transaction.rollback()
        raise
    return True


class CompiledWrite:
    """The text of a plan, and the conversion of values to its arguments."""

    def __init__(self, plan: GuardedPlan) -> None:
        self._numbers = count(1)
        self._root = converters_of(plan.table, plan.names, _no_converter)
        self._children = [converters_of(c.table, c.names, _no_converter) for c in plan.children]
        root = self._insert(plan) if not plan.expected else self._update(plan)
        parts = [f"root AS ({root})"]
        for number, child in enumerate(plan.children):
            parts.append(f"child{number} AS ({self._child(child)})")
        self.text = f"WITH {', '.join(parts)} SELECT count(*) FROM root"  # noqa: S608  # our own names

    def arguments(self, change: GuardedChange) -> list[Any]:
        arguments = [
            value if convert is None else convert(value)
            for value, convert in zip(change.values, self._root, strict=True)
        ]
        for values in change.absences:
            arguments += values
        for rows, converters in zip(change.children, self._children, strict=True):
            columns = zip(*rows, strict=True) if rows else [()] * len(converters)
            arguments += [
                values if convert is None else list(map(convert, values))
                for values, convert in zip(columns, converters, strict=True)
            ]
        return arguments

    def _mark(self, column: Column[Any], suffix: str = "") -> str:
        return f"${next(self._numbers)}::{type_name(column)}{suffix}"

    def _update(self, plan: GuardedPlan) -> str:
        table, columns = plan.table, plan.table.c
        conditions = [f"r.{_quoted(name)} = {self._mark(columns[name])}" for name in plan.key]
        conditions += [
            f"r.{_quoted(name)} IS NOT DISTINCT FROM {self._mark(columns[name])}"
            for name in plan.expected
        ]
        values = ", ".join(f"{_quoted(n)} = {self._mark(columns[n])}" for n in plan.changed)
        conditions += list(self._absences(plan.absences))
        return (
            f'UPDATE "{table.name}" r SET {values} '  # noqa: S608  # our own names
            f"WHERE {' AND '.join(conditions)} RETURNING 1"
        )

    def _insert(self, plan: GuardedPlan) -> str:
        columns = plan.table.c
        marks = ", ".join(self._mark(columns[name]) for name in plan.names)
        conditions = " AND ".join(self._absences(plan.absences)) or "true"
        return (
            f'INSERT INTO "{plan.table.name}" ({_list(plan.names)}) '  # our own names
            f"SELECT {marks} WHERE {conditions} ON CONFLICT DO NOTHING RETURNING 1"
        )

    def _absences(self, absences: Sequence[Absence]) -> Iterator[str]:
        for absence in absences:
            columns = absence.table.c
            conditions = [f"{_quoted(n)} = {self._mark(columns[n])}" for n in absence.equal]
            if absence.unlike is not None:
                mark = self._mark(columns[absence.unlike])
                conditions.append(f"{_quoted(absence.unlike)} <> {mark}")
            if absence.among is not None:
                mark = self._mark(columns[absence.among], "[]")
                conditions.append(f"{_quoted(absence.among)} = ANY({mark})")
            where = " AND ".join(conditions)
            yield f'NOT EXISTS (SELECT 1 FROM "{absence.table.name}" WHERE {where})'  # noqa: S608  # our own names

    def _child(self, child: ChildRows) -> str:
        columns, names = child.table.c, _list(child.names)
        arrays = ", ".join(self._mark(columns[name], "[]") for name in child.names)
        text = (
            f'INSERT INTO "{child.table.name}" ({names}) SELECT {names} '  # noqa: S608  # our own names
            f"FROM unnest({arrays}) AS sent({names}) WHERE EXISTS (SELECT 1 FROM root)"
        )
        if child.replaces:
            key = [column.name for column in child.table.primary_key.columns]
            changed = ", ".join(
                f"{_quoted(name)} = excluded.{_quoted(name)}"
                for name in child.names
                if name not in key
            )
            text += f" ON CONFLICT ({_list(key)}) DO UPDATE SET {changed}"
        return text


def type_name(column: Column[Any]) -> str:
    return column.type.compile(DIALECT)


def _no_converter(column: Column[Any]) -> Convert | None:
    del column  # the driver takes every type of ours but JSON, which is text
    return None


def _quoted(name: str) -> str:
    return f'"{name}"'


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(_quoted, names))
