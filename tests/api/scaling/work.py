"""Counts the work that a call does: statements, rows sent and read, and steps of our own code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import event

from tests.support.api import Api

ROOT = Path(__file__).parents[3]
PACKAGES = tuple(
    str(ROOT / name)
    for name in ("models", "store", "schema", "resolvers", "subscriptions", "server")
)


@dataclass(slots=True)
class Work:
    """What was counted."""

    statements: int = 0
    rows_sent: int = 0
    rows_read: int = 0
    steps: int = 0


@contextmanager
def counted(api: Api) -> Iterator[Work]:
    """Count the work of the server, which runs in this thread, while the block runs.

    A step is a line of our own packages. The steps of C code and of the database are not seen.
    """
    work = Work()
    last: list[Any] = [None]

    def note(*arguments: Any) -> None:
        _, cursor, _, parameters, context, executes_many = arguments
        # Where both engines share their connections, each statement is heard of twice.
        if context is not last[0]:
            work.statements += 1
            work.rows_sent += len(parameters) if executes_many else 1
            work.rows_read += len(getattr(cursor, "_rows", ()))
        last[0] = context

    def step(frame: FrameType, kind: str, value: Any) -> Any:
        del frame, value
        work.steps += kind == "line"
        return step

    def enter(frame: FrameType, kind: str, value: Any) -> Any:
        del kind, value
        return step if frame.f_code.co_filename.startswith(PACKAGES) else None

    dialect = api.server.store.database.dialect
    engines = [
        dialect.connections.read_engine.sync_engine,
        dialect.connections.write_engine.sync_engine,
    ]
    for engine in engines:
        event.listen(engine, "after_cursor_execute", note)
    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield work
    finally:
        sys.settrace(before)
        for engine in engines:
            event.remove(engine, "after_cursor_execute", note)
