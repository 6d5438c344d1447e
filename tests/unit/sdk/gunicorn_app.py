"""A WSGI application under ``gunicorn --preload``: its tracker is made, and used, before the fork."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from tests.unit.sdk.programs import tell, tracker_of, work

FILE = os.environ["TRACKED_FILE"]
tracker = tracker_of(os.environ["TRACKED_URL"], interval_seconds=0.2)
work(tracker, FILE)


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Track one operation in the worker, and say in which."""
    tell(FILE, [tracker.track_operation(kind="API", name=environ["PATH_INFO"])])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
