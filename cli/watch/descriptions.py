"""Descriptions of events on one line, without control characters.

They accept any event: custom data may have any shape.
"""

import json
from datetime import datetime
from typing import Any

from trackstore.calls import Json

MAX_NUMBER = 1e18
"""Larger numbers are printed unformatted; no count or time is as large."""
MAX_DATA_CHARS = 200
"""Characters of custom data on a line; ``--json`` prints all."""


def printable(text: Any) -> str:
    """Return a text without line ends and control characters."""
    return "".join(c if c.isprintable() else " " for c in str(text))


def as_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def local_time(text: Any) -> datetime | None:
    """Return an instant in the time zone of the terminal; None if it is invalid."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def compact(value: Any) -> str:
    text = printable(json.dumps(value, ensure_ascii=False, separators=(", ", ": "), default=str))
    return text if len(text) <= MAX_DATA_CHARS else f"{text[:MAX_DATA_CHARS]}…"


def event_text(event: Json) -> str:
    if event["message"]:
        return printable(event["message"])
    data = event["data"]
    if event["type"] == "stage.progressed" and isinstance(data, dict):
        return progress_text(data) or compact(data)
    return compact(data) if data else ""


def where(event: Json) -> str:
    stage = printable(event["stage"] or "")
    attempt = event["attempt"] or 1
    return f"{stage}#{attempt}" if stage and is_number(attempt) and attempt > 1 else stage


def progress_text(stage: Json) -> str:
    """Return done and total, or the progress in percent."""
    done, total = stage.get("done"), stage.get("total")
    if done is not None:
        return f"{number(done)} of {number(total)}" if total is not None else number(done)
    return percent(stage.get("progress"))


def number(value: Any) -> str:
    return f"{value:,}" if is_number(value) else compact(value)


def is_number(value: Any) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and abs(value) < MAX_NUMBER


def share_of(value: Any) -> float:
    return min(max(float(value), 0.0), 1.0) if is_number(value) else 0.0


def percent(share: Any) -> str:
    return f"{int(share_of(share) * 100)} %" if is_number(share) else ""


def duration_text(seconds: Any) -> str:
    """Return a duration in its two largest units; empty if it is not a number."""
    if not is_number(seconds):
        return ""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    total = int(seconds)
    if total < 60:
        return f"{total} s"
    if total < 3_600:
        return f"{total // 60}:{total % 60:02} min"
    if total < 86_400:
        return f"{total // 3_600}:{total % 3_600 // 60:02} h"
    return f"{total // 86_400} d {total % 86_400 // 3_600} h"


def title_of(request: Json) -> str:
    return printable(request["title"] or request["correlationId"])


def failure_reason(request: Json) -> str:
    error = request.get("error")
    if error:
        stage = f"{printable(error['stage'])}: " if error["stage"] else ""
        details = f" {compact(error['details'])}" if error["details"] else ""
        return f"{stage}{printable(error['message'] or 'no reason given')}{details}"
    return printable(request.get("cancelReason") or "")
