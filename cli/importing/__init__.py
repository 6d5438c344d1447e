"""``trackstore import``: files of other programs, sent to a running server as operations."""

import typer

from cli.importing.access_log import FIELDS_OF_LINE, read_access_log
from cli.importing.columns import ColumnMapping, constants, read_maps, read_sets
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
    parse_character,
    parse_encoding,
    parse_time_format,
    parse_zone,
)
from cli.importing.record_ids import RecordIds
from cli.importing.runner import mapping_errors_reported, run_import
from cli.importing.table import TableForm, TableOptions, read_table
from cli.importing.times import time_reader
from cli.remote import DEFAULT_SERVER, ServerKey, ServerUrl

IDEMPOTENT = (
    "Importing the same lines again adds only new ones, whether the file has grown, was rotated, "
    "merged with others or reversed."
)
EXIT_CODES = (
    "Exit codes: 0 success, 1 the server or a file failed (with --strict also: a bad line), "
    "2 invalid command line, 130 Ctrl-C."
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

    Importing the same lines again adds only new ones, whether the file has grown, was rotated,
    merged with others or reversed. Name the logs of several servers with --source.
    """
    check_files(files)
    mappings = _mappings(sets, organization)
    forbidden = [mapping.field for mapping in mappings if mapping.field in FIELDS_OF_LINE]
    if forbidden:
        raise typer.BadParameter(
            f"{', '.join(forbidden)}: set by the line itself", param_hint="--set"
        )
    with mapping_errors_reported():
        shared = constants(mappings, time_reader(None, None))
    options = ImportOptions(files, server, key, source, batch, in_flight, dry_run, strict, quiet)
    run_import(options, lambda opened: read_access_log(opened, RecordIds(source), shared))


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

    Importing the same rows again adds only new ones, whether the file has grown, was merged
    with others or reversed. Name files of several sources with --source.
    """
    check_files(files)
    form = TableForm(
        delimiter=parse_character(delimiter, "--delimiter"),
        quote=parse_character(quote, "--quote"),
        encoding=parse_encoding(encoding),
        columns=[name.strip() for name in columns.split(",")] if columns else (),
    )
    table_options = TableOptions(
        maps=read_maps(maps or ()),
        sets=_mappings(sets, organization),
        read_time=time_reader(parse_zone(zone), parse_time_format(time_format)),
    )
    options = ImportOptions(files, server, key, source, batch, in_flight, dry_run, strict, quiet)
    run_import(options, lambda opened: read_table(opened, form, RecordIds(source), table_options))


def _mappings(sets: list[str] | None, organization: str | None) -> list[ColumnMapping]:
    mappings = read_sets(sets or ())
    if organization is not None:
        mappings.append(ColumnMapping("labels.organizationId", organization))
    return mappings
