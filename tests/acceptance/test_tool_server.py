"""C: a tool server that measures how many tokens its modes save."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest

from store.ids import new_id
from tests.acceptance.documents import OPERATIONS, TRACK, TRACK_MANY, TRACK_TOOL
from tests.support.api import Api, Json

SESSION = "uuid name client startedAt endedAt attributes organizationId userId"
START_SESSION = f"""mutation ($input: SessionInput!) {{
    startSession(input: $input) {{ status session {{ {SESSION} }} }} }}"""
END_SESSION = f"""mutation ($id: ID!) {{
    endSession(input: {{sessionId: $id}}) {{ status session {{ {SESSION} }} }} }}"""
SESSION_BY_ID = f"""query ($id: ID!) {{ session(id: $id) {{ {SESSION}
    operations {{ totalCount nodes {{ uuid session {{ uuid }} }} }} }} }}"""
SET_PRICE = "mutation ($input: PriceInput!) { setPrice(input: $input) { price { inputPer1k } } }"
TOOLS = ("read", "search")
MODES = ("full", "overview", "symbol", "references", "semantic", "tri_index")


def use(**changes: object) -> Json:
    """A use of the tool, with everything a tool server knows of it."""
    return {
        "id": str(new_id()),
        "occurredAt": "2026-06-01T08:00:00Z",
        "tool": "read",
        "mode": "overview",
        "tokensOriginal": 5_000,
        "tokensActual": 500,
        "durationMs": 31.5,
        "toolId": "claude-code",
        "filePath": "src/app/ä main.py",
        "parameters": {"symbols": ["main", "run"], "depth": 2, "exact": True, "hint": None},
        "cacheHit": True,
        "labels": {"userId": "u1"},
        "attributes": {"project": "web"},
        **changes,
    }


async def test_c1_records_sessions_and_the_tools_used_in_them(api: Api) -> None:
    session_id = str(new_id())
    sitting = {
        "id": session_id,
        "name": "fix the parser",
        "client": "cursor",
        "startedAt": "2026-06-01T07:55:00Z",
        "labels": {"userId": "u1"},
        "attributes": {"branch": "main"},
    }
    started = (await api(START_SESSION, {"input": sitting}))["startSession"]
    assert started["status"] == "ACCEPTED"
    expected = {k: v for k, v in sitting.items() if k not in ("id", "labels")} | {
        "uuid": session_id,
        "endedAt": None,
        "organizationId": "default",
        "userId": "u1",
    }
    assert started["session"] == expected

    said = use(sessionId=session_id)
    tracked = (await api(TRACK_TOOL, {"input": said}))["trackToolOperation"]
    read = tracked["operation"]
    assert (tracked["status"], tracked["uuid"]) == ("ACCEPTED", said["id"])
    for name in ("occurredAt", "durationMs", "filePath", "parameters", "cacheHit", "attributes"):
        assert read[name] == said[name]
    assert (read["kind"], read["name"], read["outcome"]) == ("TOOL", "read", "OK")
    assert (read["toolName"], read["operationMode"], read["client"]) == (
        "read", "overview", "claude-code",
    )  # fmt: skip
    assert [read[f"tokens{what}"] for what in ("Original", "Actual", "Prevented")] == [
        5_000, 500, 4_500,
    ]  # fmt: skip

    ended = (await api(END_SESSION, {"id": session_id}))["endSession"]
    assert (ended["status"], ended["session"]["endedAt"] is None) == ("ACCEPTED", False)
    assert (await api(END_SESSION, {"id": session_id}))["endSession"]["status"] == "DUPLICATE"
    shown = (await api(SESSION_BY_ID, {"id": session_id}))["session"]
    assert shown.pop("operations") == {
        "totalCount": 1,
        "nodes": [{"uuid": said["id"], "session": {"uuid": session_id}}],
    }
    assert shown == ended["session"]


async def test_c1_the_typed_mutation_takes_exactly_the_names_it_knows(api: Api) -> None:
    for tool in TOOLS:
        for mode in MODES:
            answer = await api(TRACK_TOOL, {"input": use(tool=tool, mode=mode)})
            read = answer["trackToolOperation"]["operation"]
            assert (read["toolName"], read["operationMode"]) == (tool, mode)
    for changes, field, names in (
        ({"tool": "write"}, "tool", TOOLS),
        ({"tool": "READ"}, "tool", TOOLS),
        ({"mode": "psychic"}, "mode", MODES),
        ({"mode": None}, "mode", ()),
    ):
        refusal = await api.refused(TRACK_TOOL, {"input": use(**changes)})
        assert refusal.code == "BAD_USER_INPUT"
        assert f"input.{field}" in refusal.message or field in refusal.message
        assert all(name in refusal.message for name in names)
    assert (await api(OPERATIONS))["operations"]["totalCount"] == len(TOOLS) * len(MODES)


async def test_c1_the_general_mutation_takes_any_name(api: Api) -> None:
    tool = {"toolName": "grep", "operationMode": "psychic", "tokensOriginal": 7, "tokensActual": 9}
    said = {"kind": "TOOL", "name": "grep anything", "client": "zed", "tool": tool}
    read = (await api(TRACK, {"input": said}))["trackOperation"]["operation"]
    assert {name: read[name] for name in tool} == tool
    assert (read["name"], read["client"], read["tokensPrevented"]) == ("grep anything", "zed", -2)


async def test_c2_lists_uses_filtered_newest_first_with_a_total(api: Api) -> None:
    sessions = [str(new_id()), str(new_id())]
    start = datetime(2026, 6, 1, tzinfo=UTC)
    uses = [
        {
            "kind": "TOOL",
            "name": TOOLS[i % 2],
            "id": str(new_id()),
            "occurredAt": (start + timedelta(minutes=i)).isoformat(),
            "client": ("claude-code", "cursor")[i % 3 == 0],
            "sessionId": sessions[i % 5 == 0],
            "tool": {"toolName": TOOLS[i % 2], "operationMode": MODES[i % 6]},
        }
        for i in range(1_200)
    ]
    sent = (await api(TRACK_MANY, {"operations": uses}))["trackOperations"]
    assert sent["accepted"] == 1_200

    async def listed(first: int | None = None, **where: object) -> tuple[list[str], int]:
        query = """query ($where: OperationFilter, $first: Int) { operations(where: $where,
            first: $first) { totalCount nodes { uuid } } }"""
        found = (await api(query, {"where": where, "first": first}))["operations"]
        return [node["uuid"] for node in found["nodes"]], found["totalCount"]

    newest = [use["id"] for use in reversed(uses)]
    assert await listed() == (newest[:100], 1_200)
    assert await listed(first=1_000) == (newest[:1_000], 1_200)
    since, until = start + timedelta(minutes=60), start + timedelta(minutes=120)
    span = {"since": since.isoformat(), "until": until.isoformat()}
    for where, kept in (
        ({"sessionId": {"in": [sessions[1]]}}, lambda i: i % 5 == 0),
        ({"toolName": {"eq": "search"}}, lambda i: i % 2 == 1),
        ({"operationMode": {"in": ["symbol", "semantic"]}}, lambda i: i % 6 in (2, 4)),
        ({"client": {"eq": "cursor"}}, lambda i: i % 3 == 0),
        ({"occurredAt": span}, lambda i: 60 <= i < 120),
        (
            {"occurredAt": span, "toolName": {"eq": "read"}, "client": {"ne": "cursor"}},
            lambda i: 60 <= i < 120 and i % 2 == 0 and i % 3 != 0,
        ),
        ({"sessionId": {"in": [str(new_id())]}}, lambda _: False),
    ):
        expected = [u["id"] for i, u in reversed(list(enumerate(uses))) if kept(i)]
        assert await listed(first=1_000, **where) == (expected, len(expected))
    refusal = await api.refused(OPERATIONS, {"first": 1_001})
    assert refusal.code == "BAD_USER_INPUT"
    assert "1,000" in refusal.message


async def test_c5_costs_are_tokens_per_thousand_at_the_default_price(api: Api) -> None:
    read = (await api(TRACK_TOOL, {"input": use()}))["trackToolOperation"]["operation"]
    assert (read["costBaseline"], read["costActual"], read["costSaved"]) == (0.075, 0.0075, 0.0675)
    assert read["priceStatus"] == "PRICED"
    dearer = use(tokensOriginal=500, tokensActual=5_000)
    read = (await api(TRACK_TOOL, {"input": dearer}))["trackToolOperation"]["operation"]
    assert (read["tokensPrevented"], read["costSaved"]) == (-4_500, -0.0675)
    nothing = use(tokensOriginal=0, tokensActual=0)
    read = (await api(TRACK_TOOL, {"input": nothing}))["trackToolOperation"]["operation"]
    assert (read["costBaseline"], read["costActual"], read["costSaved"]) == (0, 0, 0)


@pytest.mark.parametrize("server_settings", [{"default_tool_price": "0.03"}])
async def test_c5_the_price_is_a_setting_and_can_be_set_per_tool_from_a_date(api: Api) -> None:
    async def cost(**changes: object) -> float:
        answer = await api(TRACK_TOOL, {"input": use(**changes)})
        baseline: float = answer["trackToolOperation"]["operation"]["costBaseline"]
        return baseline

    assert await cost() == 0.15
    price = {"kind": "TOOL", "name": "read", "inputPer1k": 0.001}
    await api(SET_PRICE, {"input": price | {"effectiveFrom": "2026-05-01T00:00:00Z"}})
    assert await cost(occurredAt="2026-04-30T23:59:59Z") == 0.15
    assert await cost(occurredAt="2026-05-01T00:00:00Z") == 0.005
    assert await cost(tool="search") == 0.15


async def test_c8_exports_its_operations_as_csv_and_json(api: Api) -> None:
    uses = [use(occurredAt=f"2026-06-01T08:00:{n:02}Z", filePath=f"src/{n}.py") for n in range(3)]
    for one in uses:
        await api(TRACK_TOOL, {"input": one})
    query = """{ operations { nodes { uuid occurredAt filePath tokensPrevented costSaved
      attributes } } }"""
    answer = await api.http.post("/export?format=csv", json={"query": query})
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [row["uuid"] for row in rows] == [one["id"] for one in reversed(uses)]
    assert {(row["tokensPrevented"], row["costSaved"]) for row in rows} == {("4500", "0.0675")}
    assert json.loads(rows[0]["attributes"]) == {"project": "web"}
    answer = await api.http.post("/export?format=jsonl", json={"query": query})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == (await api(query))["operations"]["nodes"]
