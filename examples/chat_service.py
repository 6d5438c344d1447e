"""A chat service on Flask: business code emits events, and does not know about tracking.

Run it with ``flask --app examples.chat_service run``; the tracker reads the server's address from
TRACKSTORE_URL.
"""

import time
from collections.abc import Iterator

from flask import Flask, Response, jsonify, request

from trackstore import TrackingRules, annotate, get_tracker
from trackstore.event_records import record_chats
from trackstore.events import EventBus
from trackstore.integrations.wsgi import TrackingMiddleware

app = Flask(__name__)
app.wsgi_app = TrackingMiddleware(app.wsgi_app, rules=TrackingRules(requires=("user_id",)))  # type: ignore[method-assign]

events = EventBus()
record_chats(events, get_tracker())


class RefusedError(Exception): ...


def answer(message: str) -> str:
    if "bomb" in message:
        raise RefusedError("the model refused")
    return f"You said: {message}"


def chat(user_id: str, message: str) -> str:
    started = time.perf_counter()
    arguments = {"user_id": user_id, "message": message, "model": "parrot-1", "name": "chat"}
    try:
        response = answer(message)
    except RefusedError as error:
        events.emit("chat.failed", error=error, duration_ms=_since(started), **arguments)
        raise
    tokens = len(message.split()) + len(response.split())
    events.emit(
        "chat.completed", response=response, tokens=tokens, duration_ms=_since(started), **arguments
    )
    return response


@app.before_request
def who() -> None:
    annotate(user_id=request.headers.get("X-User"))


@app.post("/chat")
def ask() -> Response:
    body = request.get_json()
    return jsonify(response=chat(body["user_id"], body["message"]))


@app.post("/chat/stream")
def stream() -> Response:
    """Answer word by word. The call is recorded after the last one, or when the client disconnects."""
    response = answer(request.get_json()["message"])

    def words() -> Iterator[str]:
        for word in response.split():
            yield f"{word} "

    return Response(words(), mimetype="text/plain")


@app.errorhandler(RefusedError)
def refused(error: RefusedError) -> tuple[Response, int]:
    annotate(error=str(error))
    return jsonify(error=str(error)), 502


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1_000
