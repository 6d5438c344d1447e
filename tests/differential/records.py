"""The records that both servers hold where pages are read."""

from typing import Any

from tests.differential.pair import own_id

INGEST = """mutation ($v: [EntryInput!]!) {
    ingest(entries: $v) { results(only: [REJECTED]) { message path } } }"""
RECORDS = 24


def entries() -> list[dict[str, Any]]:
    """Records of every kind that pages are made of; enough for rows to be compiled."""
    found: list[dict[str, Any]] = []
    for n in range(RECORDS):
        request, session = str(own_id(n, 1)), str(own_id(n, 2))
        found += [
            {"session": {"id": session, "name": f"sitting {n}", "labels": {"userId": f"u{n % 3}"}}},
            {"createRequest": {"id": request, "type": "made", "stages": [{"name": "one"}]}},
            {"startStage": {"requestId": request, "stage": "one"}},
            *(
                {"logEvent": {"requestId": request, "type": "note", "data": {"n": k}}}
                for k in range(n)
            ),
            {"operation": operation(n, request, session)},
        ]
    return found


def operation(n: int, request: str, session: str) -> dict[str, Any]:
    """An operation of one of the three kinds, with everything that it can have."""
    kind = ("API", "TOOL", "LLM")[n % 3]
    parts: dict[str, Any] = {
        "API": {"api": {"route": "v1/memory", "statusCode": 200 + n, "batchSize": 10**9 - n}},
        "TOOL": {"tool": {"toolName": "read", "tokensOriginal": 9 + n, "tokensActual": 10}},
        "LLM": {"llm": {"model": "m", "inputTokens": n, "message": "asked", "response": "said"}},
    }[kind]
    return {
        "kind": kind,
        "name": f"call {n} \u00e9\U0001f600",
        "id": str(own_id(n, 3)),
        "occurredAt": f"2026-11-{n % 20 + 1:02}T09:30:00.{n:06}Z",
        "durationMs": n / 7 if n % 2 else None,
        "requestId": request,
        "sessionId": session,
        "labels": {"userId": f"u{n % 4}", "companyId": "c"} if n % 3 else None,
        "cacheHit": (True, False, None)[n % 3],
        "outcome": "ERROR" if n % 5 == 0 else "OK",
        "interaction": {"type": f"t{n}", "units": n + 1},
        "attributes": (None, {}, {"a": [1.0, None, {"b": "\u00e9"}]}, {"n": n})[n % 4],
        **parts,
    }
