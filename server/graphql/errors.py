"""What callers see of errors: those of the store and of GraphQL as they are, all others masked."""

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
"""What GraphQL adds about names that are near: nothing for strangers, and no list of what there is."""
PLACE = re.compile(r"Variable '\$(\w+)' has invalid value(?: at ([\w.\[\]]+))?: ")
"""How GraphQL says which variable is wrong, and where in it."""
WRAPPED = re.compile(
    r"Expected value of type '\w+', but encountered error '(.+)'; found: .*", re.DOTALL
)
"""What GraphQL puts around the sentence of a scalar."""
DIGITS = re.compile(r"Exceeds the limit \(\d+ digits\) for integer string conversion.*", re.DOTALL)
MESSAGES = {
    "Validation aborted.": "the document repeats too much to be checked: ask for less at once",
}
"""Sentences of GraphQL that do not say what to do, and ours."""

MAX_MESSAGE_CHARACTERS = 1_000
"""Of GraphQL's own messages, which quote what they refuse."""

Enums = Mapping[str, Sequence[str]]
"""The values of every enum of the schema, by its name; none where the schema is not to be read."""


def format_errors(errors: Iterable[GraphQLError], enums: Enums) -> list[dict[str, Any]]:
    """Errors as an answer carries them, each with ``extensions.code``."""
    return [format_error(error, enums) for error in errors]


def with_expected(message: str, enums: Enums) -> str:
    """GraphQL's message about a value that an enum does not have, with those that it has."""
    match = UNKNOWN_VALUE.search(message)
    values = enums.get(match[1]) if match else None
    return f"{message.rstrip('.')}: use {', '.join(values)}." if values else message


def plain(message: str) -> str:
    """GraphQL's message as the server says such things: the place first, and no suggestions.

    ``operations[3].durationMs: Float cannot represent non numeric value: 'fast'``
    """
    found = MESSAGES.get(message) or SUGGESTION.sub("", message)
    place = PLACE.match(found)
    where, what = ("", found) if place is None else (place_of(place), found[place.end() :])
    wrapped = WRAPPED.fullmatch(what)
    return where + DIGITS.sub("a whole number has too many digits", wrapped[1] if wrapped else what)


def shortened(message: str) -> str:
    """A message without the middle of a long value that it quotes."""
    if len(message) <= MAX_MESSAGE_CHARACTERS:
        return message
    half = MAX_MESSAGE_CHARACTERS // 2
    return f"{message[:half]}...{message[-half:]}"


def place_of(match: re.Match[str]) -> str:
    """The variable, and the place in it."""
    name, path = match.groups()
    return f"{name}{path or ''}: "


def format_error(error: GraphQLError, enums: Enums) -> dict[str, Any]:
    """One error; what is not meant for callers is logged under an id and masked."""
    cause = root_of(error)
    formatted: dict[str, Any] = dict(error.formatted)
    if isinstance(cause, StoreError):
        formatted |= format_store_error(cause, lists_names=bool(enums))
    elif cause is None or (error.path is None and isinstance(cause, ValueError | TypeError)):
        # Of GraphQL itself: the document or its variables are not as the schema says.
        formatted["message"] = with_expected(shortened(plain(error.message)), enums)
        formatted["extensions"] = {"code": BAD_USER_INPUT}
    elif isinstance(cause, RecursionError) and error.path is None:
        formatted["message"] = "the document is nested too deeply: ask for less at once"
        formatted["extensions"] = {"code": BAD_USER_INPUT}
    else:
        id = str(new_id())
        log.error("a resolver failed", exc_info=cause, extra={"error_id": id})
        formatted["message"] = f"something went wrong in the server; its log has more under {id}"
        formatted["extensions"] = {"code": INTERNAL, "errorId": id}
    return formatted


def root_of(error: GraphQLError) -> BaseException | None:
    """The exception behind GraphQL's own wrapping; None where GraphQL itself refused."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        if isinstance(cause, GraphQLSyntaxError):
            return None
        cause = cause.original_error
    return cause


def format_store_error(error: StoreError, *, lists_names: bool = True) -> dict[str, Any]:
    """An error of the store that met an operation as a whole.

    ``lists_names`` says whether the message may list fields and values that there are.
    """
    if isinstance(error, InvalidInputError) and not lists_names:
        error = error.brief
    return {"message": error.message, "extensions": extensions_of(error)}


def extensions_of(error: StoreError) -> dict[str, Any]:
    """Code, whether a retry makes sense, and the places of a bad input."""
    found: dict[str, Any] = {"code": error.code}
    if error.retryable:
        found["retryable"] = True
    if error.path:
        found["argumentPath"] = [str(step) for step in error.path]
    if isinstance(error, InvalidInputError):
        found["problems"] = [
            {"code": p.code, "message": p.message, "path": [str(step) for step in p.path]}
            for p in error.problems
        ]
    return found
