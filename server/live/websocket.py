"""Serve GraphQL over WebSocket with the graphql-transport-ws protocol."""

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

from starlette.types import Receive, Scope, Send

from server.access.admission import TooManyWrongKeysError
from server.access.authentication import CREDENTIALS
from server.graphql.encoding import encode_answer
from server.graphql.errors import format_store_error
from server.http.bodies import GraphQLRequest, HttpError
from server.http.headers import headers_of
from server.live.engine import DocumentRefusedError, StreamEndedError
from server.live.messages import (
    ACCESS_CHANGED,
    ENDED,
    MAX_CONTROL_CHARACTERS,
    PROTOCOL,
    Close,
    ConnectionClosedError,
    Message,
    next_message_prefix,
    read_message,
    write,
)
from server.live.sending import send_within
from server.live.server import LiveServer
from server.transport.websockets import ACCEPTED
from store.auth.access import Principal
from store.auth.revocation import CredentialSubscription
from store.errors import ForbiddenError, OverloadedError, StoreError, UnauthenticatedError

MAX_END_SECONDS = 2.0
"""How long a client may take to receive the end of a connection."""


class WebsocketConnection:
    def __init__(self, live: LiveServer, scope: Scope, receive: Receive, send: Send) -> None:
        self._live = live
        self._settings = live.settings
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers = headers_of(scope)
        self._principal: Principal | None = None
        self._key_subscription: CredentialSubscription | None = None
        self._acknowledged = False
        self._closed = self._dropped = False
        self._main: asyncio.Task[Any] | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._streaming: set[str] = set()
        """Ids of running subscriptions."""
        self._ends: set[asyncio.Task[None]] = set()
        """Tasks that send the end of an operation."""

    async def run(self) -> None:
        await self._receive()  # the handshake
        try:
            self._live.check_free_space()
        except OverloadedError as error:
            await self._reject(error)
            return
        self._main = asyncio.current_task()
        address = (self._scope.get("client") or ("",))[0]
        self._live.pending.enter(address, self, self._evict)
        try:
            await self._serve()
        except ConnectionClosedError as ended:
            await self._close(ended.code, ended.reason)
        except OSError:
            pass  # the client has disconnected
        except asyncio.CancelledError:
            if not self._dropped:
                raise
        finally:
            self._closed = True
            if self._key_subscription is not None:
                self._live.authenticator.unsubscribe(self._key_subscription)
            self._live.pending.leave(self)
            self._live.leave(self)
            await self._cancel()

    async def _serve(self) -> None:
        if PROTOCOL not in self._scope.get("subprotocols", ()):
            await self._send({"type": "websocket.accept"})
            raise ConnectionClosedError(Close.NO_SUBPROTOCOL, f"the subprotocol must be {PROTOCOL}")
        await self._send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        try:
            async with asyncio.timeout(self._settings.init_seconds):
                while not self._acknowledged:
                    if not await self._take():
                        return
        except TimeoutError:
            raise ConnectionClosedError(
                Close.INIT_TIMEOUT, "connection initialisation timeout"
            ) from None
        while await self._take():
            pass

    async def _take(self) -> bool:
        received = await self._receive()
        if received["type"] == "websocket.disconnect":
            return False
        text = received.get("text")
        if not self._acknowledged and text is not None and len(text) > MAX_CONTROL_CHARACTERS:
            raise ConnectionClosedError(Close.TOO_LARGE, "send connection_init first")
        await self._handle(read_message(text, self._live.reader.bounds.json_values))
        return True

    async def _handle(self, message: Message) -> None:
        if self._closed:
            return  # sent before the client knew of the end
        match message.type:
            case "connection_init":
                await self._init(message.payload)
            case "ping":
                await self._text(write("pong", payload=message.payload))
            case "subscribe":
                self._subscribe(message)
            case "complete":
                task = self._operations.pop(message.id, None)
                self._streaming.discard(message.id)
                if task is not None:
                    task.cancel()
            case _:
                pass  # a pong

    async def _init(self, payload: dict[str, Any] | None) -> None:
        if self._acknowledged:
            raise ConnectionClosedError(Close.INIT_AGAIN, "too many initialisation requests")
        # Browsers cannot set headers on a WebSocket, so the payload may carry them.
        texts = {k.lower(): v for k, v in (payload or {}).items() if isinstance(v, str)}
        # Only keys: Origin and cookies must come from the browser itself.
        keys = {name: value for name, value in texts.items() if name in CREDENTIALS}
        self._headers = {**self._headers, **keys}
        try:
            self._principal = await self._authenticate()
        except StoreError as error:
            raise ConnectionClosedError(Close.BUSY, error.message) from None
        if self._closed:
            return  # another socket took its place meanwhile
        self._key_subscription = self._live.authenticator.subscribe(
            self._principal, self._access_changed
        )
        self._take_place()
        await self._text(write("connection_ack"))

    def _take_place(self) -> None:
        self._live.pending.leave(self)
        assert self._principal is not None
        try:
            self._live.enter(self, self._restart, self._principal.bounds.organization_id)
        except OverloadedError as error:
            raise ConnectionClosedError(Close.BUSY, error.message) from None
        self._acknowledged = True
        accepted = (self._scope.get("extensions") or {}).get(ACCEPTED)
        if accepted is not None:
            accepted()

    def _evict(self) -> None:
        if self._live.draining.is_set():
            self._send_later(self._restart())
        else:
            reason = "too many connections from this address are waiting for connection_init"
            self._send_later(self._close(Close.BUSY, reason))

    async def _authenticate(self) -> Principal:
        """Return the socket's principal; raise ``ConnectionClosedError`` once its key has expired."""
        try:
            client = self._scope.get("client")
            principal = await self._live.authenticator.authenticate(self._headers, client)
        except (UnauthenticatedError, TooManyWrongKeysError) as error:
            raise ConnectionClosedError(Close.UNAUTHORIZED, error.message) from None
        # An open server treats an expired cookie as none.
        if self._principal is not None and principal.key_id != self._principal.key_id:
            raise ConnectionClosedError(Close.UNAUTHORIZED, ENDED)
        return principal

    async def _authorize(self) -> Principal:
        principal = await self._authenticate()
        if principal != self._principal:
            self._access_changed(principal)
        return principal

    def _access_changed(self, principal: Principal | None) -> None:
        if self._closed:
            return
        if principal is None:
            self._revoke()
            return
        former_principal, self._principal = self._principal, principal
        if former_principal is None or not former_principal.grants_as(principal):
            for id in tuple(self._streaming):
                self._operations.pop(id).cancel()
                self._streaming.discard(id)
                error = format_store_error(ForbiddenError(ACCESS_CHANGED))
                self._send_later(self._say(write("error", id, [error])))

    def _revoke(self) -> None:
        for task in self._operations.values():
            task.cancel()
        self._operations.clear()
        self._streaming.clear()
        self._closed = True
        self._send_later(self._send_close(Close.UNAUTHORIZED, ENDED))

    def _send_later(self, sending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(sending, name="live-end")
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def _say(self, text: str) -> None:
        try:
            await self._text(text)
        except (OSError, ConnectionClosedError):
            self._closed = True

    def _subscribe(self, message: Message) -> None:
        if not self._acknowledged:
            raise ConnectionClosedError(
                Close.UNAUTHORIZED, "Unauthorized: send connection_init first"
            )
        if message.id in self._operations:
            raise ConnectionClosedError(Close.TAKEN, f"Subscriber for {message.id} already exists")
        assert message.request is not None
        task = asyncio.create_task(
            self._operate(message.id, message.request), name="live-operation"
        )
        self._operations[message.id] = task
        task.add_done_callback(lambda done: self._forget(message.id, done))

    def _forget(self, id: str, done: asyncio.Task[None]) -> None:
        if self._operations.get(id) is done:
            del self._operations[id]
            self._streaming.discard(id)

    async def _operate(self, id: str, request: GraphQLRequest) -> None:
        """Stream one operation; its failure does not affect the others."""
        try:
            await self._stream(id, request)
        except DocumentRefusedError as refused:
            await self._end_operation(id, write("error", id, refused.errors))
        except StreamEndedError as broken:
            await self._end_operation(id, write("error", id, broken.errors))
        except StoreError as error:
            await self._end_operation(id, write("error", id, [format_store_error(error)]))
        except ConnectionClosedError as ended:
            for operation in self._operations.values():
                if operation is not asyncio.current_task():
                    operation.cancel()
            await self._close(ended.code, ended.reason)
        except OSError:
            self._closed = True  # the client has disconnected: the reader learns it, too
        else:
            await self._end_operation(id, write("complete", id))

    async def _stream(self, id: str, request: GraphQLRequest) -> None:
        if len(self._operations) > self._settings.per_connection:
            raise OverloadedError(
                f"A connection must not exceed {self._settings.per_connection:,} streaming operations. "
                "Complete some of them."
            )
        principal = await self._authorize()
        try:
            request = self._live.reader.admit(request)
        except HttpError as refusal:
            raise DocumentRefusedError(refusal.body["errors"]) from None
        name = self._live.begin(principal)
        prefix = next_message_prefix(id)
        try:
            opened = await self._live.engine.open(request, principal)
            async with aclosing(opened.answers):
                if opened.is_live:
                    self._follow(id, principal)
                async for answer in opened.answers:
                    await self._text(f"{prefix}{answer}}}")
                    self._live.sent += 1
        finally:
            self._live.finish(name)

    def _follow(self, id: str, principal: Principal) -> None:
        """End this subscription when the key changes, which may have happened while it began."""
        assert self._principal is not None
        if not principal.grants_as(self._principal):
            raise ForbiddenError(ACCESS_CHANGED)
        if self._operations.get(id) is asyncio.current_task():
            self._streaming.add(id)

    async def _end_operation(self, id: str, text: str) -> None:
        if self._operations.get(id) is asyncio.current_task():
            del self._operations[id]  # frees the id before the client learns of the end
            self._streaming.discard(id)
            try:
                await self._text(text)
            except OSError:
                self._closed = True

    async def _text(self, text: str) -> None:
        """Send as fast as the client reads; close a client that reads nothing."""
        if self._closed:
            raise ConnectionError
        try:
            sending = self._send({"type": "websocket.send", "text": text})
            await send_within(self._settings.stall_seconds, sending)
        except TimeoutError:
            raise ConnectionClosedError(Close.BUSY, "the client does not read") from None

    async def _restart(self) -> None:
        await self._close(Close.RESTART, "the server is stopping: connect again")

    async def _close(self, code: Close, reason: str) -> None:
        if self._closed:
            return
        self._closed = True
        await self._send_close(code, reason)

    async def _send_close(self, code: Close, reason: str) -> None:
        closing = self._send({"type": "websocket.close", "code": int(code), "reason": reason})
        try:
            await send_within(MAX_END_SECONDS, closing)
        except TimeoutError:  # it does not read even this, so the connection is dropped
            self._dropped = True
            if self._main is not None and self._main is not asyncio.current_task():
                self._main.cancel()
        except (OSError, RuntimeError):
            pass  # closed by the client meanwhile

    async def _reject(self, error: StoreError) -> None:
        if "websocket.http.response" not in (self._scope.get("extensions") or {}):
            close = {"type": "websocket.close", "code": int(Close.BUSY), "reason": error.message}
            await self._send(close)
            return
        body = encode_answer({"errors": [format_store_error(error)]})
        headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
        await self._send(
            {"type": "websocket.http.response.start", "status": 503, "headers": headers}
        )
        await self._send({"type": "websocket.http.response.body", "body": body})

    async def _cancel(self) -> None:
        tasks = list(self._operations.values())
        self._operations.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._ends, return_exceptions=True)
