"""Options that select operations, shared by several commands."""

from typing import Annotated, Any

import typer

from cli.stats.arguments import SourceName, StatsArguments, UsageError, plan_query
from cli.time_options import parse_time

Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Start, a date or an instant (UTC).")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="End, a date or an instant (UTC).")
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        "-w",
        metavar="FIELD=VALUE",
        help="Only operations with this value, such as model=opus. Repeat it to add conditions.",
    ),
]


def operations_where(
    since: str | None, until: str | None, last: str | None, where: list[str] | None
) -> dict[str, Any]:
    if last is not None and (since is not None or until is not None):
        raise typer.BadParameter("--last cannot be combined with --since or --until")
    arguments = StatsArguments(
        SourceName.OPERATIONS, [], ["count"], None, last, where or [], None, "UTC", 1
    )
    try:
        filter: dict[str, Any] = plan_query(arguments).variables["where"]
    except UsageError as error:
        raise typer.BadParameter(str(error), param_hint=error.option) from None
    bounds = {"since": parse_time("--since", since), "until": parse_time("--until", until)}
    present = {name: time.isoformat() for name, time in bounds.items() if time is not None}
    if present:
        filter["and"].append({"occurredAt": present})
    return filter
