"""A stand-in for the server: answers calls of a client as a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], Any]
"""Status, headers and body; a body that is no text is sent as JSON."""
Script = Callable[[dict[str, Any], dict[str, str]], Reply | None]
"""Given body and headers of a call; None ends the connection without an answer."""


@contextmanager
def stand_in(script: Script) -> Iterator[str]:
    """Serve on a free loopback port, and give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = script(asked, dict(self.headers.items()))
            if reply is None:
                self.close_connection = True
                return
            status, headers, body = reply
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def tracked(asked: dict[str, Any], **counts: int) -> Reply:
    """The answer to a batch: all accepted, unless it is said otherwise."""
    payload = {
        "accepted": len(asked["variables"]["operations"]),
        "duplicates": 0,
        "rejected": 0,
        "repaired": 0,
        "results": [],
        **counts,
    }
    return 200, {}, {"data": {"trackOperations": payload}}


def refused(message: str, code: str, status: int = 200, **headers: str) -> Reply:
    """An error of the whole call."""
    return status, headers, {"errors": [{"message": message, "extensions": {"code": code}}]}
