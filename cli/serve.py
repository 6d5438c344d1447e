"""``trackstore serve``: check that the server may start, start it, and say where it is."""

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.banner import Running, print_banner
from cli.database import bring_up_to_date, with_store
from cli.failures import REFUSED, CommandError
from cli.listening import listen
from cli.options import DatabaseUrl, export, setting_option
from cli.output import say, warn
from cli.serving import run
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
    """Start the server. Without any settings: on this machine, with a SQLite file, at port 8000."""
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
    for_people = is_console(settings.logging.format, sys.stderr)
    for wrong, meant in misspelt_settings().items():
        tell = warn if for_people else log.warning
        tell(f"nothing reads {wrong}: did you mean {meant}?")
    refuse_workers(settings)
    # What no key could fix comes before the database is touched.
    if settings.access.policy is Access.OPEN and not is_loopback(settings.listen.host):
        decide_access(settings.access.policy, settings.listen.host, any_active_key=True)
    if settings.api.trusted_documents:
        TrustedDocuments.read(Path(settings.api.trusted_documents))
    with (
        contextlib.closing(listen(settings.listen.host, settings.listen.port)) as taken,
        only_server_of(settings),
    ):
        bring_up_to_date(settings, say if for_people else log.info)
        any_key = with_store(settings, lambda store: store.keys.any_active())
        running = Running(
            settings,
            int(taken.getsockname()[1]),
            decide_access(settings.access.policy, settings.listen.host, any_key),
        )
        export(**options)
        if not run(settings, taken, lambda: announce(running, for_people)):
            raise typer.Exit(REFUSED)


@contextlib.contextmanager
def only_server_of(settings: Settings) -> Iterator[None]:
    """Hold the database file, where there is one; raises ``CommandError`` where another server does."""
    try:
        lock_database(settings.database.file)
    except DatabaseInUseError as error:
        raise CommandError(str(error)) from None
    try:
        yield
    finally:
        unlock_database(settings.database.file)


def refuse_workers(settings: Settings) -> None:
    """SQLite has one writer, and the live feed of one process does not see another's writes."""
    if settings.listen.workers > 1 and settings.database.file is not None:
        raise CommandError(
            f"{settings.listen.workers} workers cannot share a SQLite file, which one process writes: "
            "take --workers 1, or PostgreSQL with --database-url postgresql://USER@HOST/NAME"
        )


def announce(running: Running, for_people: bool) -> None:
    """Tell people by the banner, and programs by a line of the log."""
    if for_people:
        print_banner(running)
        return
    fields = {
        "url": running.url,
        "database": running.settings.database.display_url,
        "access": running.access.value,
        "workers": running.settings.listen.workers,
    }
    log.info("serving", extra=fields)
