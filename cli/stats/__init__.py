"""``trackstore stats``: aggregations as tables with bars, or as sparklines over time."""

import json

import typer

from cli.output import out, say, warn
from cli.remote import DEFAULT_SERVER, RemoteClient, ServerKey, ServerUrl
from cli.stats.arguments import QueryPlan, SourceName, StatsArguments, UsageError, plan_query
from cli.stats.options import (
    AsJson,
    BucketOption,
    EveryRow,
    GroupBy,
    Limit,
    Measures,
    Source,
    Top,
    Where,
    Zone,
)
from cli.stats.sparklines import buckets_of, print_lines
from cli.stats.table import flat_rows, print_rows
from cli.time_options import Last

EPILOG = (
    "Examples: trackstore stats -g toolName -m count -m tokensPrevented.sum; "
    "trackstore stats -b hour -l 24h -m count -m durationMs.p95; "
    "trackstore stats requests -g status; "
    "trackstore stats -g toolName -b day -l 30d; "
    "trackstore stats -g attributes.plan -w kind=LLM --top 5. "
    "Exit codes: 0 success, 1 the server refused, 2 invalid command line."
)


def stats(
    source: Source = SourceName.OPERATIONS,
    group_by: GroupBy = None,
    measure: Measures = None,
    bucket: BucketOption = None,
    last: Last = None,
    where: Where = None,
    top: Top = None,
    zone: Zone = "UTC",
    limit: Limit = 1_000,
    every_row: EveryRow = False,
    as_json: AsJson = False,
    server: ServerUrl = DEFAULT_SERVER,
    key: ServerKey = None,
) -> None:
    """Print counts, sums and quantiles of a running server, grouped and over time."""
    arguments = StatsArguments(
        source, group_by or [], measure or ["count"], bucket, last, where or [], top, zone, limit
    )
    try:
        query = plan_query(arguments)
    except UsageError as error:
        raise typer.BadParameter(str(error), param_hint=error.option) from None
    _show(query, _ask(query, server, key), as_json, every_row)


def _ask(query: QueryPlan, server: str, key: str | None) -> dict[str, object]:
    with RemoteClient(server, key) as remote:
        remote.viewer("READ")
        answer: dict[str, object] = remote.query(query.document, query.variables)["stats"]
        return answer


def _show(query: QueryPlan, answer: dict[str, object], as_json: bool, every_row: bool) -> None:
    rows = flat_rows(query, answer)
    if as_json:
        out.print(json.dumps(rows, ensure_ascii=False), markup=False)
    elif not rows:
        say("No rows. Extend --last, or remove a --where.")
    elif query.bucket and query.keys and not every_row and (slices := buckets_of(query, rows)):
        print_lines(query, rows, slices)
    else:
        print_rows(query, rows)
    if answer["truncated"]:
        warn(f"there are more than {len(rows)} rows: increase --limit, or use --top")
