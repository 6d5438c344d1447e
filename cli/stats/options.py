"""Options of ``trackstore stats``."""

from typing import Annotated

import typer

from cli.stats.arguments import SourceName

Source = Annotated[SourceName, typer.Argument(help="Records to aggregate.", show_default=True)]
GroupBy = Annotated[
    list[str] | None,
    typer.Option(
        "--group-by",
        "-g",
        metavar="FIELD",
        help="A field such as toolName, or attributes.PATH (data.PATH for "
        "events); repeat it for several. An unknown "
        "name prints all fields.",
    ),
]
Measures = Annotated[
    list[str] | None,
    typer.Option(
        "--measure",
        "-m",
        metavar="MEASURE",
        help="count, errorRate, durationMs.p95, cost.saved, costAt.MODEL.actual, "
        "distinct.userId, attributes.PATH.sum; repeat it for several. Default: count. Bars show the first.",
    ),
]
BucketOption = Annotated[
    str | None,
    typer.Option(
        "--bucket",
        "-b",
        metavar="UNIT",
        help="Time buckets: minute, hour, day, week, month, quarter, year; 15minute. "
        "Empty ones are shown with --last.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        "-w",
        metavar="FIELD=VALUE",
        help="Only records with this value. Repeat it to add conditions.",
    ),
]
Top = Annotated[
    int | None,
    typer.Option(
        "--top", min=1, metavar="N", help="Only the N largest groups; the others are summed up."
    ),
]
Zone = Annotated[
    str,
    typer.Option(
        "--zone", metavar="ZONE", help="Time zone of the buckets, such as UTC or Europe/Berlin."
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="Maximum number of rows.")]
EveryRow = Annotated[
    bool,
    typer.Option("--rows", help="Print a line per bucket and group instead of one per group."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the rows as JSON, for programs.")]
