"""Counts the SQL statements that a server sends to its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.support.api import Api

QUIET = (
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "PRAGMA",
    "SAVEPOINT",
    "RELEASE",
    "WITH RECURSIVE ORGANIZATIONS",
)
"""What frames statements and asks nothing by itself."""


@contextmanager
def statements_of(api: Api) -> Iterator[list[str]]:
    """The statements sent while the block runs, without what only frames them."""
    sent: list[str] = []
    last: list[Any] = [None]

    def note(*arguments: Any) -> None:
        _, _, text, _, context, _ = arguments
        # Where both engines share their connections, each statement is heard of twice.
        if context is not last[0] and not text.lstrip().upper().startswith(QUIET):
            sent.append(text)
        last[0] = context

    dialect = api.server.store.database.dialect
    engines = [engine.sync_engine for engine in dialect.connections.engines]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
