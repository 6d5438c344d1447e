"""Events in words: on one line, and without anything that a terminal would obey.

Nothing here fails, whatever an event holds: free data of callers may be of any shape.
"""

import json
from datetime import datetime
from typing import Any

from trackstore.calls import Json

MOST_NUMBER = 1e18
"""Larger numbers are shown as they were sent; no count or time is as large."""
MOST_DATA = 200
"""Characters of free data that a line shows; ``--json`` shows all."""


def plain(text: Any) -> str:
    """A text of others as it can be printed: they may hold line ends and control characters."""
    return "".join(c if c.isprintable() else " " for c in str(text))


def as_json(value: Any) -> str:
    """A value as JSON on one line, with everything escaped that a terminal would obey."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def moment(text: Any) -> datetime | None:
    """An instant of an answer in the zone of the terminal; None where it is none."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def compact(value: Any) -> str:
    """Free data on one line; a long one is cut."""
    text = plain(json.dumps(value, ensure_ascii=False, separators=(", ", ": "), default=str))
    return text if len(text) <= MOST_DATA else f"{text[:MOST_DATA]}…"


def what_happened(event: Json) -> str:
    """What an event says beyond its type."""
    if event["message"]:
        return plain(event["message"])
    data = event["data"]
    if event["type"] == "stage.progressed" and isinstance(data, dict):
        return how_far(data) or compact(data)
    return compact(data) if data else ""


def where(event: Json) -> str:
    """The stage of an event, with its attempt from the second on."""
    stage = plain(event["stage"] or "")
    attempt = event["attempt"] or 1
    return f"{stage}#{attempt}" if stage and is_number(attempt) and attempt > 1 else stage


def how_far(stage: Json) -> str:
    """How many of how many are done, or a share where nobody counts."""
    done, total = stage.get("done"), stage.get("total")
    if done is not None:
        return f"{number(done)} of {number(total)}" if total is not None else number(done)
    return percent(stage.get("progress"))


def number(value: Any) -> str:
    """A number with its thousands apart; what is none as it is."""
    return f"{value:,}" if is_number(value) else compact(value)


def is_number(value: Any) -> bool:
    """Whether a value is a number that can be counted with."""
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and abs(value) < MOST_NUMBER


def share_of(value: Any) -> float:
    """A share from 0 to 1; what is none counts as nothing."""
    return min(max(float(value), 0.0), 1.0) if is_number(value) else 0.0


def percent(share: Any) -> str:
    """A share as people read it; 100 only where it is all."""
    return f"{int(share_of(share) * 100)} %" if is_number(share) else ""


def span(seconds: Any) -> str:
    """A span of time in its two largest units; nothing where there is none."""
    if not is_number(seconds):
        return ""
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
