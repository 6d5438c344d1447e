"""The closed vocabularies as GraphQL enums, their values described."""

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
    """Register an enum with GraphQL; ``values`` are the descriptions of its members."""
    made = strawberry.enum(enum, name=graphql_name, description=description)
    definition: Any = made.__dict__["__strawberry_definition__"]
    for value in definition.values:
        value.description = values[value.name]
    return made


register(
    OperationKind,
    "What kind of call an operation records.",
    API="A call of an API route.",
    TOOL="A use of a tool.",
    LLM="A call of a language model.",
)
register(
    Outcome,
    "How an operation ended.",
    OK="It did what was asked.",
    ERROR="It failed.",
)
register(
    PriceStatus,
    "Whether the tokens of an operation could be turned into money.",
    PRICED="A price was in force.",
    UNPRICED="There is no price for its model: the cost is unknown, not zero.",
)
register(
    RequestStatus,
    "Where a request stands. COMPLETED and CANCELLED are final, FAILED can be retried.",
    PENDING="Created, not started.",
    RUNNING="Under way.",
    STALLED="Nothing was heard of it for longer than it may be silent; the next message wakes it.",
    COMPLETED="Done.",
    FAILED="Ended with an error.",
    CANCELLED="Called off.",
)
register(
    StageStatus,
    "Where a stage stands.",
    PENDING="Planned, not started.",
    RUNNING="Under way.",
    STALLED="Nothing was heard of the present attempt for longer than it may be silent.",
    COMPLETED="Done.",
    FAILED="The present attempt failed; it can be retried while attempts are left.",
    CANCELLED="It ran when its request ended.",
    SKIPPED="Its request ended before it began.",
)
register(
    Severity,
    "How much an event matters.",
    DEBUG="For developers.",
    INFO="As it should be.",
    WARNING="Worth a look.",
    ERROR="Something failed.",
    CRITICAL="Somebody must act now.",
)
register(
    LimitSubject,
    "The level that a limit holds for.",
    ORGANIZATION="The organization as a whole.",
    COMPANY="A company (companyId).",
    SUBSCRIPTION="A subscription (subscriptionId).",
    NAMESPACE="A namespace (namespaceId).",
    WORKSPACE="A workspace (workspaceId).",
    USER="A user (userId).",
    API_KEY="An API key of the caller's world (apiKeyId).",
)
register(
    LimitPeriod,
    "The calendar period after which usage starts again at zero.",
    HOUR="A full hour.",
    DAY="A day, from midnight of the limit's zone.",
    WEEK="A week, from Monday midnight of the limit's zone.",
    MONTH="A calendar month of the limit's zone.",
    YEAR="A calendar year of the limit's zone.",
    LIFETIME="It never starts again.",
)
register(
    LimitMode,
    "What happens at the maximum.",
    HARD="Refuse what would pass it.",
    SOFT="Let it pass, and report it as exceeded.",
)
register(
    ReservationStatus,
    "Where a reservation stands.",
    HELD="Its units are set aside until it expires.",
    COMMITTED="Its units were used.",
    RELEASED="Its units were given back.",
)
register(
    BreakerState,
    "State of a circuit breaker.",
    CLOSED="Calls go through.",
    OPEN="Calls are refused.",
    HALF_OPEN="A few calls are let through, to see.",
)
register(
    PriceKind,
    "What a price is for.",
    MODEL="A language model's tokens.",
    TOOL="A tool's tokens.",
)
register(
    AccessScope,
    "A permission of an API key.",
    INGEST="Report operations, requests, sessions, breakers; consume limits.",
    READ="Ask anything within the key's bounds.",
    MANAGE="Set limits and prices.",
    ADMIN="Everything, and make and revoke keys.",
)
register(
    ItemStatus,
    "What became of one item.",
    ACCEPTED="It is committed.",
    DUPLICATE="It was there already, or came too late to change anything.",
    REJECTED="It was refused, with code and message; its neighbours are not concerned.",
)


class ToolName(StrEnum):
    """Tools that the typed mutation accepts; the general one accepts any name."""

    read = "read"
    search = "search"


class OperationMode(StrEnum):
    """Modes that the typed mutation accepts; the general one accepts any name."""

    full = "full"
    overview = "overview"
    symbol = "symbol"
    references = "references"
    semantic = "semantic"
    tri_index = "tri_index"


class Direction(StrEnum):
    """Ascending or descending."""

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
    "How such a tool was used.",
    full="The whole file.",
    overview="Its outline.",
    symbol="One symbol of it.",
    references="The places that use a symbol.",
    semantic="By meaning.",
    tri_index="By the index of trigrams.",
)
register(
    Direction,
    "Which way an order runs. Null values come last, either way.",
    ASC="Smallest or earliest first.",
    DESC="Largest or latest first.",
)
