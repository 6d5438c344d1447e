"""Format errors for callers: those of the store and of GraphQL as they are, all others masked."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphql import GraphQLError
from graphql.error import GraphQLSyntaxError

from store.errors import InvalidInputError, StoreError
from store.ids import new_id

log = logging.getLogger("trackstore.graphql")
INTERNAL = "INTERNAL"
BAD_USER_INPUT = "BAD_USER_INPUT"
UNKNOWN_VALUE = re.compile(r"does not exist in '(\w+)' enum")
SUGGESTION = re.compile(r" Did you mean [^?]{1,400}\?")
"""Removed, because suggestions would reveal the schema to callers who may not read it."""
PLACE = re.compile(r"Variable '\$(\w+)' has invalid value(?: at ([\w.\[\]]+))?: ")
"""GraphQL's wording for the variable that is wrong, and the place in it."""
WRAPPED = re.compile(
    r"Expected value of type '\w+', but encountered error '(.+)'; found: .*", re.DOTALL
)
"""GraphQL's wrapping of a scalar's message."""
DIGITS = re.compile(r"Exceeds the limit \(\d+ digits\) for integer string conversion.*", re.DOTALL)
MESSAGES = {
    "Validation aborted.": "The document repeats too much to be validated. Split it into several requests.",
}
"""Replacements for messages of GraphQL that do not say what to do."""

MAX_MESSAGE_CHARACTERS = 1_000
"""For messages of GraphQL, which quote the refused value."""

Enums = Mapping[str, Sequence[str]]
"""Values by enum name; empty where introspection is disabled."""


def format_errors(errors: Iterable[GraphQLError], enums: Enums) -> list[dict[str, Any]]:
    return [format_error(error, enums) for error in errors]


def with_expected(message: str, enums: Enums) -> str:
    match = UNKNOWN_VALUE.search(message)
    values = enums.get(match[1]) if match else None
    return f"{message.rstrip('.')}. Use {', '.join(values)}." if values else message


def plain_message(message: str) -> str:
    """Return GraphQL's message with the place first, and without suggestions.

    ``operations[3].durationMs: Float cannot represent non numeric value: 'fast'``
    """
    reworded = MESSAGES.get(message) or SUGGESTION.sub("", message)
    match = PLACE.match(reworded)
    prefix, detail = ("", reworded) if match is None else (place_of(match), reworded[match.end() :])
    wrapped = WRAPPED.fullmatch(detail)
    return prefix + DIGITS.sub("an integer has too many digits", wrapped[1] if wrapped else detail)


def shortened(message: str) -> str:
    if len(message) <= MAX_MESSAGE_CHARACTERS:
        return message
    half = MAX_MESSAGE_CHARACTERS // 2
    return f"{message[:half]}...{message[-half:]}"


def place_of(match: re.Match[str]) -> str:
    name, path = match.groups()
    return f"{name}{path or ''}: "


def format_error(error: GraphQLError, enums: Enums) -> dict[str, Any]:
    """Format one error; anything not meant for callers is logged under an id and masked."""
    cause = root_of(error)
    formatted: dict[str, Any] = dict(error.formatted)
    if isinstance(cause, StoreError):
        formatted |= format_store_error(cause, lists_names=bool(enums))
    elif cause is None or (error.path is None and isinstance(cause, ValueError | TypeError)):
        # From GraphQL itself: the document or its variables do not match the schema.
        formatted["message"] = with_expected(shortened(plain_message(error.message)), enums)
        formatted["extensions"] = {"code": BAD_USER_INPUT}
    elif isinstance(cause, RecursionError) and error.path is None:
        formatted["message"] = "The document is nested too deeply. Split it into several requests."
        formatted["extensions"] = {"code": BAD_USER_INPUT}
    else:
        id = str(new_id())
        log.error("a resolver failed", exc_info=cause, extra={"error_id": id})
        formatted["message"] = f"Internal server error. The server's log has details under {id}."
        formatted["extensions"] = {"code": INTERNAL, "errorId": id}
    return formatted


def root_of(error: GraphQLError) -> BaseException | None:
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        if isinstance(cause, GraphQLSyntaxError):
            return None
        cause = cause.original_error
    return cause


def format_store_error(error: StoreError, *, lists_names: bool = True) -> dict[str, Any]:
    """Format an error that affects an operation as a whole.

    ``lists_names`` says whether the message may list existing fields and values.
    """
    if isinstance(error, InvalidInputError) and not lists_names:
        error = error.brief
    return {"message": error.message, "extensions": extensions_of(error)}


def extensions_of(error: StoreError) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": error.code}
    if error.retryable:
        extensions["retryable"] = True
    if error.path:
        extensions["argumentPath"] = [str(step) for step in error.path]
    if isinstance(error, InvalidInputError):
        extensions["problems"] = [
            {"code": p.code, "message": p.message, "path": [str(step) for step in p.path]}
            for p in error.problems
        ]
    return extensions
