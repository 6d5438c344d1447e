"""Register the closed vocabularies as GraphQL enums with described values."""

from enum import Enum, StrEnum
from typing import Any, TypeVar

import strawberry

from models.enums import (
    AccessScope,
    BreakerState,
    LimitMode,
    LimitPeriod,
    LimitSubject,
    OperationKind,
    Outcome,
    PriceKind,
    PriceStatus,
    RequestStatus,
    ReservationStatus,
    Severity,
    StageStatus,
)
from store.ingest.entries import ItemStatus

__all__ = [
    "AccessScope",
    "BreakerState",
    "Direction",
    "ItemStatus",
    "LimitMode",
    "LimitPeriod",
    "LimitSubject",
    "OperationKind",
    "OperationMode",
    "Outcome",
    "PriceKind",
    "PriceStatus",
    "RequestStatus",
    "ReservationStatus",
    "Severity",
    "StageStatus",
    "ToolName",
    "register",
]

E = TypeVar("E", bound=type[Enum])


def register(enum: E, description: str, *, graphql_name: str | None = None, **values: str) -> E:
    registered = strawberry.enum(enum, name=graphql_name, description=description)
    definition: Any = registered.__dict__["__strawberry_definition__"]
    for value in definition.values:
        value.description = values[value.name]
    return registered


register(
    OperationKind,
    "Kind of call that an operation records.",
    API="A call of an API route.",
    TOOL="A use of a tool.",
    LLM="A call of a language model.",
)
register(
    Outcome,
    "How an operation ended.",
    OK="The operation succeeded.",
    ERROR="The operation failed.",
)
register(
    PriceStatus,
    "Whether a price was found for an operation's tokens.",
    PRICED="A price was in force.",
    UNPRICED="No price was found. The cost is unknown, not zero.",
)
register(
    RequestStatus,
    "Status of a request. COMPLETED and CANCELLED are final; FAILED can be retried.",
    PENDING="Created but not started.",
    RUNNING="Running.",
    STALLED="No message arrived within the allowed time. The next message resumes it.",
    COMPLETED="Completed.",
    FAILED="Failed with an error.",
    CANCELLED="Cancelled.",
)
register(
    StageStatus,
    "Status of a stage.",
    PENDING="Planned but not started.",
    RUNNING="Running.",
    STALLED="No message of the current attempt arrived within the allowed time.",
    COMPLETED="Completed.",
    FAILED="The current attempt failed. It can be retried while attempts are left.",
    CANCELLED="The stage was running when its request ended.",
    SKIPPED="The request ended before the stage started.",
)
register(
    Severity,
    "Severity of an event.",
    DEBUG="Debug information for developers.",
    INFO="Normal operation.",
    WARNING="Needs attention soon.",
    ERROR="Something failed.",
    CRITICAL="Requires immediate action.",
)
register(
    LimitSubject,
    "The level that a limit applies to.",
    ORGANIZATION="The organization as a whole.",
    COMPANY="A company (companyId).",
    SUBSCRIPTION="A subscription (subscriptionId).",
    NAMESPACE="A namespace (namespaceId).",
    WORKSPACE="A workspace (workspaceId).",
    USER="A user (userId).",
    API_KEY="An API key label (apiKeyId).",
)
register(
    LimitPeriod,
    "Calendar period after which usage resets to zero.",
    HOUR="One hour, starting on the hour.",
    DAY="A day, starting at midnight in the limit's time zone.",
    WEEK="A week, starting on Monday at midnight in the limit's time zone.",
    MONTH="A calendar month in the limit's time zone.",
    YEAR="A calendar year in the limit's time zone.",
    LIFETIME="Usage never resets.",
)
register(
    LimitMode,
    "Behavior at the maximum.",
    HARD="Deny calls that would exceed the maximum.",
    SOFT="Allow the calls and report the limit as exceeded.",
)
register(
    ReservationStatus,
    "Status of a reservation.",
    HELD="Units are held until the reservation expires.",
    COMMITTED="Units were used.",
    RELEASED="Units were returned.",
)
register(
    BreakerState,
    "State of a circuit breaker.",
    CLOSED="Calls pass.",
    OPEN="Calls are rejected.",
    HALF_OPEN="A few trial calls pass.",
)
register(
    PriceKind,
    "Kind of price.",
    MODEL="A language model's tokens.",
    TOOL="A tool's tokens.",
)
register(
    AccessScope,
    "A permission of an API key.",
    INGEST="Report operations, requests, sessions and circuit breakers, and consume limits.",
    READ="Read all data within the key's bounds.",
    MANAGE="Set limits and prices.",
    ADMIN="All permissions, including creating and revoking API keys.",
)
register(
    ItemStatus,
    "Status of one item.",
    ACCEPTED="The item is committed.",
    DUPLICATE="The item already existed, or arrived too late to have an effect.",
    REJECTED="The item was rejected with a code and a message. Other items are not affected.",
)


class ToolName(StrEnum):
    """List the tools that the typed mutation accepts; the general one accepts any name."""

    read = "read"
    search = "search"


class OperationMode(StrEnum):
    """List the modes that the typed mutation accepts; the general one accepts any name."""

    full = "full"
    overview = "overview"
    symbol = "symbol"
    references = "references"
    semantic = "semantic"
    tri_index = "tri_index"


class Direction(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


register(
    ToolName,
    "The tools of a code-reading tool server.",
    read="Read a file.",
    search="Search a code base.",
)
register(
    OperationMode,
    "Mode of use of a code-reading tool.",
    full="The whole file.",
    overview="An outline of the file.",
    symbol="One symbol of the file.",
    references="The references to a symbol.",
    semantic="Semantic search.",
    tri_index="Trigram index search.",
)
register(
    Direction,
    "Sort direction. Null values come last in both directions.",
    ASC="Smallest or earliest first.",
    DESC="Largest or latest first.",
)
