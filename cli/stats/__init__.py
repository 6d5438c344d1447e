"""``trackstore stats``: a question to a running server, answered with bars, or with lines over time."""

import json

import typer

from cli.output import out, say, warn
from cli.remote import DEFAULT_SERVER, RemoteClient, ServerKey, ServerUrl
from cli.stats.asking import Plan, SourceName, StatsQuery, UsageError, plan
from cli.stats.lines import print_lines, slices_of
from cli.stats.options import (
    AsJson,
    EveryRow,
    GroupBy,
    Last,
    Limit,
    Measures,
    Slices,
    Source,
    Top,
    Where,
    Zone,
)
from cli.stats.table import flat_rows, print_rows

EPILOG = (
    "Examples: trackstore stats -g toolName -m count -m tokensPrevented.sum; "
    "trackstore stats -b hour -l 24h -m count -m durationMs.p95; "
    "trackstore stats requests -g status; "
    "trackstore stats -g toolName -b day -l 30d; "
    "trackstore stats -g attributes.plan -w kind=LLM --top 5. "
    "Exit codes: 0 done, 1 the server refused, 2 the command line is wrong."
)


def stats(
    source: Source = SourceName.OPERATIONS,
    group_by: GroupBy = None,
    measure: Measures = None,
    bucket: Slices = None,
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
    """Ask a running server for counts, sums and quantiles, grouped and over time."""
    asked = StatsQuery(
        source, group_by or [], measure or ["count"], bucket, last, where or [], top, zone, limit
    )
    try:
        made = plan(asked)
    except UsageError as mistake:
        raise typer.BadParameter(str(mistake), param_hint=mistake.option) from None
    _show(made, _ask(made, server, key), as_json, every_row)


def _ask(made: Plan, server: str, key: str | None) -> dict[str, object]:
    with RemoteClient(server, key) as remote:
        remote.viewer("READ")
        answer: dict[str, object] = remote.query(made.document, made.variables)["found"]
        return answer


def _show(made: Plan, answer: dict[str, object], as_json: bool, every_row: bool) -> None:
    rows = flat_rows(made, answer)
    if as_json:
        out.print(json.dumps(rows, ensure_ascii=False), markup=False)
    elif not rows:
        say("Nothing was found: widen --last, or take a --where away.")
    elif made.bucket and made.keys and not every_row and (slices := slices_of(made, rows)):
        print_lines(made, rows, slices)
    else:
        print_rows(made, rows)
    if answer["truncated"]:
        warn(f"there are more than {len(rows)} rows: raise --limit, or ask for --top")
