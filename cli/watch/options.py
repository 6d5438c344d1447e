"""Options of ``trackstore watch``."""

from typing import Annotated

import typer

Named = Annotated[
    str | None,
    typer.Argument(
        metavar="REQUEST_ID",
        help="Id or correlation id of the request.",
        show_default=False,
    ),
]
All = Annotated[bool, typer.Option("--all", "-a", help="Watch all active requests.")]
Organization = Annotated[
    str | None,
    typer.Option("--organization", "-o", metavar="ID", help="With --all: only this organization."),
]
Type = Annotated[
    str | None,
    typer.Option("--type", "-t", metavar="TYPE", help="With --all: only requests of this type."),
]
After = Annotated[
    str | None,
    typer.Option(
        "--after",
        metavar="SEQ|CURSOR",
        help="Only events after this seq; with --all after this feedCursor, as --json prints it.",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object per event, for programs.")
]
Away = Annotated[
    float,
    typer.Option(
        "--away",
        min=0,
        max=86_400,
        metavar="SECONDS",
        help="How long to wait for an unavailable server.",
    ),
]
