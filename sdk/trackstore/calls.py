"""Encodes GraphQL calls and decodes their answers, for sync and async clients."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from trackstore.backoff import Backoff
from trackstore.connection import KEY_HINT, display_url, retry_after
from trackstore.errors import ServerRefusedError, ServerUnavailableError, WrongAddressError
from trackstore.versions import VERSION_HEADER, compare

RETRYABLE_STATUS = frozenset({408, 425, 429, 502, 503, 504})
WRONG_ADDRESS = frozenset({404, 405})
RETRYABLE_CODES = frozenset({"OVERLOADED", "TIMEOUT", "OUTCOME_UNKNOWN"})
FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 5.0

Json = dict[str, Any]
encode = msgspec.json.Encoder(enc_hook=str).encode


def encode_request(document: str, variables: Mapping[str, Any] | None) -> bytes:
    """Encode a call as JSON; datetimes, UUIDs and enums among the variables become text."""
    return encode({"query": document, "variables": dict(variables or {})})


def data_of(response: httpx.Response) -> Json:
    compare(response.headers.get(VERSION_HEADER))
    status = response.status_code
    try:
        answer = msgspec.json.decode(response.content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        answer = None
    if not isinstance(answer, dict):
        answer = {}
    for error in answer.get("errors") or ():
        raise error_of(error, status, retry_after(response), str(response.url))
    if status in RETRYABLE_STATUS:
        raise ServerUnavailableError(f"HTTP {status}", retry_after(response), status=status)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise WrongAddressError(
            f"{display_url(str(response.url))} is not a GraphQL endpoint of Trackstore "
            f"(HTTP {status})",
            status=status,
        )
    return data


def error_of(
    error: Mapping[str, Any], status: int = 200, after: float = 0.0, url: str = ""
) -> ServerRefusedError | ServerUnavailableError:
    message = reason = str(error.get("message", "the server gave no reason"))
    if url and status in WRONG_ADDRESS:
        message = f"{display_url(url)}: {message}"
    code = str((error.get("extensions") or {}).get("code", ""))
    if code in RETRYABLE_CODES or status in RETRYABLE_STATUS:
        return ServerUnavailableError(message, after, reason, status)
    if code == "UNAUTHENTICATED":
        message += KEY_HINT
    return ServerRefusedError(message, code, status, reason)


def connection_failure(error: httpx.TransportError, url: str) -> ServerUnavailableError:
    reason = f"{type(error).__name__}: {error}".rstrip(": ")
    return ServerUnavailableError(f"no answer of {display_url(url)}: {reason}", reason=reason)


def new_backoff() -> Backoff:
    return Backoff(FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS)
