"""Build operations as a client sends them, and the rows that the server must store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from store.ids import new_id

ORGANIZATIONS = tuple(f"organization-{n}" for n in range(5))
OWN = (None,)
"""No organization is named: the calls are those of the API key's, or of the default one."""
NANO_DOLLARS_PER_TOKEN = 15_000
"""The default price of a tool: 0.015 US dollars per 1,000 tokens."""
NAMESPACES, USERS, WORKSPACES, API_KEYS, SESSIONS, REQUESTS = 7, 97, 23, 13, 211, 499
MODES = ("signatures", "diff", "full", "map", "auto")
CLIENTS = ("claude-code", "cursor", "vscode", "cli")
OTHER_KINDS = 20
"""One operation of so many is a call of an API, and one of a model; the others are of tools."""
FAILURES = 50
"""One operation of so many failed."""
_sessions = [str(new_id()) for _ in range(SESSIONS)]
_requests = [new_id() for _ in range(REQUESTS)]

COLUMNS = (
    "organization_id", "occurred_at", "id", "recorded_at", "kind", "name", "outcome",
    "error", "duration_ms", "session_id", "request_id", "correlation_id", "client",
    "route", "method", "status_code", "provider", "model", "input_tokens", "output_tokens",
    "tool_name", "operation_mode", "file_path", "tokens_original", "tokens_actual",
    "tokens_prevented", "price_status", "cost_baseline", "cost_actual", "cost_saved",
    "namespace_id", "user_id", "workspace_id", "api_key_id", "attributes",
)  # fmt: skip
"""Columns that are not null in some rows, 27 of them in that of a tool; the server fills exactly these."""


@dataclass(frozen=True, slots=True)
class Call:
    number: int
    id: UUID
    at: datetime
    organization: str | None

    @property
    def kind(self) -> str:
        return {1: "API", 2: "LLM"}.get(self.number % OTHER_KINDS, "TOOL")

    @property
    def name(self) -> str:
        if self.kind == "TOOL":
            return "read" if self.number % 3 else "search"
        return "GET /files" if self.kind == "API" else "summarize"

    @property
    def has_failed(self) -> bool:
        return self.number % FAILURES == 0

    @property
    def tokens_original(self) -> int:
        return 400 + self.number % 5_000


def make_calls(count: int, organizations: Sequence[str | None] = ORGANIZATIONS) -> list[Call]:
    begin = datetime.now(UTC)
    return [
        Call(n, new_id(), begin + timedelta(microseconds=n), organizations[n % len(organizations)])
        for n in range(count)
    ]


def operation_input(call: Call) -> dict[str, Any]:
    n = call.number
    labels = {
        "namespaceId": f"namespace-{n % NAMESPACES}",
        "userId": f"user-{n % USERS}",
        "workspaceId": f"workspace-{n % WORKSPACES}",
        "apiKeyId": f"key-{n % API_KEYS}",
    }
    if call.organization is not None:
        labels["organizationId"] = call.organization
    operation: dict[str, Any] = {
        "kind": call.kind,
        "name": call.name,
        "id": str(call.id),
        "occurredAt": call.at.isoformat(),
        "durationMs": 0.25 + n % 400,
        "labels": labels,
        "sessionId": _sessions[n % SESSIONS],
        "requestId": str(_requests[n % REQUESTS]),
        "correlationId": f"call-{n:08}",
        "client": CLIENTS[n % len(CLIENTS)],
        "attributes": {"language": "python", "lines": n % 900},
    }
    if call.has_failed:
        operation |= {"outcome": "ERROR", "error": "the file does not exist"}
    return operation | details(call)


def details(call: Call) -> dict[str, Any]:
    n = call.number
    if call.kind == "API":
        status = 404 if call.has_failed else 200
        return {"api": {"route": "/files/{path}", "method": "GET", "statusCode": status}}
    if call.kind == "LLM":
        tokens = {"inputTokens": call.tokens_original, "outputTokens": n % 700}
        return {"llm": {"provider": "example", "model": "summarizer", **tokens}}
    return {
        "tool": {
            "toolName": call.name,
            "operationMode": MODES[n % len(MODES)],
            "filePath": f"src/module_{n % 300}.py",
            "tokensOriginal": call.tokens_original,
            "tokensActual": call.tokens_original // 3,
        }
    }


def operation_row(call: Call, recorded_at: datetime) -> tuple[Any, ...]:
    """Return the call as a row in the order of ``COLUMNS``; JSON is text, as drivers take it."""
    n = call.number
    original = call.tokens_original
    actual = original // 3
    api: tuple[Any, ...] = (None,) * 3
    llm: tuple[Any, ...] = (None,) * 4
    tool: tuple[Any, ...] = (None,) * 6
    price: tuple[Any, ...] = (None,) * 4
    if call.kind == "API":
        api = ("/files/{path}", "GET", 404 if call.has_failed else 200)
    elif call.kind == "LLM":
        llm = ("example", "summarizer", original, n % 700)
        price = ("UNPRICED", None, None, None)
    else:
        path, saved = f"src/module_{n % 300}.py", original - actual
        tool = (call.name, MODES[n % len(MODES)], path, original, actual, saved)
        price = ("PRICED", *(count * NANO_DOLLARS_PER_TOKEN for count in (original, actual, saved)))
    return (
        call.organization, call.at, call.id, recorded_at, call.kind, call.name,
        *(("ERROR", "the file does not exist") if call.has_failed else ("OK", None)),
        0.25 + n % 400, _sessions[n % SESSIONS], _requests[n % REQUESTS], f"call-{n:08}",
        CLIENTS[n % len(CLIENTS)], *api, *llm, *tool, *price,
        f"namespace-{n % NAMESPACES}", f"user-{n % USERS}", f"workspace-{n % WORKSPACES}",
        f"key-{n % API_KEYS}", f'{{"language":"python","lines":{n % 900}}}',
    )  # fmt: skip


def batches(
    count: int, size: int, organizations: Sequence[str | None] = ORGANIZATIONS
) -> list[list[Call]]:
    calls = make_calls(count * size, organizations)
    return [calls[n * size : (n + 1) * size] for n in range(count)]


def inputs(calls: Sequence[Call]) -> list[dict[str, Any]]:
    return [operation_input(call) for call in calls]


def rows(calls: Sequence[Call]) -> list[tuple[Any, ...]]:
    now = datetime.now(UTC)
    return [operation_row(call, now) for call in calls]
