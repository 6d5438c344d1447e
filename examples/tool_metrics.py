"""Token metrics of a tool server: tracks its operations, lists them, and shows what its modes save.

``python examples/tool_metrics.py breakdown 24h``, with the server's address in TRACKSTORE_URL.
"""

import json
import sys
from typing import Any

import httpx

from trackstore import Client, Settings, Tracker

FIELDS = """uuid sessionId toolName operationMode parameters filePath tokensOriginal tokensActual
  tokensPrevented costBaseline costActual costSaved durationMs client occurredAt"""
TRACK = """mutation ($input: ToolOperationInput!) { trackToolOperation(input: $input) { uuid } }"""
LIST = f"""query ($where: OperationFilter, $first: Int, $after: String) {{
  operations(where: $where, first: $first, after: $after) {{
    totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {FIELDS} }} }} }}"""
BREAKDOWN = """timeRange tokensPrevented costSaved
  tools { tool operations tokensOriginal tokensActual tokensPrevented averageDurationMs
    modes { mode operations tokensPrevented averageDurationMs } }"""
PARTS = "costSaved tokensPrevented operations"
SAVINGS = f"""timeRange calculatedAt
  total {{ costBaseline costActual savedPercent tokensProcessed {PARTS} }}
  byTool {{ name savings {{ {PARTS} }} }} byMode {{ name savings {{ {PARTS} }} }}
  trend {{ start savings {{ {PARTS} }} }}"""


def track_read_operation(
    tracker: Tracker,
    session_id: str,
    file_path: str,
    tokens_original: int,
    tokens_actual: int,
    response_time_ms: float,
    operation_mode: str = "full",
    parameters: dict[str, Any] | None = None,
) -> str:
    id = tracker.track_operation(
        session_id=session_id,
        tool_name="read",
        operation_mode=operation_mode,
        parameters=parameters or {},
        file_path=file_path,
        tokens_original=tokens_original,
        tokens_actual=tokens_actual,
        tokens_prevented=tokens_original - tokens_actual,
        response_time_ms=response_time_ms,
        tool_id="claude-code",
    )
    return str(id)


def track_tool_operation(client: Client, operation: dict[str, Any]) -> dict[str, str]:
    """Track any tool operation and wait for the answer, which refuses unknown fields."""
    answer = client.query(TRACK, {"input": operation})["trackToolOperation"]
    return {"status": "success", "operation_id": answer["uuid"]}


def tool_operations(
    client: Client, where: dict[str, Any] | None = None, limit: int = 100, after: str | None = None
) -> dict[str, Any]:
    variables = {"where": {"kind": {"eq": "TOOL"}, **(where or {})}, "first": limit, "after": after}
    operations: dict[str, Any] = client.query(LIST, variables)["operations"]
    return operations


def tool_breakdown(
    client: Client, time_range: str = "24h", tool_id: str | None = None
) -> dict[str, Any]:
    return report(client, "toolBreakdown", BREAKDOWN, time_range, tool_id)


def api_savings(
    client: Client, time_range: str = "24h", tool_id: str | None = None
) -> dict[str, Any]:
    return report(client, "apiSavings", SAVINGS, time_range, tool_id)


def report(
    client: Client, name: str, fields: str, time_range: str, tool_id: str | None
) -> dict[str, Any]:
    variables, parameters, arguments = (
        {"range": time_range},
        "$range: TimeRange",
        "timeRange: $range",
    )
    if tool_id is not None:
        variables["tool"] = tool_id
        parameters, arguments = f"{parameters}, $tool: String", f"{arguments}, client: $tool"
    answer: dict[str, Any] = client.query(
        f"query ({parameters}) {{ {name}({arguments}) {{ {fields} }} }}", variables
    )[name]
    return answer


def export_csv(settings: Settings) -> str:
    url = settings.url.removesuffix("/graphql") + "/export?format=csv"
    query = f"{{ operations(where: {{kind: {{eq: TOOL}}}}) {{ nodes {{ {FIELDS} }} }} }}"
    answer = httpx.post(url, json={"query": query}, timeout=30)
    return answer.raise_for_status().text


def main(command: str, *arguments: str) -> None:
    if command == "export":
        print(export_csv(Settings.from_environment()))
        return
    question = {"breakdown": tool_breakdown, "savings": api_savings}[command]
    with Client() as client:
        print(json.dumps(question(client, *arguments), indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
