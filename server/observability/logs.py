"""Configure structured logs on standard error: readable in a terminal, JSON lines elsewhere.

All code uses the standard library's logging; fields go in ``extra``. Documents, variables and keys
of callers are never logged, and anything that looks like a secret is masked.
"""

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from server.observability.access_log import preformatted
from server.observability.correlation import add_correlation
from server.redaction import hide_password

API_KEY = re.compile(r"\btsk_([0-9a-f]{32})_[\w-]+")
BEARER = re.compile(r"(bearer\s+)(?!tsk_)\S+", re.IGNORECASE)
SECRET_NAMES = {"api_key", "authorization", "cookie", "password", "secret", "token"}
MASK = "***"
MAX_FIELD_CHARS = 20_000
"""A traceback fits, while the body of a request cannot fill the disk."""

QUIET_LEVELS = {
    "alembic": logging.WARNING,
    "httpx": logging.WARNING,
    "uvicorn.access": logging.CRITICAL,
    "uvicorn.error": logging.WARNING,
}
"""Redundant or noisy loggers; at level debug they log everything."""


class TrackstoreHandler(logging.StreamHandler[TextIO]):
    """Mark the handler that a second configuration replaces."""


def configure_logging(
    level: str = "info", format: str = "auto", stream: TextIO | None = None
) -> None:
    """Send all logs of this process to ``stream`` (standard error); call once per process.

    ``format`` is ``console``, ``json``, or ``auto``: console where ``stream`` is a terminal.
    """
    stream = stream or sys.stderr
    handler = TrackstoreHandler(stream)
    handler.setFormatter(_formatter(format, stream))
    root = logging.getLogger()
    for handler_to_replace in [h for h in root.handlers if isinstance(h, TrackstoreHandler)]:
        root.removeHandler(handler_to_replace)
    root.addHandler(handler)
    preformatted.use(None if is_console(format, stream) else handler)
    root.setLevel(level.upper())
    for name, quiet_level in QUIET_LEVELS.items():
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else quiet_level)
    logging.captureWarnings(capture=True)


def is_console(format: str, stream: TextIO) -> bool:
    return format == "console" or (format == "auto" and stream.isatty())


def _formatter(format: str, stream: TextIO) -> logging.Formatter:
    console = is_console(format, stream)
    shared_processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_correlation,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S.%f" if console else "iso", utc=not console),
        # Without local variables, which may hold data of callers.
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: Processor
    if console:
        renderer = structlog.dev.ConsoleRenderer(
            colors=stream.isatty() and "NO_COLOR" not in os.environ,
            exception_formatter=structlog.dev.plain_traceback,
        )
    else:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        foreign_pre_chain=shared_processors,
    )


def hide_secrets(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Mask passwords of URLs, API keys and bearer tokens, and truncate long texts."""
    del logger, method
    for name, value in event.items():
        if name.lower() in SECRET_NAMES:
            event[name] = MASK
        elif isinstance(value, str):
            event[name] = _without_secrets(value)
    return event


def _without_secrets(text: str) -> str:
    text = API_KEY.sub(rf"tsk_\1_{MASK}", BEARER.sub(rf"\1{MASK}", hide_password(text)))
    return text if len(text) <= MAX_FIELD_CHARS else f"{text[:MAX_FIELD_CHARS]}... (cut)"
