"""``trackstore import``: files of other programs, sent to a running server as operations."""

import typer

from cli.importing.access_log import SET_BY_THE_LINE, read_access_log
from cli.importing.columns import ColumnMapping, constants, read_maps, read_sets
from cli.importing.identity import RecordIds
from cli.importing.options import (
    DEFAULT_BATCH,
    BatchItems,
    ColumnNames,
    Delimiter,
    DryRun,
    Encoding,
    Files,
    ImportOptions,
    InFlight,
    Maps,
    OrganizationName,
    Quiet,
    Quote,
    Sets,
    SourceName,
    Strict,
    TimeFormat,
    ZoneName,
    check_files,
    find_character,
    find_encoding,
    find_time_format,
    find_zone,
)
from cli.importing.running import mistakes_told, run_import
from cli.importing.table import TableForm, TableOptions, read_table
from cli.importing.times import time_reader
from cli.remote import DEFAULT_SERVER, ServerKey, ServerUrl

IDEMPOTENT = (
    "Importing the same lines again adds only what is new, whether the file has grown, was rotated, "
    "joined with others or turned round."
)
EXIT_CODES = (
    "Exit codes: 0 done, 1 the server or a file failed (with --strict also: a bad line), "
    "2 the command line is wrong, 130 Ctrl-C."
)

app = typer.Typer(
    help=f"Import files of other programs as operations. {IDEMPOTENT}", no_args_is_help=True
)


@app.command("access-log", epilog=EXIT_CODES)
def access_log(
    files: Files,
    server: ServerUrl = DEFAULT_SERVER,
    key: ServerKey = None,
    sets: Sets = None,
    organization: OrganizationName = None,
    source: SourceName = None,
    batch: BatchItems = DEFAULT_BATCH,
    in_flight: InFlight = 4,
    dry_run: DryRun = False,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Import access logs of Apache and nginx, common or combined format, as API operations.

    Importing the same lines again adds only what is new, whether the file has grown, was rotated,
    joined with others or turned round. Name the logs of several servers by --source.
    """
    check_files(files)
    wishes = _wishes(sets, organization)
    taken = [wish.field for wish in wishes if wish.field in SET_BY_THE_LINE]
    if taken:
        raise typer.BadParameter(f"{', '.join(taken)}: the line says it", param_hint="--set")
    with mistakes_told():
        fixed = constants(wishes, time_reader(None, None))
    options = ImportOptions(files, server, key, source, batch, in_flight, dry_run, strict, quiet)
    run_import(options, lambda opened: read_access_log(opened, RecordIds(source), fixed))


@app.command("csv", epilog=EXIT_CODES)
def csv_table(
    files: Files,
    maps: Maps = None,
    sets: Sets = None,
    organization: OrganizationName = None,
    zone: ZoneName = None,
    time_format: TimeFormat = None,
    columns: ColumnNames = None,
    delimiter: Delimiter = ",",
    quote: Quote = '"',
    encoding: Encoding = "utf-8",
    server: ServerUrl = DEFAULT_SERVER,
    key: ServerKey = None,
    source: SourceName = None,
    batch: BatchItems = DEFAULT_BATCH,
    in_flight: InFlight = 4,
    dry_run: DryRun = False,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Import tables of finished calls of any kind: one operation per row.

    Importing the same rows again adds only what is new, whether the file has grown, was joined
    with others or turned round. Name files of several sources by --source.
    """
    check_files(files)
    form = TableForm(
        delimiter=find_character(delimiter, "--delimiter"),
        quote=find_character(quote, "--quote"),
        encoding=find_encoding(encoding),
        columns=[name.strip() for name in columns.split(",")] if columns else (),
    )
    wish = TableOptions(
        maps=read_maps(maps or ()),
        sets=_wishes(sets, organization),
        read_time=time_reader(find_zone(zone), find_time_format(time_format)),
    )
    options = ImportOptions(files, server, key, source, batch, in_flight, dry_run, strict, quiet)
    run_import(options, lambda opened: read_table(opened, form, RecordIds(source), wish))


def _wishes(sets: list[str] | None, organization: str | None) -> list[ColumnMapping]:
    wishes = read_sets(sets or ())
    if organization is not None:
        wishes.append(ColumnMapping("labels.organizationId", organization))
    return wishes
