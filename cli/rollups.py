"""``trackstore rollups``: what is summed up, rebuilt, and held against the records."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.database import bring_up_to_date, with_store
from cli.failures import REFUSED
from cli.options import DatabaseUrl
from cli.output import complain, done, err, print_table, say, warn
from server.settings.model import Settings, load_settings
from store.rollups.rebuilding import Difference
from store.rollups.service import Progress as Report
from store.rollups.service import RollupSize
from store.store import Store
from store.validation import EARLIEST

MOST_SHOWN = 20
"""Differences that are shown one by one."""
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="From this date or instant on; from the first.")
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Up to this date or instant; to the last.")
]

app = typer.Typer(
    help="Sums by hour and day: list them, rebuild them, verify them.", no_args_is_help=True
)


@app.command("list")
def list_rollups(database_url: DatabaseUrl = None) -> None:
    """Show every rollup, what it is grouped by, and since when it may be read."""
    settings = _settings(database_url)
    held, valid_from = with_store(settings, _look)
    rows = [
        (one.rollup.name, ", ".join(one.rollup.dimensions), f"{one.rows:,}", shown(valid_from))
        for one in held
    ]
    print_table(("rollup", "dimensions", "rows", "right since"), rows)
    if valid_from is None:
        say("no rollup is read: a server with TRACKSTORE_ROLLUPS=true sums up what is recorded")


@app.command()
def rebuild(since: Since = None, until: Until = None, database_url: DatabaseUrl = None) -> None:
    """Rebuild them from the records, hour by hour, also while servers write."""
    settings = _settings(database_url)
    first, last = _time("--since", since), _time("--until", until)
    with progress("summing up") as report:
        hours = with_store(settings, lambda store: store.rollups.rebuild(first, last, report))
    done(f"{hours:,} hours were rebuilt")


@app.command()
def verify(since: Since = None, until: Until = None, database_url: DatabaseUrl = None) -> None:
    """Hold them against the records, day by day; 1 where one differs. Changes nothing."""
    settings = _settings(database_url)
    first, last = _time("--since", since), _time("--until", until)

    async def work(store: Store) -> tuple[datetime | None, list[Difference]]:
        valid_from = await store.rollups.valid_from()
        with progress("verifying") as report:
            return valid_from, [one async for one in store.rollups.verify(first, last, report)]

    valid_from, found = with_store(settings, work)
    if valid_from is None:
        warn("no rollup is read yet: there is nothing to verify")
        return
    if not found:
        done(f"every rollup says what the records say, since {shown(valid_from)}")
        return
    rows = [
        (
            one.rollup,
            f"{one.day:%Y-%m-%d} by {one.resolution}",
            ", ".join(str(part) for part in one.key),
            f"{one.column}: {one.rolled_up}, recorded {one.recorded}",
        )
        for one in found[:MOST_SHOWN]
    ]
    print_table(("rollup", "day", "key", "difference"), rows)
    complain(f"{len(found):,} sums differ from the records: run `trackstore rollups rebuild`")
    raise typer.Exit(REFUSED)


async def _look(store: Store) -> tuple[list[RollupSize], datetime | None]:
    return await store.rollups.sizes(), await store.rollups.valid_from()


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """A bar on standard error where somebody looks at it."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda now, total: bar.update(task, completed=now, total=total)


def shown(valid_from: datetime | None) -> str:
    """Since when, as people read it."""
    if valid_from is None:
        return "not yet"
    return "the beginning" if valid_from <= EARLIEST else f"{valid_from:%Y-%m-%d %H:%M} UTC"


def _time(option: str, text: str | None) -> datetime | None:
    """A date means its beginning in UTC; an instant without a zone is UTC, too."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a time: write 2026-11-20 or 2026-11-20T18:00Z", param_hint=option
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _settings(database_url: str | None) -> Settings:
    settings = load_settings(database_url=database_url)
    bring_up_to_date(settings)
    return settings
