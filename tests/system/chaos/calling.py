"""One call over HTTP, and what its caller knows afterwards: taken, refused, or unknown."""

import asyncio
import random
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import httpx

from tests.support.processes import Json

ANSWER_SECONDS = 6.0
"""After this a caller gives a call up: it does not know what became of it."""
CONNECT_SECONDS = 2.0
PAUSE_SECONDS = (0.02, 0.4)
"""Between two tries."""
RETRYABLE_CODES = {"OVERLOADED", "TIMEOUT", "OUTCOME_UNKNOWN"}
NOTHING_HAPPENED = (httpx.ConnectError, httpx.ConnectTimeout)


class Outcome(Enum):
    """What a caller knows of one try."""

    TAKEN = auto()
    REFUSED = auto()
    UNKNOWN = auto()
    NOT_SENT = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a call, and its answer."""

    outcome: Outcome
    begin: float
    end: float
    data: Json = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    message: str = ""

    @property
    def is_final(self) -> bool:
        """Whether the call must not be sent again."""
        return self.outcome in {Outcome.TAKEN, Outcome.REFUSED}


class Caller:
    """Calls the servers of one installation with the key of one organization."""

    def __init__(self, urls: list[str], key: str, dice: random.Random) -> None:
        self._dice = dice
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        headers = {"Authorization": f"Bearer {key}"}
        self._clients = [
            httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout) for url in urls
        ]

    async def attempt(
        self, document: str, variables: Json, seconds: float | None = None
    ) -> Attempt:
        """Send a document once, to any of the servers."""
        loop = asyncio.get_running_loop()
        http = self._dice.choice(self._clients)
        begin = loop.time()
        try:
            async with asyncio.timeout(seconds):
                response = await http.post(
                    "/graphql", json={"query": document, "variables": variables}
                )
        except NOTHING_HAPPENED as error:
            return Attempt(Outcome.NOT_SENT, begin, loop.time(), message=repr(error))
        except (httpx.TransportError, TimeoutError) as error:
            return Attempt(Outcome.UNKNOWN, begin, loop.time(), message=repr(error))
        return _attempt_of(response, begin, loop.time())

    async def pause(self) -> None:
        """Wait before the next try."""
        await asyncio.sleep(self._dice.uniform(*PAUSE_SECONDS))

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.aclose()


def _attempt_of(response: httpx.Response, begin: float, end: float) -> Attempt:
    try:
        body: Any = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or ("errors" not in body and "data" not in body):
        is_busy = response.status_code in {408, 429, 502, 503, 504}
        outcome = Outcome.UNKNOWN if is_busy else Outcome.REFUSED
        message = f"{response.status_code} {response.text[:200]}"
        return Attempt(outcome, begin, end, codes=("HTTP",), message=message)
    errors = body.get("errors") or []
    if not errors:
        return Attempt(Outcome.TAKEN, begin, end, body["data"])
    codes = tuple(str(error.get("extensions", {}).get("code")) for error in errors)
    outcome = Outcome.UNKNOWN if set(codes) <= RETRYABLE_CODES else Outcome.REFUSED
    return Attempt(outcome, begin, end, codes=codes, message=str(errors[0].get("message")))
