"""``track_route_operation``: records a call from inside its handler."""

import functools
from collections.abc import Mapping
from typing import Any, Unpack

from trackstore.arguments import CallArguments
from trackstore.context import current
from trackstore.exception_status import status_and_error
from trackstore.recorder import Recorder
from trackstore.rules import TrackingRules
from trackstore.served_calls import CallRecorder, OpenCall, ServedCall, open_call
from trackstore.tracked_ids import NOT_TRACKED, NotTracked, TrackedId
from trackstore.web_requests import context_of_request, from_request


def track_route_operation(
    request: Any = None,
    *,
    tracker: Recorder | None = None,
    rules: TrackingRules | None = None,
    recorder: CallRecorder | None = None,
    **known: Unpack[CallArguments],
) -> TrackedId | NotTracked:
    """Record the call of this request; return the operation's id, or ``NOT_TRACKED``.

    User, workspace, organization and developer are read from ``request.state`` (the end user takes
    precedence over the user), the rest from headers, path and matched route; ``known`` takes
    precedence: any label, any field of ``ServedCall`` (``route``, ``status_code``, ``error``,
    ``operation_type``, ``resource_id``, ``batch_size``, ``counts``, ``attributes`` ...) and any
    fact of an operation. ``started_at`` (or ``start_time``) is a ``time.time()``, a
    ``time.perf_counter()`` or a datetime. Nothing is recorded without user or workspace, unless the
    rules say otherwise. It never raises and never waits; the result may be awaited. If a middleware
    watches the same call, this record replaces its record.
    """
    call_recorder = recorder or _recorder_of(tracker, rules)
    try:
        call = _call_of(call_recorder, request, dict(known))
    except Exception as problem:  # noqa: BLE001 - tracking must not break what it tracks
        call_recorder.failed("a call could not be read", problem)
        return NOT_TRACKED
    id = call_recorder.record(call)
    return NOT_TRACKED if id is None else TrackedId.of(id)


@functools.lru_cache(64)
def _recorder_of(tracker: Recorder | None, rules: TrackingRules | None) -> CallRecorder:
    return CallRecorder(tracker, rules)


def _answer(error: Any, status_code: Any) -> Mapping[str, Any]:
    if isinstance(error, BaseException):
        status, error_text = status_and_error(error)
        return {"status_code": status_code or status, "error": error_text}
    return {"status_code": status_code or (500 if error else 200), "error": error}


def _call_of(
    recorder: CallRecorder,
    request: Any,
    known: dict[str, Any],
) -> ServedCall:
    answer = _answer(
        known.pop("error", None) or known.pop("error_message", None), known.pop("status_code", None)
    )
    web, watched, here = from_request(request), open_call(), current()
    if web is None:
        raise TypeError(f"{type(request).__name__} carries neither a scope nor an environ")
    if here.correlation_id is None:
        here = context_of_request(request)
    call = OpenCall(recorder)
    if watched is not None:
        watched.is_recorded = True
        call.add({**watched.labels, **watched.facts, "attributes": watched.attributes})
        call.details.update(watched.details)
    recorder.report(call.add(known))
    facts = {**web.facts(recorder.rules, answer["status_code"]), **answer}
    facts["correlation_id"], facts["trace_id"] = here.correlation_id, here.trace_id
    facts["labels"] = {**facts["labels"], **call.labels}
    return ServedCall(attributes=call.attributes, details=call.details, **{**facts, **call.facts})
