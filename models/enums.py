"""Closed vocabularies, said once: what columns hold, what the store decides on, what GraphQL shows."""

from enum import StrEnum


class OperationKind(StrEnum):
    API = "API"
    TOOL = "TOOL"
    LLM = "LLM"


class Outcome(StrEnum):
    OK = "OK"
    ERROR = "ERROR"


class PriceStatus(StrEnum):
    """Whether an operation's tokens could be turned into money."""

    PRICED = "PRICED"
    UNPRICED = "UNPRICED"


class RequestStatus(StrEnum):
    """Where a request stands; it has ended in the last three, of which a retry leaves FAILED."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STALLED = "STALLED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class StageStatus(StrEnum):
    """Where a stage stands. COMPLETED is never left, the other ended ones only by a retry."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STALLED = "STALLED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"


class Severity(StrEnum):
    """How much an event matters to an operator."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class LimitSubject(StrEnum):
    """The level a limit holds for; the order here is the order in which levels are checked."""

    ORGANIZATION = "ORGANIZATION"
    COMPANY = "COMPANY"
    SUBSCRIPTION = "SUBSCRIPTION"
    NAMESPACE = "NAMESPACE"
    WORKSPACE = "WORKSPACE"
    USER = "USER"
    API_KEY = "API_KEY"


class LimitPeriod(StrEnum):
    """Calendar period after which usage resets to zero."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"
    LIFETIME = "LIFETIME"


class LimitMode(StrEnum):
    """HARD refuses what would pass the maximum, SOFT lets it pass and reports it."""

    HARD = "HARD"
    SOFT = "SOFT"


class ReservationStatus(StrEnum):
    """Where a reservation stands; the last two are final."""

    HELD = "HELD"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"


class BreakerState(StrEnum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class PriceKind(StrEnum):
    MODEL = "MODEL"
    TOOL = "TOOL"


class AccessScope(StrEnum):
    INGEST = "INGEST"
    READ = "READ"
    MANAGE = "MANAGE"
    ADMIN = "ADMIN"
