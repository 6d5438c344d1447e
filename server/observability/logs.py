"""Structured logs on standard error: for people at a terminal, one JSON object per line elsewhere.

All code logs through the standard library; fields go in ``extra``. What the caller sent (documents,
variables, keys) never does, and what looks like a secret in a message is hidden all the same.
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
HIDDEN = "***"
LONGEST_TEXT = 20_000
"""Characters of one field: a traceback fits, the body of a request does not fill the disk."""

QUIET = {
    "alembic": logging.WARNING,
    "httpx": logging.WARNING,
    "uvicorn.access": logging.CRITICAL,
    "uvicorn.error": logging.WARNING,
}
"""Loggers that say what is said already, or nothing worth a line; at level debug they speak."""


class TrackstoreHandler(logging.StreamHandler[TextIO]):
    """Our handler, so that configuring again replaces it and leaves those of others alone."""


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
    for old in [h for h in root.handlers if isinstance(h, TrackstoreHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    preformatted.use(None if is_console(format, stream) else handler)
    root.setLevel(level.upper())
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else quiet)
    logging.captureWarnings(capture=True)


def is_console(format: str, stream: TextIO) -> bool:
    """Whether logs on ``stream`` are written for people."""
    return format == "console" or (format == "auto" and stream.isatty())


def _formatter(format: str, stream: TextIO) -> logging.Formatter:
    console = is_console(format, stream)
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_correlation,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S.%f" if console else "iso", utc=not console),
        # Not the variants with local variables: those are what callers sent.
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
        foreign_pre_chain=before,
    )


def hide_secrets(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Hide passwords of URLs, API keys and bearer tokens, and cut texts that are far too long."""
    del logger, method
    for name, value in event.items():
        if name.lower() in SECRET_NAMES:
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = _without_secrets(value)
    return event


def _without_secrets(text: str) -> str:
    text = API_KEY.sub(rf"tsk_\1_{HIDDEN}", BEARER.sub(rf"\1{HIDDEN}", hide_password(text)))
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}... (cut)"
