"""The way of commands to the database: its tables brought up to date, its store opened and closed."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TypeVar

from cli.failures import CommandError
from cli.output import say
from migrations.locking import Report
from migrations.revision import is_up_to_date, serves_newer_tables
from models.enums import AccessScope
from server.settings.model import Settings
from store.auth.access import Principal, TenantBounds
from store.store import Store

Result = TypeVar("Result")

OPERATOR = Principal("command line", frozenset(AccessScope), TenantBounds(), None)
"""Whoever may run commands has the database's password or file, and so may do everything."""


def address(settings: Settings) -> str:
    """The database's address with its password, for those who connect."""
    return settings.database.url_with_driver


def bring_up_to_date(settings: Settings, report: Report = say) -> None:
    """Run pending migrations where the settings allow it; raises ``CommandError`` where they do not."""
    url = address(settings)
    if is_up_to_date(url):
        return
    if serves_newer_tables(url):
        report("the tables are newer than this version, which may serve them: replace it soon")
        return
    runner = import_module("migrations.runner")  # with Alembic, which is long to load
    waiting = runner.pending(url)
    if not waiting:
        return
    if not settings.database.migrates_on_start:
        count = f"{len(waiting)} migrations are" if len(waiting) > 1 else "a migration is"
        raise CommandError(
            f"{count} still to be run on {settings.database.display_url} ({'; '.join(waiting)}): "
            "run `trackstore migrate`"
        )
    runner.upgrade(url, report=report)


def with_store(settings: Settings, work: Callable[[Store], Awaitable[Result]]) -> Result:
    """What ``work`` gives for the store, which is closed afterwards."""

    async def run() -> Result:
        store = Store(settings.store_config())
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())
