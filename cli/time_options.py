"""Options with a date, an instant or a duration."""

from datetime import UTC, datetime
from typing import Annotated

import typer

Last = Annotated[
    str | None,
    typer.Option("--last", "-l", metavar="DURATION", help="Such as 90m, 24h, 7d, 2w, all."),
]


def parse_time(option: str, text: str | None) -> datetime | None:
    """Parse a time option; without a time zone, it is UTC."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a time. Use 2026-11-20 or 2026-11-20T18:00Z.", param_hint=option
        ) from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
