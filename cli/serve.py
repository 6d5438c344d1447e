"""``trackstore serve``: checks the configuration and starts the server."""

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.banner import StartedServer, print_banner
from cli.database import update_tables, with_store
from cli.errors import EXIT_FAILURE, CommandError
from cli.listening_socket import listen
from cli.output import say, warn
from cli.server_runner import run
from cli.setting_options import DatabaseUrl, export_settings, setting_option
from server.access.key_requirement import Access, decide_access, is_loopback
from server.graphql.persisted_documents import TrustedDocuments
from server.observability.logs import configure_logging, is_console
from server.process.database_lock import DatabaseInUseError, lock_database, unlock_database
from server.settings.model import Settings, load_settings
from server.settings.table import misspelt_settings

log = logging.getLogger("trackstore.server")


def serve(
    host: Annotated[str | None, setting_option("host")] = None,
    port: Annotated[int | None, setting_option("port", "--port", "-p")] = None,
    workers: Annotated[int | None, setting_option("workers", "--workers", "-w")] = None,
    database_url: DatabaseUrl = None,
    access: Annotated[Access | None, setting_option("access")] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None, setting_option("log_level")
    ] = None,
    log_format: Annotated[
        Literal["auto", "console", "json"] | None, setting_option("log_format")
    ] = None,
) -> None:
    """Start the server. By default it listens on 127.0.0.1:8000 and uses a SQLite file."""
    options = {
        "host": host,
        "port": port,
        "workers": workers,
        "database_url": database_url,
        "access": access,
        "log_level": log_level,
        "log_format": log_format,
    }
    settings = load_settings(**options)
    configure_logging(settings.logging.level, settings.logging.format)
    is_interactive = is_console(settings.logging.format, sys.stderr)
    for unknown_name, similar_name in misspelt_settings().items():
        tell = warn if is_interactive else log.warning
        tell(f"{unknown_name} is not a setting. Did you mean {similar_name}?")
    check_workers(settings)
    # What no key could fix comes before the database is touched.
    if settings.access.policy is Access.OPEN and not is_loopback(settings.listen.host):
        decide_access(settings.access.policy, settings.listen.host, any_active_key=True)
    if settings.api.trusted_documents:
        TrustedDocuments.read(Path(settings.api.trusted_documents))
    with (
        contextlib.closing(listen(settings.listen.host, settings.listen.port)) as listener,
        exclusive_database(settings),
    ):
        update_tables(settings, say if is_interactive else log.info)
        any_key = with_store(settings, lambda store: store.keys.any_active())
        started_server = StartedServer(
            settings,
            int(listener.getsockname()[1]),
            decide_access(settings.access.policy, settings.listen.host, any_key),
        )
        export_settings(**options)
        if not run(settings, listener, lambda: announce(started_server, is_interactive)):
            raise typer.Exit(EXIT_FAILURE)


@contextlib.contextmanager
def exclusive_database(settings: Settings) -> Iterator[None]:
    """Lock the SQLite file; raise ``CommandError`` if another server uses it."""
    try:
        lock_database(settings.database.file)
    except DatabaseInUseError as error:
        raise CommandError(str(error)) from None
    try:
        yield
    finally:
        unlock_database(settings.database.file)


def check_workers(settings: Settings) -> None:
    """Refuse several workers on SQLite: it has one writer, and live feeds are per process."""
    if settings.listen.workers > 1 and settings.database.file is not None:
        raise CommandError(
            f"{settings.listen.workers} workers cannot share a SQLite file, which has one writer. "
            "Use --workers 1, or PostgreSQL with --database-url postgresql://USER@HOST/NAME."
        )


def announce(started_server: StartedServer, is_interactive: bool) -> None:
    if is_interactive:
        print_banner(started_server)
        return
    fields = {
        "url": started_server.url,
        "database": started_server.settings.database.display_url,
        "access": started_server.access.value,
        "workers": started_server.settings.listen.workers,
    }
    log.info("serving", extra=fields)
