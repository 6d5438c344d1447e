"""``@track_api_usage``: records each call of a handler."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

from trackstore.handler_calls import HandlerCall, Invocation, begin_call
from trackstore.recorder import Recorder
from trackstore.rules import TrackingRules
from trackstore.served_calls import CallRecorder
from trackstore.streams import answer_of, generate, watched_async

P = ParamSpec("P")
R = TypeVar("R")
Known = Mapping[str, Any] | Callable[..., Mapping[str, Any]]
"""Known facts of a call, or a function of the handler's arguments that returns them."""
BeginCall = Callable[[tuple[Any, ...], dict[str, Any]], HandlerCall]


def track_api_usage(
    operation: str,
    *,
    tracker: Recorder | None = None,
    rules: TrackingRules | None = None,
    recorder: CallRecorder | None = None,
    route: str | None = None,
    known: Known | None = None,
    apart: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Record success, failure and duration of a handler: function, coroutine or (async) generator.

    Labels (``user_id``, ``workspace_id`` ...) are read from handler arguments of these names, from
    a request object of Starlette, FastAPI or Flask among the arguments, from ``known`` (a mapping,
    or a function of the same arguments that returns one), and from ``annotate`` inside; later
    sources take precedence. A generator, or a streamed answer, is recorded when it is exhausted,
    fails or is closed. Inside a call that a middleware or another decorated handler watches, only
    the operation and the error are added, and the first ones win: one call is one record. ``apart``
    makes it a call of its own.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        call_recorder = recorder or CallRecorder(tracker, rules)
        signature = inspect.signature(function)

        def begin(args: tuple[Any, ...], named: dict[str, Any]) -> HandlerCall:
            facts = functools.partial(known, *args, **named) if callable(known) else known
            invocation = Invocation(operation, route, _arguments(signature, args, named))
            return begin_call(call_recorder, invocation, facts, apart=apart)

        return cast("Callable[P, R]", _wrapped(function, begin))

    return decorate


def _arguments(
    signature: inspect.Signature, args: tuple[Any, ...], named: dict[str, Any]
) -> Mapping[str, Any]:
    try:
        return signature.bind_partial(*args, **named).arguments
    except TypeError:  # the handler itself will say so
        return {}


def _wrapped(function: Callable[..., Any], begin: BeginCall) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):
        return watched_async(begin, function)
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generator(*args: Any, **named: Any) -> Any:
            return (yield from generate(begin(args, named), function(*args, **named)))

        return generator
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coroutine(*args: Any, **named: Any) -> Any:
            handler_call = begin(args, named)
            with handler_call.watching():
                answer = await function(*args, **named)
            return answer_of(handler_call, answer)

        return coroutine

    @functools.wraps(function)
    def plain(*args: Any, **named: Any) -> Any:
        handler_call = begin(args, named)
        with handler_call.watching():
            answer = function(*args, **named)
        return answer_of(handler_call, answer)

    return plain
