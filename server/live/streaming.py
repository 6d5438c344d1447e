"""Stream over plain HTTP: server-sent events, and multipart for Apollo's clients."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from server.graphql.encoding import encode_answer
from server.graphql.errors import format_store_error
from server.http.bodies import GraphQLRequest
from server.http.headers import headers_of
from server.live.engine import Opened, StreamEndedError
from server.live.messages import ACCESS_CHANGED, ENDED
from server.live.sending import send_within
from server.live.server import LiveServer
from store.auth.access import Principal
from store.errors import ForbiddenError, OverloadedError, StoreError, UnauthenticatedError

EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"
STOPPING = "The server is stopping. Connect again in a moment."
MAX_END_SECONDS = 2.0
"""How long a client may take to receive the end of a stream."""
NO_BUFFERING = [
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # makes proxies pass each event on at once
]


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """Describe how answers are framed: each between ``prefix`` and ``suffix``, after ``start``."""

    content_type: bytes
    start: bytes
    prefix: bytes
    suffix: bytes
    ping: bytes
    end: bytes


SSE_FORMAT = StreamFormat(
    b"text/event-stream; charset=utf-8",
    b"",
    b"event: next\ndata: ",
    b"\n\n",
    b":\n\n",
    b"event: complete\ndata:\n\n",
)
"""GraphQL over SSE in distinct connections mode; comments keep idle connections open."""
MULTIPART_FORMAT = StreamFormat(
    b'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0',
    b"\r\n--graphql",
    b'\r\ncontent-type: application/json\r\n\r\n{"payload":',
    b"}\r\n--graphql",
    b"\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql",
    b"--\r\n",
)
"""Apollo's multipart subscription protocol, version 1.0.

The boundary follows each part at once, because it tells the client that the part is complete.
"""


def stream_format_of(accept: str) -> StreamFormat | None:
    for part in accept.lower().split(","):
        name = part.split(";", 1)[0].strip()
        if name == EVENT_STREAM:
            return SSE_FORMAT
        if name == MULTIPART and "subscriptionspec" in part.replace(" ", ""):
            return MULTIPART_FORMAT
    return None


def stream_of(form: StreamFormat, answer: dict[str, Any]) -> tuple[Message, Message]:
    """Return the head and body of a stream with one answer.

    Used for errors that would have status 200: stream clients do not read JSON bodies, and GraphQL over
    SSE requires it.
    """
    parts = form.start, form.prefix, encode_answer(answer), form.suffix, form.end
    return head_of(form), {"type": "http.response.body", "body": b"".join(parts)}


def head_of(form: StreamFormat) -> Message:
    headers = [(b"content-type", form.content_type), *NO_BUFFERING]
    return {"type": "http.response.start", "status": 200, "headers": headers}


class HttpStream:
    def __init__(
        self, live: LiveServer, form: StreamFormat, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._live = live
        self._form = form
        self._scope = scope
        self._receive = receive
        self._send = send
        self._granted: Principal | None = None
        self._access: asyncio.Future[StoreError] = asyncio.get_running_loop().create_future()
        """Resolves with the error that ends the stream, once the key has changed."""
        self._task: asyncio.Task[None] | None = None
        self._has_head = False
        """Whether the response head was sent."""

    async def run(self, request: GraphQLRequest, principal: Principal) -> None:
        """Stream the answers; raise ``DocumentRefusedError`` or a ``StoreError`` before anything is sent."""
        self._live.enter(self, self._end, principal.bounds.organization_id)
        authenticator, scope = self._live.authenticator, self._scope
        try:
            headers, client = headers_of(scope), scope.get("client")
            self._granted = principal = await authenticator.renew(principal, headers, client)
            subscription = authenticator.subscribe(principal, self._access_changed)
            name = self._live.begin(principal)
            try:
                may_write = scope["method"] == "POST"
                opened = await self._live.engine.open(request, principal, may_write=may_write)
                async with aclosing(opened.answers):
                    await self._serve(opened)
            finally:
                self._live.finish(name)
                authenticator.unsubscribe(subscription)
        finally:
            self._live.leave(self)

    def _access_changed(self, principal: Principal | None) -> None:
        if self._access.done():
            return
        if principal is None:
            self._access.set_result(UnauthenticatedError(ENDED))
        elif self._granted is None or not self._granted.grants_as(principal):
            self._access.set_result(ForbiddenError(ACCESS_CHANGED))

    async def _serve(self, opened: Opened) -> None:
        if self._live.draining.is_set():
            raise OverloadedError(STOPPING)
        self._task = asyncio.create_task(self._write(opened.answers), name="live-stream")
        disconnected = asyncio.create_task(self._gone(), name="live-client")
        done, _ = await asyncio.wait(
            (self._task, disconnected), return_when=asyncio.FIRST_COMPLETED
        )
        for task in (self._task, disconnected):
            task.cancel()
            with suppress(asyncio.CancelledError, OSError, TimeoutError):
                await task
        if disconnected not in done and not self._has_head:
            raise OverloadedError(STOPPING)  # stopped before the first byte
        if disconnected not in done:
            # An aborted stream is not completed, so that its client reconnects.
            with suppress(OSError, TimeoutError):
                ending = self._send({"type": "http.response.body", "body": b""})
                await send_within(MAX_END_SECONDS, ending)

    async def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _write(self, answers: AsyncGenerator[str]) -> None:
        form = self._form
        await self._send(head_of(form))
        self._has_head = True
        if form.start:
            await self._part(form.start)
        try:
            await self._follow(answers)
        except StreamEndedError as broken:
            await self._body(encode_answer({"errors": broken.errors}).decode())
        except StoreError as error:
            await self._body(encode_answer({"errors": [format_store_error(error)]}).decode())
        await self._part(form.end)

    async def _follow(self, answers: AsyncGenerator[str]) -> None:
        """Send answers as they come, and a ping after each silence."""
        upcoming: asyncio.Task[str] | None = None
        try:
            while True:
                upcoming = upcoming or asyncio.ensure_future(anext(answers))
                done, _ = await asyncio.wait(
                    (upcoming, self._access),
                    timeout=self._live.settings.ping_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if self._access.done():
                    raise self._access.result()
                if not done:
                    await self._part(self._form.ping)
                    continue
                try:
                    answer = upcoming.result()
                except StopAsyncIteration:
                    return
                upcoming = None
                await self._body(answer)
        finally:
            if upcoming is not None:
                upcoming.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration):
                    await upcoming

    async def _body(self, answer: str) -> None:
        await self._part(b"%b%b%b" % (self._form.prefix, answer.encode(), self._form.suffix))
        self._live.sent += 1

    async def _part(self, content: bytes) -> None:
        sending = self._send({"type": "http.response.body", "body": content, "more_body": True})
        await send_within(self._live.settings.stall_seconds, sending)
