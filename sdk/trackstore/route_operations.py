"""``track_route_operation``: records a call out of its handler, from the request itself."""

import functools
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from trackstore.answer_exceptions import failure_of
from trackstore.context import current
from trackstore.recorder import Recorder
from trackstore.rules import TrackingRules
from trackstore.served_calls import CallRecorder, OpenCall, ServedCall, open_call
from trackstore.web_requests import context_of_request, from_request


def track_route_operation(
    request: Any,
    *,
    tracker: Recorder | None = None,
    rules: TrackingRules | None = None,
    recorder: CallRecorder | None = None,
    started_at: float | None = None,
    error: BaseException | str | None = None,
    status_code: int | None = None,
    **known: Any,
) -> UUID | None:
    """Record the call of this request; gives the operation's id, None where the rules leave it out.

    User, workspace, organization and developer are read from ``request.state`` (the end user before
    the user), the rest from headers, path and matched route; what is ``known`` goes before: any
    label, and any field of ``ServedCall`` (``route``, ``operation_type``, ``resource_id``,
    ``batch_size``, ``counts``, ``attributes`` ...). ``started_at`` is a ``time.perf_counter()``.
    Nothing is recorded where user or workspace is missing, unless the rules say otherwise. It never
    raises and never waits. Where a middleware watches the same call, this record stands for it.
    """
    own = recorder or _recorder_of(tracker, rules)
    try:
        call = _call_of(own, request, known, started_at, _answer(error, status_code))
    except Exception as problem:  # noqa: BLE001 - tracking must not break what it tracks
        own.failed("a call could not be read", problem)
        return None
    return own.record(call)


@functools.lru_cache(64)
def _recorder_of(tracker: Recorder | None, rules: TrackingRules | None) -> CallRecorder:
    return CallRecorder(tracker, rules)


def _answer(error: BaseException | str | None, status_code: int | None) -> Mapping[str, Any]:
    if isinstance(error, BaseException):
        status, told = failure_of(error)
        return {"status_code": status_code or status, "error": told}
    return {"status_code": status_code or (500 if error else 200), "error": error}


def _call_of(
    recorder: CallRecorder,
    request: Any,
    known: Mapping[str, Any],
    started_at: float | None,
    answer: Mapping[str, Any],
) -> ServedCall:
    web, watched, here = from_request(request), open_call(), current()
    if web is None:
        raise TypeError(f"{type(request).__name__} carries neither a scope nor an environ")
    if here.correlation_id is None:
        here = context_of_request(request)
    told = OpenCall()
    if watched is not None:
        watched.is_recorded = True
        told.add({**watched.labels, **watched.facts, "attributes": watched.attributes})
    told.add(known)
    facts = {**web.facts(recorder.rules, answer["status_code"]), **answer}
    facts["correlation_id"], facts["trace_id"] = here.correlation_id, here.trace_id
    if started_at is not None:
        facts["duration_ms"] = (time.perf_counter() - started_at) * 1_000
    facts["labels"] = {**facts["labels"], **told.labels}
    return ServedCall(attributes=told.attributes, **{**facts, **told.facts})
