"""Turns log records inside a request into its events, and adds the context's ids to log records."""

import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from trackstore.context import current
from trackstore.entries import LogEvent, Severity
from trackstore.ids import new_id
from trackstore.recorder import Recorder
from trackstore.redaction import cut
from trackstore.tracker import get_tracker
from trackstore.values import read_text

EVENT_TYPE = "log"
MAX_MESSAGE_CHARS = 2_000
MAX_TRACEBACK_CHARS = 8_000
IGNORED_LOGGERS = ("trackstore", "httpx", "httpcore")
"""Their records are about the delivery of events itself."""

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_SEVERITIES: tuple[tuple[int, Severity], ...] = (
    (logging.CRITICAL, "CRITICAL"),
    (logging.ERROR, "ERROR"),
    (logging.WARNING, "WARNING"),
    (logging.INFO, "INFO"),
)
JSON_TYPES = frozenset({str, int, float, bool, dict, list, tuple, type(None)})
"""Types of ``extra=`` values that are kept; others are converted to text."""
_inside: ContextVar[bool] = ContextVar("trackstore_logging", default=False)


class RequestEventHandler(logging.Handler):
    """Appends each record inside ``with tracker.request(...)`` to the log of that request.

    ``logging.getLogger().addHandler(RequestEventHandler())``. Records outside a request are
    ignored. Fields of ``extra=`` become the data of the event.
    """

    def __init__(self, tracker: Recorder | None = None, level: int = logging.INFO) -> None:
        super().__init__(level)
        self._tracker = tracker

    def emit(self, record: logging.LogRecord) -> None:
        here = current()
        if here.request_id is None or _inside.get() or record.name.startswith(IGNORED_LOGGERS):
            return
        token = _inside.set(True)  # what is logged while it is recorded is no event
        try:
            event = LogEvent(
                request_id=here.request_id,
                event_id=new_id(),
                occurred_at=datetime.fromtimestamp(record.created, UTC),
                type=EVENT_TYPE,
                severity=severity_of(record.levelno),
                stage=here.stage,
                message=cut(text_of(record), MAX_MESSAGE_CHARS),
                data=_data_of(record),
            )
            (self._tracker or get_tracker()).record(event)
        except Exception:  # noqa: BLE001 - as every handler: logging never breaks the program
            self.handleError(record)
        finally:
            _inside.reset(token)


class ContextFilter(logging.Filter):
    """Puts ``request_id``, ``stage``, ``correlation_id`` and ``trace_id`` on every record.

    Add it to a handler to use them in formatters: ``%(correlation_id)s``; unset ones are None.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        here = current()
        record.request_id = None if here.request_id is None else str(here.request_id)
        record.stage = here.stage
        record.correlation_id = here.correlation_id
        record.trace_id = here.trace_id
        return True


def text_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - arguments of the caller's: their event is worth keeping
        return read_text(record.msg, []) or ""


def severity_of(level: int) -> Severity:
    return next((name for bound, name in _SEVERITIES if level >= bound), "DEBUG")


def _data_of(record: logging.LogRecord) -> dict[str, Any]:
    data: dict[str, Any] = {
        name: value if type(value) in JSON_TYPES else read_text(value, [])
        for name, value in record.__dict__.items()
        if name not in _STANDARD
    }
    data["logger"] = record.name
    data["where"] = f"{record.filename}:{record.lineno}"
    if record.exc_info and record.exc_info[1] is not None:
        trace = "".join(traceback.format_exception(record.exc_info[1]))
        data["exception"] = trace[-MAX_TRACEBACK_CHARS:]
    return data
