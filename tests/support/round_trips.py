"""Counts how often a server waits for its database: messages to PostgreSQL, calls of SQLite's thread."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import aiosqlite
from sqlalchemy import event

from tests.support.api import Api

ROUND_TRIPS = frozenset({"bind_execute", "bind_execute_many", "query", "copy_in"})
"""What a connection of asyncpg sends and waits for; a statement is prepared once."""


@dataclass(slots=True)
class RoundTrips:
    count: int = 0


class CountingProtocol:
    """The protocol of one connection of asyncpg."""

    def __init__(self, protocol: Any, trips: RoundTrips) -> None:
        self._protocol = protocol
        self._trips = trips

    def __getattr__(self, name: str) -> Any:
        self._trips.count += name in ROUND_TRIPS
        return getattr(self._protocol, name)


def restore(replaced: Iterable[tuple[Any, Any]]) -> None:
    for driver, protocol in replaced:
        driver._protocol = protocol


@contextmanager
def round_trips_of(api: Api) -> Iterator[RoundTrips]:
    """Count while the block runs; work in the background counts as well."""
    trips = RoundTrips()
    with ExitStack() as stack:
        if api.server.store.database.dialect.name == "sqlite":
            execute: Any = aiosqlite.Connection._execute

            async def counted(self: Any, *arguments: Any, **options: Any) -> Any:
                trips.count += 1
                return await execute(self, *arguments, **options)

            stack.enter_context(patch.object(aiosqlite.Connection, "_execute", counted))
        else:
            engine = api.server.store.database.dialect.connections.write_engine.sync_engine
            replaced: list[tuple[Any, Any]] = []

            def lend(connection: Any, *_: Any) -> None:
                driver = connection.driver_connection
                if not isinstance(driver._protocol, CountingProtocol):
                    replaced.append((driver, driver._protocol))
                    driver._protocol = CountingProtocol(driver._protocol, trips)

            event.listen(engine, "checkout", lend)
            stack.callback(event.remove, engine, "checkout", lend)
            stack.callback(restore, replaced)
        yield trips
