"""Which operations a command is about: the options that several commands share."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli.stats.asking import SourceName, StatsQuery, UsageError, plan

Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="From this date or instant on (UTC).")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Up to this date or instant (UTC).")
]
Last = Annotated[
    str | None, typer.Option("--last", "-l", metavar="SPAN", help="Such as 90m, 24h, 7d, 2w, all.")
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        "-w",
        metavar="FIELD=VALUE",
        help="Only operations with this value, such as model=opus; repeat it, all must hold.",
    ),
]


def operations_where(
    since: str | None, until: str | None, last: str | None, where: list[str] | None
) -> dict[str, Any]:
    """The options as an ``OperationFilter``."""
    if last is not None and (since is not None or until is not None):
        raise typer.BadParameter("--last and --since, --until exclude each other")
    asked = StatsQuery(
        SourceName.OPERATIONS, [], ["count"], None, last, where or [], None, "UTC", 1
    )
    try:
        found: dict[str, Any] = plan(asked).variables["where"]
    except UsageError as mistake:
        raise typer.BadParameter(str(mistake), param_hint=mistake.option) from None
    span = {"since": instant("--since", since), "until": instant("--until", until)}
    if since is not None or until is not None:
        given = {name: value for name, value in span.items() if value is not None}
        found["and"].append({"occurredAt": given})
    return found


def instant(option: str, text: str | None) -> str | None:
    """A date means its beginning in UTC; an instant without a zone is UTC, too."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a time: write 2026-11-20 or 2026-11-20T18:00Z", param_hint=option
        ) from None
    return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).isoformat()
