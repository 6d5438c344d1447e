"""One try to send a batch: GraphQL over HTTP, compressed, and what its answer means."""

import gzip
import re
import ssl
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import httpx
import msgspec
from msgspec import Struct

from trackstore.connection import KEY_HINT, address_of, options_of, retry_after
from trackstore.delivery.drops import TOO_LARGE
from trackstore.delivery.outcomes import (
    BAD_USER_INPUT,
    INTERNAL,
    RETRYABLE_CODES,
    Answered,
    ItemResult,
    Later,
    Outcome,
    Unfit,
)
from trackstore.documents import INGEST, TRACK
from trackstore.settings import Settings
from trackstore.versions import VERSION_HEADER, compare

DROPPED_HEADER = "X-Trackstore-Dropped"
"""Tells the server what this client had to drop since it last said so: ``QUEUE_FULL=3, INVALID=1``."""
COMPRESSION_LEVEL = 1
"""A third of the time of the usual level, for a tenth more bytes."""
LATER_STATUS = frozenset({408, 425, 429, 502, 503, 504})
LASTING_STATUS = frozenset({401, 404, 405, 406, 407, 415, 421})
CONTENT_STATUS = frozenset({400, 403, 422})
"""Refusals that may be about one item: those of a proxy that looks into bodies, too."""
PLACE = re.compile(r"\b(?:entries|operations)\[(\d+)\]")
"""How an error of the whole call names an item."""
ENTRIES = b'{"query":%b,"variables":{"entries":[' % msgspec.json.encode(INGEST)
OPERATIONS = b'{"query":%b,"variables":{"operations":[' % msgspec.json.encode(TRACK)
OPERATION = b'{"operation":'
"""Begins an entry that is an operation; a brace ends it."""


class _Error(Struct):
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
    errors: list[_Error] | None = None


_decode = msgspec.json.Decoder(_Body).decode


class Transport:
    """The connection of one process to its server. Made anew in a forked child."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http: httpx.Client | None = None
        self.was_heard = False
        """Whether the last call was answered with 200: then its report of drops counts."""

    def send(self, items: Sequence[bytes], dropped: Counter[str] | None = None) -> Outcome:
        """Try once to send these items; ``was_heard`` says whether the server heard the rest, too."""
        self.was_heard = False
        body = body_of(items)
        headers = {}
        least = self._settings.compress_from_bytes
        if least and len(body) >= least:
            body = gzip.compress(body, COMPRESSION_LEVEL)
            headers["Content-Encoding"] = "gzip"
        if dropped:
            told = (f"{reason}={count}" for reason, count in sorted(dropped.items()))
            headers[DROPPED_HEADER] = ", ".join(told)
        try:
            response = self._client().post(self._settings.url, content=body, headers=headers)
        except (httpx.TransportError, ssl.SSLError, OSError) as error:
            outcome: Outcome = Later(f"{type(error).__name__}: {error}".rstrip(": "), "CONNECTION")
        else:
            compare(response.headers.get(VERSION_HEADER))
            self.was_heard = response.status_code == httpx.codes.OK
            outcome = outcome_of(response)
        if isinstance(outcome, Later):
            return replace(outcome, problem=self._told(outcome))
        return outcome

    def _told(self, failure: Later) -> str:
        """Why a batch waits, at which address, and what sets the key where that is what is wrong."""
        hint = KEY_HINT if failure.code == "UNAUTHENTICATED" else ""
        return f"{address_of(self._settings.url)}: {failure.problem}{hint}"

    def close(self) -> None:
        """Close the connection; the next ``send`` makes a new one."""
        client, self._http = self._http, None
        if client is not None:
            client.close()

    def _client(self) -> httpx.Client:
        if self._http is None:
            self._http = httpx.Client(**options_of(self._settings))
        return self._http


def body_of(items: Sequence[bytes]) -> bytes:
    """The call as JSON. A batch of operations alone takes the way that the server has made for them."""
    if all(item.startswith(OPERATION) for item in items):
        within = slice(len(OPERATION), -1)
        return b"%b%b]}}" % (OPERATIONS, b",".join([item[within] for item in items]))
    return b"%b%b]}}" % (ENTRIES, b",".join(items))


def outcome_of(response: httpx.Response) -> Outcome:
    """What an answer to a batch means."""
    status = response.status_code
    try:
        body = _decode(response.content)
    except (msgspec.MsgspecError, ValueError):
        body = _Body()
    payload = None if body.data is None else body.data.ingest or body.data.track_operations
    if payload is not None:
        return Answered(payload.results, payload.truncated)
    error = body.errors[0] if body.errors else None
    code = str(((error and error.extensions) or {}).get("code", ""))
    problem = f"{code or f'HTTP {status}'}: {error.message}" if error else f"HTTP {status}"
    if status == 413:
        return Unfit(TOO_LARGE, problem)
    if status in LATER_STATUS or code in RETRYABLE_CODES:
        return Later(problem, code or f"HTTP_{status}", retry_after(response))
    if code in ("UNAUTHENTICATED", "FORBIDDEN") or status in LASTING_STATUS:
        return Later(problem, code or f"HTTP_{status}", retry_after(response), is_lasting=True)
    if code == BAD_USER_INPUT or (status in CONTENT_STATUS and code != INTERNAL):
        places = sorted({int(n) for e in body.errors or () for n in PLACE.findall(e.message)})
        return Unfit(code or f"HTTP_{status}", problem, places)
    if status >= 500 or code:
        return Later(problem, code or f"HTTP_{status}", retry_after(response), is_internal=True)
    what = f"HTTP {status} without an answer of Trackstore: is the address right?"
    return Later(what, f"HTTP_{status}", is_lasting=True)
