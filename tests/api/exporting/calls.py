"""Exports as tests ask for them."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pyarrow import parquet

from tests.support.api import Api

TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted results { message } }
}"""
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
PLAIN = "{ operations { nodes { uuid occurredAt name kind durationMs statusCode cacheHit } } }"


async def record(api: Api, count: int, **more: Any) -> None:
    """Operations, some at the same time."""
    items = [
        {
            "kind": "API",
            "name": f"call-{number % 7}",
            "occurredAt": (START + timedelta(seconds=number // 3)).isoformat(),
            "durationMs": number / 8,
            "api": {"statusCode": 200 + number % 3},
        }
        | more
        for number in range(count)
    ]
    told = (await api(TRACK, {"items": items}))["trackOperations"]
    assert told["accepted"] == count, told


async def export(
    api: Api, query: str, variables: Any = None, headers: Any = None, **parameters: str
) -> httpx.Response:
    """Ask for an export by POST."""
    body = {"query": query, "variables": variables}
    given = {**api._headers, **(headers or {})}
    return await api.http.post("/export", json=body, params=parameters, headers=given)


async def refusal(api: Api, query: str, variables: Any = None, **parameters: str) -> Any:
    """The status and the first error of an export that must not succeed."""
    answer = await export(api, query, variables, **parameters)
    assert answer.status_code != 200, answer.text
    return answer.status_code, answer.json()["errors"][0]


def csv_rows(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of a CSV answer."""
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def json_rows(answer: httpx.Response) -> list[dict[str, Any]]:
    """The rows of a JSON Lines answer."""
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def parquet_rows(answer: httpx.Response) -> list[dict[str, Any]]:
    """The rows of a Parquet answer."""
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = parquet.read_table(io.BytesIO(answer.content)).to_pylist()
    return found
