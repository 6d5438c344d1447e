"""``trackstore doctor``: look at everything that can be wrong, and say what mends it."""

from collections.abc import Iterator

import typer
from rich.text import Text

from cli.database_findings import examine_access, examine_database
from cli.failures import REFUSED
from cli.findings import (
    Finding,
    State,
    database_is_missing,
    examine_file,
    examine_settings,
)
from cli.options import DatabaseUrl
from cli.output import print_table
from server.settings.errors import SettingsError
from server.settings.model import Settings, load_settings

STYLES = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red", State.SKIP: "dim"}


def doctor(database_url: DatabaseUrl = None) -> None:
    """Check settings, database, tables, clock, keys and disk. Changes nothing; 1 if one fails."""
    findings = list(examine(database_url))
    rows = [
        (
            Text(finding.state.value, STYLES[finding.state]),
            finding.name,
            finding.found,
            finding.fix if finding.state in (State.WARN, State.FAIL) else "",
        )
        for finding in findings
    ]
    print_table(("", "what", "found", "to do"), rows)
    if any(finding.state is State.FAIL for finding in findings):
        raise typer.Exit(REFUSED)


def examine(database_url: str | None) -> Iterator[Finding]:
    """Everything, in the order in which it should be fixed."""
    try:
        settings = load_settings(database_url=database_url)
    except SettingsError as error:
        for problem in error.problems:
            found, _, fix = problem.partition(". ")
            yield Finding("settings", State.FAIL, found, fix)
        return
    yield Finding(
        "settings", State.OK, f"all are valid; the database is {settings.database.display_url}"
    )
    yield from examine_settings()
    yield from _examine_workers(settings)
    if database_is_missing(settings):
        found = f"{settings.database.file} is not there yet: `trackstore serve` makes it"
        yield Finding("database", State.SKIP, found)
        yield examine_access(settings, any_active_key=False)
    else:
        yield from examine_database(settings)
    if settings.database.file is not None:
        yield from examine_file(settings.database.file)


def _examine_workers(settings: Settings) -> Iterator[Finding]:
    if settings.listen.workers > 1 and settings.database.file is not None:
        yield Finding(
            "workers",
            State.FAIL,
            f"{settings.listen.workers} of them cannot share a SQLite file",
            "set TRACKSTORE_WORKERS=1, or use PostgreSQL",
        )
