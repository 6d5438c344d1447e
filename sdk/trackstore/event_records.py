"""Records events of the bus as calls and chats."""

from typing import Any

from trackstore.events import Event, EventBus, Listener
from trackstore.recorder import Recorder
from trackstore.redaction import cut
from trackstore.route_operations import track_route_operation
from trackstore.rules import DEFAULT_ERROR_CHARS
from trackstore.served_calls import CallRecorder, OpenCall, ServedCall
from trackstore.tracker import get_tracker
from trackstore.values import read_text

API_CALL = "api.call"
CHATS = "chat.*"
UNSETTABLE_FIELDS = ("headers", "query", "body", "id")
"""Fields that only the event provides, not ``annotate``."""


def record_calls(bus: EventBus, recorder: CallRecorder, name: str = API_CALL) -> Listener:
    """Record every event of this name as a call, by the rules; return the listener.

    The event carries the request (``emit("api.call", request=request, status_code=201)``, with all
    arguments of ``track_route_operation``), or labels and fields of ``ServedCall``
    (``emit("api.call", route="v1/memory", method="POST", user_id=...)``).
    """

    def listener(event: Event) -> None:
        facts = dict(event.data)
        request = facts.pop("request", None)
        if request is not None:
            track_route_operation(request, recorder=recorder, **facts)
        else:
            recorder.record(_call_of(recorder, facts))

    return bus.on(name, listener)


def record_chats(bus: EventBus, tracker: Recorder | None = None, name: str = CHATS) -> Listener:
    """Record every event of this name as a chat; return the listener.

    The event carries the arguments of ``track_chat``: ``emit("chat.completed", user_id=...,
    email=..., session_id=..., message=..., response=..., duration_ms=..., tokens=..., error=...)``.
    """

    def listener(event: Event) -> None:
        facts: dict[str, Any] = {"message": None, **event.data}
        error = facts.get("error", facts.get("error_message"))
        if error is not None:
            facts["error"] = cut(read_text(error, []) or type(error).__name__, DEFAULT_ERROR_CHARS)
            facts.pop("error_message", None)
        (tracker or get_tracker()).track_chat(**facts)

    return bus.on(name, listener)


def _call_of(recorder: CallRecorder, facts: dict[str, Any]) -> ServedCall:
    apart = {name: facts.pop(name) for name in UNSETTABLE_FIELDS if name in facts}
    call = OpenCall()
    recorder.report(call.add(facts))
    return ServedCall(
        labels=call.labels,
        attributes=call.attributes,
        details=call.details,
        **{"route": "", **call.facts},
        **apart,
    )
