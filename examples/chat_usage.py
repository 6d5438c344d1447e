"""A chat service on FastAPI that reports usage through a service, a decorator, events and tasks.

Run it with ``uvicorn examples.chat_usage:app``; the tracker reads the server's address from
TRACKSTORE_URL. Its tests, without a server: ``pytest examples/test_chat_usage.py``.
"""

import asyncio
import time
from typing import Annotated, Any

from fastapi import BackgroundTasks, Depends, FastAPI, Header, HTTPException
from prometheus_client import CollectorRegistry, make_asgi_app

from trackstore import EventBus, TrackingRules, annotate, get_tracker, track_api_usage
from trackstore.integrations.prometheus import TrackerCollector
from trackstore.recorder import Recorder

USERS = {"ana": {"user_id": "ana", "email": "ana@example.com"}}
RULES = TrackingRules(requires=())  # visitors without an account may chat


class UsageTrackingService:
    def __init__(self, tracker: Recorder | None = None) -> None:
        self._tracker = tracker

    async def track_chat_usage(self, **usage: Any) -> None:
        """Report one chat; ``duration`` is in seconds. It never waits and never raises."""
        await (self._tracker or get_tracker()).track_chat(**usage)


usage_service = UsageTrackingService()
event_bus = EventBus()


@event_bus.on("chat.completed")
async def track_chat(data: Any) -> None:
    await usage_service.track_chat_usage(**data)


@event_bus.on("chat.completed")
async def broken_listener(data: Any) -> None:
    """Fail: this stops neither the other listeners nor the caller."""
    raise ConnectionError(f"no mail server for {data['user_id']}")


def get_optional_user(x_user: Annotated[str | None, Header()] = None) -> dict[str, str]:
    return USERS.get(x_user or "", {})


User = Annotated[dict[str, str], Depends(get_optional_user)]


async def send_message(message: str) -> dict[str, Any]:
    await asyncio.sleep(0.01)
    if "fail" in message:
        raise HTTPException(502, "The model did not answer")
    return {"response": f"You said: {message}", "tokens": 3 * len(message.split())}


def facts(user: dict[str, str], request: dict[str, str], start_time: float) -> dict[str, Any]:
    return {
        "user_id": user.get("user_id"),
        "user_email": user.get("email"),
        "session_id": request["session_id"],
        "message": request["message"],
        "duration": time.time() - start_time,
    }


app = FastAPI()
registry = CollectorRegistry()
app.mount("/metrics", make_asgi_app(registry))


@app.post("/api/chat")
async def chat(request: dict[str, str], current_user: User) -> dict[str, Any]:
    start_time = time.time()
    try:
        result = await send_message(request["message"])
    except Exception as error:
        common = facts(current_user, request, start_time)
        await usage_service.track_chat_usage(response="", error=str(error), **common)
        raise
    common = facts(current_user, request, start_time)
    answer = {"response": result["response"], "tokens_used": result["tokens"]}
    await usage_service.track_chat_usage(**answer, **common)
    return result


@app.post("/api/chat/decorated")
@track_api_usage(operation="chat", rules=RULES)
async def chat_decorated(request: dict[str, str], current_user: User) -> dict[str, Any]:
    """Leave duration, user and failure to the decorator, and report the rest."""
    annotate(message=request["message"], session_id=request["session_id"])
    annotate(email=current_user.get("email"))
    result = await send_message(request["message"])
    annotate(response=result["response"], tokens=result["tokens"])
    return result


@app.post("/api/chat/events")
async def chat_events(request: dict[str, str], current_user: User) -> dict[str, Any]:
    start_time = time.time()
    result = await send_message(request["message"])
    common = facts(current_user, request, start_time)
    await event_bus.emit("chat.completed", {**common, **result})
    return result


@app.post("/api/chat/background")
async def chat_background(
    request: dict[str, str], background_tasks: BackgroundTasks, current_user: User
) -> dict[str, Any]:
    start_time = time.time()
    result = await send_message(request["message"])
    common = {**facts(current_user, request, start_time), **result}
    background_tasks.add_task(usage_service.track_chat_usage, **common)
    return result


registry.register(TrackerCollector(get_tracker()))
