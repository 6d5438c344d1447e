"""What all services of this folder share: rules, tracker, and the errors that they raise."""

import asyncio
import contextvars
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from trackstore import RouteRule, Tracker, TrackingRules, current, set_tracker
from trackstore.entries import Labels

STATIC = Path(__file__).parent / "static"
RULES = TrackingRules(
    routes=(
        RouteRule(
            "v1/memory/batch", methods=["POST"], counts_as="memory_operation", units="batch_size"
        ),
        RouteRule("v1/memory/search", counts_as=False),
        RouteRule("/v1/memory*", methods=["POST", "PUT", "DELETE"], counts_as="memory_operation"),
        RouteRule("v1/rare*", sample_rate=0.0),
    ),
    requires=(),
)


def start_tracker() -> None:
    """Send what is recorded to the server in the environment, under the label of this run."""
    set_tracker(Tracker(labels=Labels(workspace_id=os.environ["SERVICE_WORKSPACE"])))


class RemoteError(Exception):
    """An error of a client of another service, with the status that this service gave."""

    status_code = code = status = 404

    def __str__(self) -> str:
        return "no such model"


def correlation() -> str | None:
    return current().correlation_id


def in_threads() -> dict[str, Any]:
    # What the handler, a thread of a pool with its context, and one without it see.
    with ThreadPoolExecutor(1) as pool:
        copied = pool.submit(contextvars.copy_context().run, correlation).result(10)
        bare = pool.submit(correlation).result(10)
    return {"handler": correlation(), "copied": copied, "bare": bare}


async def in_tasks() -> dict[str, Any]:
    # The same, with what a thread and a task of asyncio see.
    task = await asyncio.create_task(_correlation())
    return in_threads() | {"thread": await asyncio.to_thread(correlation), "task": task}


async def _correlation() -> str | None:
    await asyncio.sleep(0)
    return correlation()
