"""Describes an exception as the failure of a request or stage."""

import traceback
from typing import Any

MAX_ERROR_CHARS = 2_000
"""Characters of an exception's text that are kept as the message."""
MAX_TRACEBACK_CHARS = 8_000
"""Characters of a traceback that are kept, its end."""


def message_of(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 an exception of somebody else: tracking must outlive its mistakes
        text = ""
    return (text or type(error).__name__)[:MAX_ERROR_CHARS]


def details_of(error: BaseException) -> dict[str, Any]:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    try:
        lines = "".join(traceback.format_exception(error))
    except Exception:  # noqa: BLE001 an exception of somebody else: tracking must outlive its mistakes
        lines = ""
    return {"type": name, "traceback": lines[-MAX_TRACEBACK_CHARS:]}
