"""What the database refused: counted by SQLSTATE, and logged once a while with the statement's name."""

import logging
import re
import time
from collections import Counter
from dataclasses import dataclass

from cachetools import LRUCache
from sqlalchemy.exc import DBAPIError

from models.base import Base
from store.dialects import Diagnosis, Fault, statement_noted

LOG_INTERVAL_SECONDS = 60.0
"""After a log line, further refusals of the same kind are only counted for this long."""
MAX_KINDS = 500
"""Kinds of refusals whose last log line is remembered."""
CONNECTION = "connection"
"""The name where the connection was refused, before any statement."""
MAX_MESSAGE_CHARS = 500

LEVELS = {
    Fault.UNAVAILABLE: logging.WARNING,
    Fault.TIMEOUT: logging.WARNING,
    Fault.CONTENTION: logging.INFO,
    Fault.OVERFLOW: logging.INFO,
    Fault.OTHER: logging.ERROR,
}
"""Contention and overflow are part of normal work: the same call is run again or in another way."""
VERB = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|COPY|CREATE|ALTER|DROP|TRUNCATE|BEGIN|COMMIT|SET|PRAGMA)\b",
    re.IGNORECASE,
)
OBJECT = re.compile(r'\b(?:FROM|INTO|UPDATE|TABLE|COPY|JOIN)\s+"?(\w+)"?', re.IGNORECASE)
FUNCTION = re.compile(r"\b(?:pg_)?trackstore_\w+|\bpg_\w+", re.IGNORECASE)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kind:
    logged_at: float
    suppressed: int = 0


class RejectedStatements:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        """By SQLSTATE, SQLite's name of the error, or ours."""
        self._kinds: LRUCache[tuple[str, str], _Kind] = LRUCache(MAX_KINDS)

    def note(self, diagnosis: Diagnosis, error: BaseException) -> None:
        self.counts[diagnosis.state] += 1
        statement = statement_name(error)
        key = (diagnosis.state, statement)
        now = time.monotonic()
        kind = self._kinds.get(key)
        if kind is not None and now - kind.logged_at < LOG_INTERVAL_SECONDS:
            kind.suppressed += 1
            return
        suppressed = kind.suppressed if kind else 0
        self._kinds[key] = _Kind(now)
        log.log(
            LEVELS[diagnosis.fault],
            "the database rejected a statement",
            extra={
                "sqlstate": diagnosis.state,
                "statement": statement,
                "reason": diagnosis.message[:MAX_MESSAGE_CHARS],
                "retryable": diagnosis.fault not in (Fault.OTHER, Fault.OVERFLOW),
                "suppressed": suppressed,
            },
        )


def statement_name(error: BaseException) -> str:
    """Return the verb and the table of the statement that failed, such as ``INSERT operations``.

    The text itself stays out of the log: it may be long, and hold what callers sent.
    """
    noted = statement_noted(error)
    if noted is not None:
        return noted
    if not isinstance(error, DBAPIError) or not error.statement:
        return CONNECTION
    text = error.statement
    verb = VERB.search(text)
    objects = OBJECT.findall(text)
    tables = [name for name in objects if name in Base.metadata.tables]
    functions = FUNCTION.findall(text)
    (subject,) = (tables or objects or functions or ["?"])[:1]
    return f"{verb[1].upper() if verb else 'statement'} {subject}"
