"""``trackstore migrate``: updates the tables, or lists pending migrations."""

from typing import Annotated

import typer

from cli.database import database_address
from cli.errors import EXIT_FAILURE
from cli.output import done, out, say
from cli.setting_options import DatabaseUrl
from migrations.runner import downgrade, pending, upgrade
from server.settings.model import load_settings


def migrate(
    database_url: DatabaseUrl = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="List pending migrations without running them; exit with 1 if there are any.",
        ),
    ] = False,
    to: Annotated[
        str | None, typer.Option("--to", metavar="REV", help="Stop at this revision.")
    ] = None,
    down: Annotated[
        str | None,
        typer.Option(
            "--down",
            metavar="REV",
            help="Downgrade to this revision; base drops all tables and their data.",
        ),
    ] = None,
    second_store: Annotated[
        bool,
        typer.Option(
            "--second-store",
            help="Create tables although another schema of the PostgreSQL database has them.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --down.")] = False,
) -> None:
    """Bring the database's tables up to date. Safe to run twice, and beside running servers."""
    if sum((check, to is not None, down is not None)) > 1:
        raise typer.BadParameter("--check, --to and --down cannot be combined")
    settings = load_settings(database_url=database_url)
    url = database_address(settings)
    if check:
        _check(url, settings.database.display_url)
    elif down is not None:
        if not yes:
            typer.confirm(
                f"Downgrade {settings.database.display_url} to {down}? Data of newer tables is lost",
                abort=True,
                err=True,
            )
        downgrade(url, down, report=say)
        done(f"{settings.database.display_url} is at revision {down}")
    else:
        upgrade(url, to or "head", report=say, second_store=second_store)
        done(
            f"{settings.database.display_url} is up to date" if to is None else f"at revision {to}"
        )


def _check(url: str, database: str) -> None:
    pending_revisions = pending(url)
    if not pending_revisions:
        done(f"{database} is up to date")
        return
    for revision in pending_revisions:
        out.print(revision, markup=False)
    say(f"{len(pending_revisions)} pending on {database}. Run `trackstore migrate`.")
    raise typer.Exit(EXIT_FAILURE)
