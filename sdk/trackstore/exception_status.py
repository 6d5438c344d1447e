"""Maps exceptions to the HTTP status and error text that a call is recorded with."""

import asyncio
from collections.abc import Iterator, Mapping

from trackstore.failures import message_of

SERVER_ERROR_STATUS = 500
MAX_NAMED_EXCEPTIONS = 3
"""Exceptions of a group that are described."""

STATUS_BY_EXCEPTION: Mapping[str, str | int] = {
    "starlette.exceptions.HTTPException": "status_code",
    "werkzeug.exceptions.HTTPException": "code",
    "litestar.exceptions.http_exceptions.HTTPException": "status_code",
    "django.http.response.Http404": 404,
    "django.core.exceptions.PermissionDenied": 403,
    "django.core.exceptions.BadRequest": 400,
    "django.core.exceptions.SuspiciousOperation": 400,
    "django.http.multipartparser.MultiPartParserError": 400,
    "rest_framework.exceptions.APIException": "status_code",
    "aiohttp.web_exceptions.HTTPException": "status",
}
"""Exceptions that frameworks answer, by class name: the status, or the attribute that holds it. The
attribute alone proves nothing: HTTP clients raise errors with the ``status_code`` of another
service."""
DISCONNECT_EXCEPTIONS = frozenset(
    {
        "starlette.requests.ClientDisconnect",
        "django.core.exceptions.RequestAborted",
        "anyio.BrokenResourceError",
        "anyio.ClosedResourceError",
        "anyio.EndOfStream",
    }
)
"""Exceptions of a disconnected caller, in addition to ``OSError``."""

WRAPPER_EXCEPTIONS = frozenset({"litestar.exceptions.base_exceptions.LitestarException"})
"""Exceptions that a framework raises from the one of the service, which is described instead."""


def status_and_error(error: BaseException) -> tuple[int, str | None]:
    """Return status and error text of an exception; the text is None below status 500."""
    status = answer_status(error)
    if status is None:
        return SERVER_ERROR_STATUS, describe(error)
    return status, describe(error) if status >= SERVER_ERROR_STATUS else None


def answer_status(error: BaseException) -> int | None:
    """Return the status that a framework answers the exception with, or None."""
    for known in type(error).__mro__:
        status_source = STATUS_BY_EXCEPTION.get(_name_of(known))
        if status_source is None:
            continue
        status = (
            getattr(error, status_source, None) if isinstance(status_source, str) else status_source
        )
        if status is None:  # werkzeug: abort(response)
            status = getattr(getattr(error, "response", None), "status_code", None)
        if isinstance(status, int) and 100 <= status < 600:
            return int(status)
    return None


def is_cancelled(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_cancelled, error.exceptions))
    return isinstance(error, asyncio.CancelledError | GeneratorExit)


def is_disconnect(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_disconnect, error.exceptions))
    if isinstance(error, OSError) or is_cancelled(error):
        return True
    return any(_name_of(known) in DISCONNECT_EXCEPTIONS for known in type(error).__mro__)


def describe(error: BaseException) -> str:
    """Return an exception as one line: ``ValueError: no such lesson``.

    A group with one exception is described as that exception; a larger group lists its members.
    """
    leaves = [leaf for leaf, _ in zip(_leaves(error), range(MAX_NAMED_EXCEPTIONS), strict=False)]
    if len(leaves) == 1:
        error = leaves[0]
    name, message = type(error).__name__, message_of(error)
    line = name if message == name else f"{name}: {message}"
    return line if len(leaves) == 1 else f"{line}: {'; '.join(map(describe, leaves))}"


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    elif _name_of(type(error)) in WRAPPER_EXCEPTIONS and error.__cause__ is not None:
        yield from _leaves(error.__cause__)
    else:
        yield error


def _name_of(known: type) -> str:
    return f"{known.__module__.partition('._')[0]}.{known.__qualname__}"
