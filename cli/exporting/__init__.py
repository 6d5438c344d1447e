"""``trackstore export``: rows of a running server as CSV, JSON Lines or Parquet."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from strawberry.types.base import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from cli.exporting.receiving import ExportRequest, receive
from cli.operation_filters import Since, Until, Where, operations_where
from cli.output import done
from cli.remote import DEFAULT_SERVER, ServerKey, ServerUrl, target_of
from cli.time_options import Last
from models.field_declarations import Role
from models.operation_fields import fields_with
from schema.operations import Operation
from server.exporting.formats import Format

EPILOG = (
    "Examples: trackstore export --last 7d -o week.csv; "
    "trackstore export --since 2026-11-01 -w model=opus --format jsonl | jq .costActual; "
    "trackstore export --query question.graphql -o tools.parquet. "
    "Exit codes: 0 done, 1 the server refused or the answer is incomplete, 2 the command line is "
    "invalid, 130 stopped by Ctrl-C."
)
DEFAULT_COLUMNS = ("uuid", *(field.api_name for field in fields_with(Role.EXPORT)))
"""Exported fields of operations if no columns are given."""
SUFFIXES = {".csv": Format.CSV, ".jsonl": Format.JSONL, ".ndjson": Format.JSONL,
            ".parquet": Format.PARQUET}  # fmt: skip
WITH_QUERY = "--query defines rows and columns: omit the other options"


Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
]
AsFormat = Annotated[
    Format | None,
    typer.Option("--format", "-f", help="Default: derived from the file name, else csv."),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        "-c",
        metavar="A,B,...",
        help="Fields of operations, such as occurredAt,name,attributes. Default: a selection that "
        "includes costs and tokens.",
    ),
]
Limit = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="Maximum number of operations, newest first.")
]
Query = Annotated[
    Path | None,
    typer.Option(
        "--query",
        metavar="FILE",
        help="File with a GraphQL query of one list instead, such as operationStats { rows { ... } }; "
        "- reads standard input.",
    ),
]
Variables = Annotated[str | None, typer.Option(metavar="JSON", help="Variables of the query.")]
KeepFormulas = Annotated[
    bool,
    typer.Option(
        "--keep-formulas",
        help="CSV: do not escape texts that a spreadsheet would run as a formula.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]


def export(
    output: Output = None,
    format: AsFormat = None,
    columns: Columns = None,
    since: Since = None,
    until: Until = None,
    last: Last = None,
    where: Where = None,
    limit: Limit = None,
    query: Query = None,
    variables: Variables = None,
    keep_formulas: KeepFormulas = False,
    quiet: Quiet = False,
    server: ServerUrl = DEFAULT_SERVER,
    key: ServerKey = None,
) -> None:
    """Write operations, or the rows of any query, to a file or standard output."""
    if query is not None:
        if columns or since or until or last or where or limit is not None:
            raise typer.BadParameter(WITH_QUERY, param_hint="--query")
        document, values = _text_of(query), _variables(variables)
    else:
        if variables is not None:
            raise typer.BadParameter("requires --query", param_hint="--variables")
        values = {"where": operations_where(since, until, last, where), "first": limit}
        document = _document(columns)
    file_format = format or SUFFIXES.get(output.suffix.lower() if output else "", Format.CSV)
    if output is None and file_format is Format.PARQUET and sys.stdout.isatty():
        raise typer.BadParameter(
            "Parquet cannot be written to a terminal: specify a file", param_hint="-o"
        )
    request = ExportRequest(document, values, file_format.value, keep_formulas)
    rows, size = receive(target_of(server, key), request, output, quiet)
    if not quiet and output is not None:
        row_count = f"{rows:,} rows, " if rows is not None else ""
        done(f"{output}: {row_count}{size:,} bytes")


def _document(columns: str | None) -> str:
    definition = get_object_definition(Operation, strict=True)
    field_names = [to_camel_case(field.python_name) for field in definition.fields]
    requested = [name.strip() for name in columns.split(",")] if columns else list(DEFAULT_COLUMNS)
    columns_available = [name for name in field_names if name not in ("request", "session")]
    for name in requested:
        if name not in columns_available:
            raise typer.BadParameter(
                f"operations have no column {name!r}. Available: {', '.join(columns_available)}",
                param_hint="--columns",
            )
    fields = " ".join(dict.fromkeys(requested))
    return (
        "query Export($where: OperationFilter, $first: Int) "
        f"{{ operations(where: $where, first: $first) {{ nodes {{ {fields} }} }} }}"
    )


def _text_of(query: Path) -> str:
    return sys.stdin.read() if str(query) == "-" else query.read_text(encoding="utf-8")


def _variables(text: str | None) -> dict[str, Any]:
    try:
        parsed = json.loads(text) if text is not None else {}
    except ValueError as error:
        raise typer.BadParameter(f"invalid JSON: {error}", param_hint="--variables") from None
    if not isinstance(parsed, dict):
        raise typer.BadParameter('use an object such as {"name": 1}', param_hint="--variables")
    return parsed
