"""Describes an exception as the failure of a request or stage."""

import traceback
from typing import Any

MAX_ERROR_CHARS = 2_000
MAX_TRACEBACK_CHARS = 8_000
"""The end of a longer traceback is kept."""


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
