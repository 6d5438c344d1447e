"""Build operations as a client sends them, and the rows that the server must store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from store.ids import new_id

ORGANIZATION = "default"
"""Organization of records on an open server."""
NANO_DOLLARS_PER_TOKEN = 15_000
"""The default price of a tool: 0.015 US dollars per 1,000 tokens."""
USERS, WORKSPACES, SESSIONS = 97, 23, 211
MODES = ("signatures", "diff", "full", "map", "auto")
CLIENTS = ("claude-code", "cursor", "vscode", "cli")
_sessions = [new_id() for _ in range(SESSIONS)]

COLUMNS = (
    "organization_id", "occurred_at", "id", "recorded_at", "kind", "name", "outcome",
    "duration_ms", "session_id", "correlation_id", "client", "tool_name", "operation_mode",
    "tokens_original", "tokens_actual", "tokens_prevented", "price_status", "cost_baseline",
    "cost_actual", "cost_saved", "user_id", "workspace_id", "attributes",
)  # fmt: skip
"""Columns that are not null here; the server fills exactly these."""


@dataclass(frozen=True, slots=True)
class Call:
    number: int
    id: UUID
    at: datetime


def make_calls(count: int) -> list[Call]:
    begin = datetime.now(UTC)
    return [Call(n, new_id(), begin + timedelta(microseconds=n)) for n in range(count)]


def operation_input(call: Call) -> dict[str, Any]:
    n = call.number
    original = 400 + n % 5_000
    return {
        "kind": "TOOL",
        "name": "read" if n % 3 else "search",
        "id": str(call.id),
        "occurredAt": call.at.isoformat(),
        "durationMs": 0.25 + n % 400,
        "labels": {"userId": f"user-{n % USERS}", "workspaceId": f"workspace-{n % WORKSPACES}"},
        "sessionId": str(_sessions[n % SESSIONS]),
        "correlationId": f"call-{n:08}",
        "client": CLIENTS[n % len(CLIENTS)],
        "tool": {
            "toolName": "read" if n % 3 else "search",
            "operationMode": MODES[n % len(MODES)],
            "tokensOriginal": original,
            "tokensActual": original // 3,
        },
        "attributes": {"language": "python", "lines": n % 900},
    }


def operation_row(call: Call, recorded_at: datetime) -> tuple[Any, ...]:
    """Return the call as a row in the order of ``COLUMNS``; JSON is text, as drivers take it."""
    n = call.number
    original = 400 + n % 5_000
    actual = original // 3
    tool = "read" if n % 3 else "search"
    return (
        ORGANIZATION, call.at, call.id, recorded_at, "TOOL", tool, "OK",
        0.25 + n % 400, _sessions[n % SESSIONS], f"call-{n:08}", CLIENTS[n % len(CLIENTS)],
        tool, MODES[n % len(MODES)],
        original, actual, original - actual, "PRICED", original * NANO_DOLLARS_PER_TOKEN,
        actual * NANO_DOLLARS_PER_TOKEN, (original - actual) * NANO_DOLLARS_PER_TOKEN,
        f"user-{n % USERS}", f"workspace-{n % WORKSPACES}",
        f'{{"language":"python","lines":{n % 900}}}',
    )  # fmt: skip


def batches(count: int, size: int) -> list[list[Call]]:
    calls = make_calls(count * size)
    return [calls[n * size : (n + 1) * size] for n in range(count)]


def inputs(calls: Sequence[Call]) -> list[dict[str, Any]]:
    return [operation_input(call) for call in calls]


def rows(calls: Sequence[Call]) -> list[tuple[Any, ...]]:
    now = datetime.now(UTC)
    return [operation_row(call, now) for call in calls]
