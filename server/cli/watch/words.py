"""Events in words: on one line, and without anything that a terminal would obey."""

import json
from typing import Any

from server.cli.watch.connection import Json

MOST_DATA = 200
"""Characters of free data that a line shows; ``--json`` shows all."""


def plain(text: str) -> str:
    """A text of others as it can be printed: they may hold line ends and control characters."""
    return "".join(c if c.isprintable() else " " for c in text)


def compact(value: Any) -> str:
    """Free data on one line; a long one is cut."""
    text = plain(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))
    return text if len(text) <= MOST_DATA else f"{text[:MOST_DATA]}…"


def what_happened(event: Json) -> str:
    """What an event says beyond its type."""
    if event["message"]:
        return plain(event["message"])
    data = event["data"]
    if event["type"] == "stage.progressed" and isinstance(data, dict):
        return how_far(data)
    return compact(data) if data else ""


def where(event: Json) -> str:
    """The stage of an event, with its attempt from the second on."""
    stage = plain(event["stage"] or "")
    attempt = event["attempt"] or 1
    return f"{stage}#{attempt}" if stage and attempt > 1 else stage


def how_far(stage: Json) -> str:
    """How many of how many are done, or a share where nobody counts."""
    done, total = stage.get("done"), stage.get("total")
    if done is not None:
        return f"{done:,} of {total:,}" if total is not None else f"{done:,}"
    return percent(stage.get("progress"))


def percent(share: Any) -> str:
    """A share as people read it; 100 only where it is all."""
    return f"{min(int(share * 100), 100)} %" if isinstance(share, int | float) else ""


def span(seconds: float) -> str:
    """A span of time in its two largest units."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60}:{whole % 60:02} min"
    if whole < 86_400:
        return f"{whole // 3_600}:{whole % 3_600 // 60:02} h"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"


def title_of(request: Json) -> str:
    """What people call a request."""
    return plain(request["title"] or request["correlationId"])


def why(request: Json) -> str:
    """Why a request did not complete; empty where there is nothing to say."""
    error = request.get("error")
    if error:
        stage = f"{plain(error['stage'])}: " if error["stage"] else ""
        details = f" {compact(error['details'])}" if error["details"] else ""
        return f"{stage}{plain(error['message'] or 'no reason was given')}{details}"
    return plain(request.get("cancelReason") or "")
