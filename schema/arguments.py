"""Define shared arguments, and how arguments are described.

An argument that selects records is marked with what its missing value means:
``server.graphql.guarded_arguments`` refuses it, so that a missing variable never matches more.
"""

from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry


def about(text: str) -> Any:
    """Return the description of an argument: ``Annotated[T, about("...")]``."""
    return strawberry.argument(description=text)


class Guard(Enum):
    """Say which missing values of an argument are refused; the key of its mark in the metadata."""

    ABSENT_INSIDE = "absent inside"
    """Refuses a variable without a value inside its literal."""
    FILTER_INSIDE = "filter inside"
    """Does so in the field ``where`` of its literal."""
    NULL = "null"
    """Also refuses null for the argument itself, or a variable without a value."""


def conditions(text: str) -> Any:
    """Describe an argument whose parts are conditions: each variable in it must have a value."""
    return strawberry.argument(description=text, metadata={Guard: Guard.ABSENT_INSIDE})


def where_of(noun: str) -> Any:
    """Describe a filter: without one nothing is filtered, so it may be omitted or null."""
    return conditions(f"Filters {noun}. If omitted, null or empty, nothing is filtered.")


def with_filter(text: str) -> Any:
    """Describe an input with a filter in ``where``: each variable in it must have a value."""
    return strawberry.argument(description=text, metadata={Guard: Guard.FILTER_INSIDE})


def narrowing(text: str, *, deprecated: str | None = None) -> Any:
    """Describe an argument that narrows the answer: it may be omitted, but must not be null."""
    return strawberry.argument(
        description=f"{text} Cannot be null; omit it instead.",
        deprecation_reason=deprecated,
        metadata={Guard: Guard.NULL},
    )


First = Annotated[int | None, about("Returns the first n records.")]
After = Annotated[str | None, about("Returns records after this cursor.")]
Last = Annotated[int | None, about("Returns the last n records.")]
Before = Annotated[str | None, about("Returns records before this cursor.")]
RecordUuid = Annotated[UUID, about("The record's own id (uuid).")]
SessionId = Annotated[strawberry.ID, about("The session's uuid, as chosen by its client.")]
