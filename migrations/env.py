"""What Alembic's command line runs: it finds the database and configures the comparison."""

import os
import sys
from collections.abc import Collection, Mapping
from logging.config import fileConfig
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.util import CommandError
from sqlalchemy import Connection

from migrations.comparison import OPTIONS
from migrations.compatibility import Mark
from migrations.connections import database_url, with_connection
from migrations.drafting import draft, render_item
from migrations.errors import MigrationError
from migrations.locking import migration_lock
from migrations.runner import DEFAULT_TIMEOUTS, upgrade

NEEDS_DATABASE = {"upgrade", "downgrade", "stamp", "current"}
"""Commands about one database; the others are content with a temporary one."""


def say(step: str) -> None:
    sys.stderr.write(f"{step}\n")


def say_step(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]
) -> None:
    del ctx, heads, run_args
    say(f"{'applied' if step.is_upgrade else 'undone'} {', '.join(step.up_revision_ids)}")


def named_url() -> str | None:
    return context.get_x_argument(as_dictionary=True).get("url") or os.environ.get("DATABASE_URL")


def command() -> str:
    options = context.config.cmd_opts
    return options.cmd[0].__name__ if options is not None else ""


def run(connection: Connection) -> None:
    with migration_lock(connection, DEFAULT_TIMEOUTS, say):
        context.configure(
            connection=connection,
            render_item=render_item,
            process_revision_directives=draft,
            on_version_apply=(say_step, Mark(context.script)),  # type: ignore[arg-type]  # takes several
            **OPTIONS,
        )
        with context.begin_transaction():
            context.run_migrations()


def write_sql(url: str) -> None:
    """Write the statements for the dialect of ``url`` instead of running them."""
    context.configure(
        url=database_url(url),
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        on_version_apply=Mark(context.script),
        **OPTIONS,
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    if context.config.config_file_name is not None:
        fileConfig(context.config.config_file_name, disable_existing_loggers=False)
    url = named_url()
    if url is not None:
        write_sql(url) if context.is_offline_mode() else with_connection(url, run, create=True)
        return
    if command() in NEEDS_DATABASE or context.is_offline_mode():
        raise CommandError("name the database: -x url=... or DATABASE_URL")
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder, 'newest.db')}"
        upgrade(url)
        with_connection(url, run)


try:
    main()
except MigrationError as error:
    raise CommandError(str(error)) from error
