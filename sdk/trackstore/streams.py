"""Watches streamed answers until they are exhausted, fail, or are closed."""

import functools
import inspect
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from typing import Any

from trackstore.handler_calls import HandlerCall


def answer_of(handler_call: HandlerCall, answer: Any) -> Any:
    """Return the answer of a handler, and finish the call now or at the end of its stream."""
    handler_call.set_status(_status_of(answer))
    stream: Any
    if inspect.isgenerator(answer):
        return _ended_with(generate(handler_call, answer), handler_call)
    if inspect.isasyncgen(answer):
        return _ended_with(generate_async(handler_call, answer), handler_call)
    if hasattr(answer, "body_iterator"):  # StreamingResponse of Starlette
        stream = generate_async(handler_call, _as_async_generator(answer.body_iterator))
        answer.body_iterator = _ended_with(stream, handler_call)
        return answer
    if getattr(answer, "is_streamed", False) and hasattr(answer, "call_on_close"):  # werkzeug
        stream = generate(handler_call, _as_generator(answer.response))
        answer.response = _ended_with(stream, handler_call)
        answer.call_on_close(handler_call.finish)
        return answer
    handler_call.finish()
    return answer


def _status_of(answer: Any) -> int | None:
    if isinstance(answer, tuple) and len(answer) > 1 and isinstance(answer[1], int):
        return answer[1]
    status = getattr(answer, "status_code", None)
    return status if isinstance(status, int) else None


def _ended_with(stream: Any, handler_call: HandlerCall) -> Any:
    weakref.finalize(stream, handler_call.finish).atexit = False
    return stream


def generate(
    handler_call: HandlerCall, stream: Generator[Any, Any, Any]
) -> Generator[Any, Any, Any]:
    step = functools.partial(next, stream)
    try:
        while True:
            with handler_call.inside():
                item = step()
            try:
                sent = yield item
            except GeneratorExit:
                handler_call.mark_disconnected()
                with handler_call.inside():
                    stream.close()
                raise
            except BaseException as error:  # noqa: BLE001 - it is thrown on into the stream
                step = functools.partial(stream.throw, error)
            else:
                step = functools.partial(stream.send, sent)
    except StopIteration as end:
        return end.value
    except GeneratorExit:
        raise
    except BaseException as error:
        handler_call.fail(error)
        raise
    finally:
        handler_call.finish()


def watched_async(
    begin: Callable[..., HandlerCall], function: Callable[..., AsyncGenerator[Any, Any]]
) -> Callable[..., AsyncGenerator[Any, Any]]:
    """Wrap an async generator function; values sent and exceptions thrown are passed on.

    It drives the generator itself, so that a close reaches the inner one at once.
    """

    @functools.wraps(function)
    async def wrapper(*args: Any, **named: Any) -> AsyncGenerator[Any, Any]:
        handler_call, stream = begin(args, named), function(*args, **named)
        step = functools.partial(anext, stream)
        try:
            while True:
                with handler_call.inside():
                    item = await step()
                try:
                    sent = yield item
                except GeneratorExit:
                    handler_call.mark_disconnected()
                    with handler_call.inside():
                        await stream.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - it is thrown on into the stream
                    step = functools.partial(stream.athrow, error)
                else:
                    step = functools.partial(stream.asend, sent)
        except StopAsyncIteration:
            return
        except GeneratorExit:
            raise
        except BaseException as error:
            handler_call.fail(error)
            raise
        finally:
            handler_call.finish()

    return wrapper


def generate_async(
    handler_call: HandlerCall, stream: AsyncGenerator[Any, Any]
) -> AsyncGenerator[Any, Any]:
    return watched_async(lambda *_: handler_call, lambda: stream)()


def _as_generator(parts: Any) -> Generator[Any, Any, None]:
    try:
        yield from parts
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()


async def _as_async_generator(parts: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
    try:
        async for part in parts:
            yield part
    finally:
        close = getattr(parts, "aclose", None)
        if close is not None:
            await close()
