"""A tool server similar to MCP: JSON-RPC over lines, measuring the tokens that its modes save.

``python examples/tool_server.py < calls.jsonl``, with the server's address in TRACKSTORE_URL.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO

from trackstore import Tracker

CHARACTERS_PER_TOKEN = 4


def tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def read(path: str, mode: str = "full") -> tuple[str, str]:
    text = Path(path).read_text(encoding="utf-8")
    if mode == "full":
        return text, text
    lines = [line for line in text.splitlines() if line.lstrip().startswith(("class ", "def "))]
    return text, "\n".join(lines)


def search(path: str, pattern: str, mode: str = "symbol") -> tuple[str, str]:
    del mode
    text = Path(path).read_text(encoding="utf-8")
    return text, "\n".join(line for line in text.splitlines() if pattern in line)


CALLS: dict[str, Callable[..., tuple[str, str]]] = {"read": read, "search": search}


class ToolServer:
    """Answers ``tools/list`` and ``tools/call``, and tracks each call in one session."""

    def __init__(self, tracker: Tracker, client: str = "unknown") -> None:
        self.tracker, self.client = tracker, client

    def serve(self, lines: Iterable[str], out: TextIO) -> None:
        with self.tracker.session(client=self.client):
            for line in lines:
                call = json.loads(line)
                answer = {"jsonrpc": "2.0", "id": call.get("id"), **self.answer(call)}
                out.write(json.dumps(answer) + "\n")
                out.flush()

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        method, parameters = call.get("method"), call.get("params", {})
        if method == "initialize":
            self.client = parameters["clientInfo"]["name"]
            return {"result": {"serverInfo": {"name": "files"}}}
        if method == "tools/list":
            return {"result": {"tools": [{"name": name} for name in CALLS]}}
        if method == "tools/call" and parameters.get("name") in CALLS:
            return self.use(parameters["name"], parameters.get("arguments", {}))
        return {"error": {"code": -32601, "message": "unknown method or tool"}}

    def use(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Use a tool, and track the tokens of what it shows and of the full text."""
        started, error = time.perf_counter(), None
        text = excerpt = ""
        try:
            text, excerpt = CALLS[tool](**arguments)
        except (OSError, TypeError) as problem:
            error = str(problem)
        self.tracker.track_tool_operation(
            tool=tool,
            mode=arguments.get("mode", "full" if tool == "read" else "symbol"),
            tokens_original=tokens(text),
            tokens_actual=tokens(excerpt),
            file_path=arguments.get("path"),
            parameters=arguments,
            client=self.client,
            error=error,
            duration_ms=(time.perf_counter() - started) * 1_000,
        )
        if error is not None:
            return {"error": {"code": -32000, "message": error}}
        return {"result": {"content": [{"type": "text", "text": excerpt}]}}


def main() -> None:
    with Tracker() as tracker:
        ToolServer(tracker).serve(sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
