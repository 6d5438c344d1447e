"""Streams over plain HTTP: server-sent events, and multipart as Apollo's clients ask for it."""

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
from server.live.engine import Opened, StreamBrokenError
from server.live.messages import ACCESS_CHANGED, ENDED
from server.live.sending import within
from server.live.server import LiveServer
from store.auth.access import Principal
from store.errors import ForbiddenError, OverloadedError, StoreError, UnauthenticatedError

EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"
STOPPING = "the server is stopping: connect again in a moment"
END_SECONDS = 2.0
"""How long a client may take to take the end of a stream."""
NO_BUFFERING = [
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # proxies that know it pass each event on at once
]


@dataclass(frozen=True, slots=True)
class Form:
    """How answers are written: each one between ``before`` and ``after``, after ``start``."""

    content_type: bytes
    start: bytes
    before: bytes
    after: bytes
    ping: bytes
    end: bytes


SSE = Form(
    b"text/event-stream; charset=utf-8",
    b"",
    b"event: next\ndata: ",
    b"\n\n",
    b":\n\n",
    b"event: complete\ndata:\n\n",
)
"""GraphQL over SSE, the mode of distinct connections; a comment keeps idle ones open."""
PARTS = Form(
    b'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0',
    b"\r\n--graphql",
    b'\r\ncontent-type: application/json\r\n\r\n{"payload":',
    b"}\r\n--graphql",
    b"\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql",
    b"--\r\n",
)
"""Apollo's protocol of subscriptions over multipart HTTP, version 1.0.

The boundary follows each part at once: a client knows only by it that the part is whole.
"""


def form_of(accept: str) -> Form | None:
    """The form of stream that a client takes, the first it names; None where it takes none."""
    for part in accept.lower().split(","):
        name = part.split(";", 1)[0].strip()
        if name == EVENT_STREAM:
            return SSE
        if name == MULTIPART and "subscriptionspec" in part.replace(" ", ""):
            return PARTS
    return None


def stream_of(form: Form, answer: dict[str, Any]) -> tuple[Message, Message]:
    """Return a whole stream of one answer: its head and its body.

    It carries errors that would be answered with status 200: a client that reads a stream does not
    find them in a JSON body, and GraphQL over SSE asks for it as well.
    """
    parts = form.start, form.before, encode_answer(answer), form.after, form.end
    return head_of(form), {"type": "http.response.body", "body": b"".join(parts)}


def head_of(form: Form) -> Message:
    """Return the head of a streamed answer."""
    headers = [(b"content-type", form.content_type), *NO_BUFFERING]
    return {"type": "http.response.start", "status": 200, "headers": headers}


class HttpStream:
    """One streaming answer."""

    def __init__(
        self, live: LiveServer, form: Form, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._live = live
        self._form = form
        self._scope = scope
        self._receive = receive
        self._send = send
        self._granted: Principal | None = None
        self._access: asyncio.Future[StoreError] = asyncio.get_running_loop().create_future()
        """Done when the key has changed: with the error that ends the stream."""
        self._task: asyncio.Task[None] | None = None
        self._has_head = False
        """Whether the head of the answer was sent."""

    async def run(self, asked: GraphQLRequest, principal: Principal) -> None:
        """Stream the answers; raises ``DocumentRefusedError`` or a ``StoreError`` before anything is sent."""
        self._live.enter(self, self._end, principal.bounds.organization_id)
        authenticator, scope = self._live.authenticator, self._scope
        try:
            headers, client = headers_of(scope), scope.get("client")
            self._granted = principal = await authenticator.renew(principal, headers, client)
            watch = authenticator.watch(principal, self._access_changed)
            name = self._live.begin(principal)
            try:
                may_write = scope["method"] == "POST"
                opened = await self._live.engine.open(asked, principal, may_write=may_write)
                async with aclosing(opened.answers):
                    await self._serve(opened)
            finally:
                self._live.finish(name)
                authenticator.unwatch(watch)
        finally:
            self._live.leave(self)

    def _access_changed(self, principal: Principal | None) -> None:
        """End the stream with an error unless the key still grants the same."""
        if self._access.done():
            return
        if principal is None:
            self._access.set_result(UnauthenticatedError(ENDED))
        elif self._granted is None or not self._granted.grants_as(principal):
            self._access.set_result(ForbiddenError(ACCESS_CHANGED))

    async def _serve(self, opened: Opened) -> None:
        """Write until the stream has ended or the client has gone."""
        if self._live.draining.is_set():
            raise OverloadedError(STOPPING)
        self._task = asyncio.create_task(self._write(opened.answers), name="live-stream")
        gone = asyncio.create_task(self._gone(), name="live-client")
        done, _ = await asyncio.wait((self._task, gone), return_when=asyncio.FIRST_COMPLETED)
        for task in (self._task, gone):
            task.cancel()
            with suppress(asyncio.CancelledError, OSError, TimeoutError):
                await task
        if gone not in done and not self._has_head:
            raise OverloadedError(STOPPING)  # the stop came before the first byte
        if gone not in done:
            # A stream that is cut off is not completed: its client comes back.
            with suppress(OSError, TimeoutError):
                ending = self._send({"type": "http.response.body", "body": b""})
                await within(END_SECONDS, ending)

    async def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _gone(self) -> None:
        """Return when the client has gone."""
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
        except StreamBrokenError as broken:
            await self._body(encode_answer({"errors": broken.errors}).decode())
        except StoreError as error:
            await self._body(encode_answer({"errors": [format_store_error(error)]}).decode())
        await self._part(form.end)

    async def _follow(self, answers: AsyncGenerator[str]) -> None:
        """Send what comes; where nothing comes for a while, a sign of life."""
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
        await self._part(b"%b%b%b" % (self._form.before, answer.encode(), self._form.after))
        self._live.sent += 1

    async def _part(self, content: bytes) -> None:
        sending = self._send({"type": "http.response.body", "body": content, "more_body": True})
        await within(self._live.settings.stall_seconds, sending)
