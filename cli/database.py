"""Database access of commands: migrations, and a store that is closed at the end."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TypeVar

from cli.errors import CommandError
from cli.output import say
from migrations.locking import Report
from migrations.revision import is_up_to_date, serves_newer_tables
from models.enums import AccessScope
from server.settings.model import Settings
from store.auth.access import Principal, TenantBounds
from store.store import Store

Result = TypeVar("Result")

OPERATOR = Principal("command line", frozenset(AccessScope), TenantBounds(), None)
"""Unrestricted: who can run commands has access to the database anyway."""


def database_address(settings: Settings) -> str:
    return settings.database.url_with_driver


def update_tables(settings: Settings, report: Report = say) -> None:
    """Run pending migrations if the settings allow it; otherwise raise ``CommandError``."""
    url = database_address(settings)
    if is_up_to_date(url):
        return
    if serves_newer_tables(url):
        report(
            "the tables are newer than this version, which can still serve them; upgrade it soon"
        )
        return
    runner = import_module("migrations.runner")  # with Alembic, which is long to load
    pending_revisions = runner.pending(url)
    if not pending_revisions:
        return
    if not settings.database.migrates_on_start:
        count = (
            f"{len(pending_revisions)} migrations are"
            if len(pending_revisions) > 1
            else "a migration is"
        )
        raise CommandError(
            f"{count} pending on {settings.database.display_url} ({'; '.join(pending_revisions)}). "
            "Run `trackstore migrate`."
        )
    runner.upgrade(url, report=report)


def with_store(settings: Settings, work: Callable[[Store], Awaitable[Result]]) -> Result:

    async def run() -> Result:
        store = Store(settings.store_config())
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())
