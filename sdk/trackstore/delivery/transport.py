"""Sends one batch as compressed GraphQL over HTTP, and interprets the answer."""

import gzip
import re
import ssl
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import httpx
import msgspec
from msgspec import Struct

from trackstore.connection import KEY_HINT, client_options, display_url, retry_after
from trackstore.delivery.delivery_stats import TOO_LARGE
from trackstore.delivery.outcomes import (
    BAD_USER_INPUT,
    INTERNAL,
    RETRYABLE_CODES,
    BatchApplied,
    BatchRejected,
    ItemResult,
    Outcome,
    RetryLater,
)
from trackstore.documents import INGEST, TRACK
from trackstore.settings import Settings
from trackstore.versions import VERSION_HEADER, compare

DROPPED_HEADER = "X-Trackstore-Dropped"
"""Reports drops since the last report to the server: ``QUEUE_FULL=3, INVALID=1``."""
COMPRESSION_LEVEL = 1
"""A third of the time of the default level, for a tenth more bytes."""
RETRY_STATUS_CODES = frozenset({408, 425, 429, 502, 503, 504})
CONFIGURATION_STATUS_CODES = frozenset({401, 404, 405, 406, 407, 415, 421})
CONTENT_STATUS_CODES = frozenset({400, 403, 422})
"""Errors that may be about one item, also those of a proxy that inspects bodies."""
ITEM_INDEX = re.compile(r"\b(?:entries|operations)\[(\d+)\]")
"""Names an item in an error of the whole call."""
INGEST_PREFIX = b'{"query":%b,"variables":{"entries":[' % msgspec.json.encode(INGEST)
TRACK_PREFIX = b'{"query":%b,"variables":{"operations":[' % msgspec.json.encode(TRACK)
OPERATION_PREFIX = b'{"operation":'
"""Prefix of an entry that is an operation."""


class _GraphQLError(Struct):
    message: str = ""
    extensions: dict[str, object] | None = None


class _Payload(Struct):
    results: list[ItemResult]
    truncated: int = 0


class _Data(Struct, rename="camel"):
    ingest: _Payload | None = None
    track_operations: _Payload | None = None


class _Body(Struct):
    data: _Data | None = None
    errors: list[_GraphQLError] | None = None


_decode = msgspec.json.Decoder(_Body).decode


class Transport:
    """HTTP connection of one process. A forked child creates its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http: httpx.Client | None = None
        self.is_acknowledged = False
        """Whether the last call was answered with 200, so that its drop report counts."""

    def send(self, items: Sequence[bytes], dropped: Counter[str] | None = None) -> Outcome:
        """Send items once; ``is_acknowledged`` says whether the drop report was received."""
        self.is_acknowledged = False
        body = encode_batch(items)
        headers = {}
        min_bytes = self._settings.compress_from_bytes
        if min_bytes and len(body) >= min_bytes:
            body = gzip.compress(body, COMPRESSION_LEVEL)
            headers["Content-Encoding"] = "gzip"
        if dropped:
            report = (f"{reason}={count}" for reason, count in sorted(dropped.items()))
            headers[DROPPED_HEADER] = ", ".join(report)
        try:
            response = self._client().post(self._settings.url, content=body, headers=headers)
        except (httpx.TransportError, ssl.SSLError, OSError) as error:
            outcome: Outcome = RetryLater(
                f"{type(error).__name__}: {error}".rstrip(": "), "CONNECTION"
            )
        else:
            compare(response.headers.get(VERSION_HEADER))
            self.is_acknowledged = response.status_code == httpx.codes.OK
            outcome = outcome_of(response)
        if isinstance(outcome, RetryLater):
            return replace(outcome, problem=self._with_address(outcome))
        return outcome

    def _with_address(self, failure: RetryLater) -> str:
        hint = KEY_HINT if failure.code == "UNAUTHENTICATED" else ""
        return f"{display_url(self._settings.url)}: {failure.problem}{hint}"

    def close(self) -> None:
        client, self._http = self._http, None
        if client is not None:
            client.close()

    def _client(self) -> httpx.Client:
        if self._http is None:
            self._http = httpx.Client(**client_options(self._settings))
        return self._http


def encode_batch(items: Sequence[bytes]) -> bytes:
    """Encode a batch as JSON. Operations alone use ``trackOperations``, which is faster."""
    if all(item.startswith(OPERATION_PREFIX) for item in items):
        within = slice(len(OPERATION_PREFIX), -1)
        return b"%b%b]}}" % (TRACK_PREFIX, b",".join([item[within] for item in items]))
    return b"%b%b]}}" % (INGEST_PREFIX, b",".join(items))


def outcome_of(response: httpx.Response) -> Outcome:
    status = response.status_code
    try:
        body = _decode(response.content)
    except (msgspec.MsgspecError, ValueError):
        body = _Body()
    payload = None if body.data is None else body.data.ingest or body.data.track_operations
    if payload is not None:
        return BatchApplied(payload.results, payload.truncated)
    error = body.errors[0] if body.errors else None
    code = str(((error and error.extensions) or {}).get("code", ""))
    problem = f"{code or f'HTTP {status}'}: {error.message}" if error else f"HTTP {status}"
    if status == 413:
        return BatchRejected(TOO_LARGE, problem)
    if status in RETRY_STATUS_CODES or code in RETRYABLE_CODES:
        return RetryLater(problem, code or f"HTTP_{status}", retry_after(response))
    if code in ("UNAUTHENTICATED", "FORBIDDEN") or status in CONFIGURATION_STATUS_CODES:
        return RetryLater(problem, code or f"HTTP_{status}", retry_after(response), is_lasting=True)
    if code == BAD_USER_INPUT or (status in CONTENT_STATUS_CODES and code != INTERNAL):
        indexes = sorted({int(n) for e in body.errors or () for n in ITEM_INDEX.findall(e.message)})
        return BatchRejected(code or f"HTTP_{status}", problem, indexes)
    if status >= 500 or code:
        return RetryLater(
            problem, code or f"HTTP_{status}", retry_after(response), is_internal=True
        )
    summary = f"HTTP {status} without a Trackstore response. Check the URL."
    return RetryLater(summary, f"HTTP_{status}", is_lasting=True)
