"""``trackstore rollups``: lists, rebuilds and verifies the precomputed sums."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.database import update_tables, with_store
from cli.errors import EXIT_FAILURE
from cli.output import complain, done, err, print_table, say, warn
from cli.setting_options import DatabaseUrl
from cli.time_options import parse_time
from server.settings.model import Settings, load_settings
from store.rollups.rebuilding import Difference
from store.rollups.service import Progress as Report
from store.rollups.service import RollupSize
from store.store import Store
from store.validation import EARLIEST

MAX_SHOWN_DIFFERENCES = 20
"""Maximum number of differences in the table."""
Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Start, a date or an instant. Default: the first record."),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="End, a date or an instant. Default: the last record."),
]

app = typer.Typer(
    help="List, rebuild and verify the precomputed sums by hour and day.", no_args_is_help=True
)


@app.command("list")
def list_rollups(database_url: DatabaseUrl = None) -> None:
    """List the rollups, their dimensions, and since when they are used."""
    settings = _settings(database_url)
    sizes, valid_from = with_store(settings, _sizes_and_start)
    rows = [
        (
            rollup_size.rollup.name,
            ", ".join(rollup_size.rollup.dimensions),
            f"{rollup_size.rows:,}",
            valid_from_text(valid_from),
        )
        for rollup_size in sizes
    ]
    print_table(("rollup", "dimensions", "rows", "valid since"), rows)
    if valid_from is None:
        say("rollups are not used yet: a server with TRACKSTORE_ROLLUPS=true fills them")


@app.command()
def rebuild(since: Since = None, until: Until = None, database_url: DatabaseUrl = None) -> None:
    """Rebuild the rollups from the records, hour by hour. Servers may write at the same time."""
    settings = _settings(database_url)
    first, last = parse_time("--since", since), parse_time("--until", until)
    with progress("rebuilding") as report:
        hours = with_store(settings, lambda store: store.rollups.rebuild(first, last, report))
    done(f"rebuilt {hours:,} hours")


@app.command()
def verify(since: Since = None, until: Until = None, database_url: DatabaseUrl = None) -> None:
    """Compare the rollups with the records, day by day; 1 if they differ. Changes nothing."""
    settings = _settings(database_url)
    first, last = parse_time("--since", since), parse_time("--until", until)

    async def work(store: Store) -> tuple[datetime | None, list[Difference]]:
        valid_from = await store.rollups.valid_from()
        with progress("verifying") as report:
            return valid_from, [
                rollup_size async for rollup_size in store.rollups.verify(first, last, report)
            ]

    valid_from, differences = with_store(settings, work)
    if valid_from is None:
        warn("rollups are not used yet: there is nothing to verify")
        return
    if not differences:
        done(f"all rollups match the records since {valid_from_text(valid_from)}")
        return
    rows = [
        (
            rollup_size.rollup,
            f"{rollup_size.day:%Y-%m-%d} by {rollup_size.resolution}",
            ", ".join(str(part) for part in rollup_size.key),
            f"{rollup_size.column}: {rollup_size.rolled_up}, recorded {rollup_size.recorded}",
        )
        for rollup_size in differences[:MAX_SHOWN_DIFFERENCES]
    ]
    print_table(("rollup", "day", "key", "difference"), rows)
    complain(
        f"{len(differences):,} sums differ from the records. Run `trackstore rollups rebuild`."
    )
    raise typer.Exit(EXIT_FAILURE)


async def _sizes_and_start(store: Store) -> tuple[list[RollupSize], datetime | None]:
    return await store.rollups.sizes(), await store.rollups.valid_from()


@contextmanager
def progress(label: str) -> Iterator[Report]:
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda now, total: bar.update(task, completed=now, total=total)


def valid_from_text(valid_from: datetime | None) -> str:
    if valid_from is None:
        return "not yet"
    return "the beginning" if valid_from <= EARLIEST else f"{valid_from:%Y-%m-%d %H:%M} UTC"


def _settings(database_url: str | None) -> Settings:
    settings = load_settings(database_url=database_url)
    update_tables(settings)
    return settings
