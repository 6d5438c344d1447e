"""Calls of decorated handlers: standalone, or nested in a call that a middleware watches."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from trackstore.context import current
from trackstore.exception_status import is_cancelled, status_and_error
from trackstore.exchange import Exchange
from trackstore.served_calls import CallRecorder, OpenCall, labels_of, open_call
from trackstore.web_requests import WebRequest, context_of_request, from_request, request_among

SCALARS = (str, int, UUID)
CURRENT_USER = "current_user"
"""A mapping in an argument of this name holds labels, as FastAPI dependencies provide it."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A handler and its arguments; ``route`` names the call, otherwise the operation does."""

    operation: str
    route: str | None
    arguments: Mapping[str, Any]

    def labels(self) -> dict[str, str]:
        arguments = self.arguments
        labels = labels_of({n: v for n, v in arguments.items() if isinstance(v, SCALARS)})
        user = arguments.get(CURRENT_USER)
        return labels_of(user) | labels if isinstance(user, Mapping) else labels


class HandlerCall(Protocol):
    def inside(self) -> Any: ...

    def watching(self) -> Any: ...

    def fail(self, error: BaseException) -> None: ...

    def mark_disconnected(self) -> None: ...

    def set_status(self, status: int | None) -> None: ...

    def finish(self) -> None: ...


def begin_call(
    recorder: CallRecorder,
    invocation: Invocation,
    known: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None,
    *,
    apart: bool,
) -> HandlerCall:
    """Begin a call; arguments that cannot be read are counted, never raised."""
    watched = None if apart else open_call()
    standalone = StandaloneCall(recorder, invocation)
    handler_call: StandaloneCall | NestedCall = standalone
    try:
        if watched is not None and not watched.is_recorded:
            handler_call = NestedCall(watched, invocation)
        else:
            standalone.read_request()
        recorder.report(handler_call.call.add((known() if callable(known) else known) or {}))
    except Exception as error:  # noqa: BLE001 - tracking must not break what it tracks
        recorder.failed(f"what is known of {invocation.operation} could not be read", error)
    return handler_call


class StandaloneCall(Exchange):
    """A call that nothing else watches: it becomes an operation."""

    __slots__ = ("_invocation", "_request")

    def __init__(self, recorder: CallRecorder, invocation: Invocation) -> None:
        super().__init__(recorder, current())
        self.call.facts["operation_type"] = invocation.operation
        self._invocation = invocation
        self._request: Any = None

    def read_request(self) -> None:
        request = request_among(self._invocation.arguments.values())
        if request is not None and self.context.correlation_id is None:
            self.context = context_of_request(request)
        self._request = request

    @contextmanager
    def watching(self) -> Iterator[None]:
        try:
            with self.inside():
                yield
        except BaseException as error:
            self.fail(error)
            self.finish()
            raise

    def fail(self, error: BaseException) -> None:
        if is_cancelled(error):
            self.is_disconnected = True
        else:
            super().fail(error)

    def mark_disconnected(self) -> None:
        self.is_disconnected = True

    def set_status(self, status: int | None) -> None:
        self.status = status

    def recorded_status(self) -> int | None:
        if self._request is None:
            return None if self.error else self.status
        return self.status or (super().recorded_status() if self.error else self._default_status())

    def facts(self) -> dict[str, Any]:
        invocation, labels = self._invocation, self._invocation.labels()
        web: WebRequest | None = from_request(self._request)
        if web is None:
            facts: dict[str, Any] = {"route": invocation.route or invocation.operation}
        else:
            facts = web.facts(self.recorder.rules, self.status)
            labels |= facts["labels"]
            if invocation.route is not None:
                facts["route"] = invocation.route
        session_id = invocation.arguments.get("session_id")
        if isinstance(session_id, SCALARS):
            facts["session_id"] = str(session_id)
        return facts | {"labels": labels}

    def _default_status(self) -> int:
        scope = getattr(self._request, "scope", None) or {}
        return getattr(scope.get("route"), "status_code", None) or 200


class NestedCall:
    """A call inside one that a middleware watches: it adds operation type and error."""

    __slots__ = ("call",)

    def __init__(self, call: OpenCall, invocation: Invocation) -> None:
        self.call = call
        call.facts.setdefault("operation_type", invocation.operation)
        for name, value in invocation.labels().items():
            call.labels.setdefault(name, value)
        if invocation.route is not None:
            call.facts.setdefault("route", invocation.route)

    def inside(self) -> Any:
        return nullcontext()

    @contextmanager
    def watching(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.fail(error)
            raise

    def fail(self, error: BaseException) -> None:
        _, error_text = status_and_error(error)
        if error_text is not None:
            self.call.facts.setdefault("error", error_text)

    def mark_disconnected(self) -> None:
        self.call.attributes["disconnected"] = True

    def set_status(self, status: int | None) -> None:
        pass  # the middleware sees the status itself

    def finish(self) -> None:
        pass  # the middleware records the call
