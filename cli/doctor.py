"""``trackstore doctor``: checks the installation and suggests fixes."""

from collections.abc import Iterator

import typer
from rich.text import Text

from cli.checks import (
    CheckState,
    Finding,
    check_file,
    check_settings,
    database_is_missing,
)
from cli.database_checks import check_access, check_database
from cli.errors import EXIT_FAILURE
from cli.output import print_table
from cli.setting_options import DatabaseUrl
from server.settings.errors import SettingsError
from server.settings.model import Settings, load_settings

STYLES = {
    CheckState.OK: "green",
    CheckState.WARN: "yellow",
    CheckState.FAIL: "bold red",
    CheckState.SKIP: "dim",
}


def doctor(database_url: DatabaseUrl = None) -> None:
    """Check settings, database, tables, clock, keys and disk. Changes nothing; 1 if one fails."""
    findings = list(check_all(database_url))
    rows = [
        (
            Text(finding.state.value, STYLES[finding.state]),
            finding.name,
            finding.detail,
            finding.fix if finding.state in (CheckState.WARN, CheckState.FAIL) else "",
        )
        for finding in findings
    ]
    print_table(("", "check", "result", "fix"), rows)
    if any(finding.state is CheckState.FAIL for finding in findings):
        raise typer.Exit(EXIT_FAILURE)


def check_all(database_url: str | None) -> Iterator[Finding]:
    try:
        settings = load_settings(database_url=database_url)
    except SettingsError as error:
        for problem in error.problems:
            detail, _, fix = problem.partition(". ")
            yield Finding("settings", CheckState.FAIL, detail, fix)
        return
    yield Finding(
        "settings", CheckState.OK, f"all are valid; the database is {settings.database.display_url}"
    )
    yield from check_settings()
    yield from _check_workers(settings)
    if database_is_missing(settings):
        detail = f"{settings.database.file} does not exist yet: `trackstore serve` creates it"
        yield Finding("database", CheckState.SKIP, detail)
        yield check_access(settings, any_active_key=False)
    else:
        yield from check_database(settings)
    if settings.database.file is not None:
        yield from check_file(settings.database.file)


def _check_workers(settings: Settings) -> Iterator[Finding]:
    if settings.listen.workers > 1 and settings.database.file is not None:
        yield Finding(
            "workers",
            CheckState.FAIL,
            f"{settings.listen.workers} workers cannot share a SQLite file",
            "set TRACKSTORE_WORKERS=1, or use PostgreSQL",
        )
