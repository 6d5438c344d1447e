"""C: what a tool server asks of its uses: breakdown, savings, trends, comparison."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.documents import TRACK_MANY
from tests.support.absent_arguments import without_absent_arguments
from tests.support.api import Api, Json, StartApi

NOW = datetime(2026, 6, 30, 12, 30, tzinfo=UTC)
RANGES = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "all": None,
}
MODES = ("full", "overview", "symbol")
BREAKDOWN = """query ($range: TimeRange, $tool: String) {
  toolBreakdown(timeRange: $range, client: $tool) {
    timeRange since calculatedAt operations tokensPrevented costSaved truncated
    tools { tool operations tokensOriginal tokensActual tokensPrevented averageDurationMs
      modes { mode operations tokensPrevented averageDurationMs } } } }"""
PARTS = """operations tokensOriginal tokensProcessed tokensPrevented costBaseline costActual
  costSaved savedPercent"""
SAVINGS = f"""query ($range: TimeRange, $tool: String) {{
  apiSavings(timeRange: $range, client: $tool) {{
    timeRange since calculatedAt total {{ {PARTS} }} byTool {{ name savings {{ {PARTS} }} }}
    byMode {{ name savings {{ {PARTS} }} }} trend {{ start end savings {{ {PARTS} }} }} }} }}"""


async def ask(api: Api, document: str, **variables: str | None) -> Json:
    """The answer to the one question of a document; a tool that is None is not asked for."""
    (answer,) = (await api(without_absent_arguments(document, variables), variables)).values()
    found: Json = answer
    return found


def uses() -> list[Json]:
    """Uses over two months, most of them of late."""
    ages = [timedelta(minutes=7 * i * (1 + i // 20)) for i in range(120)]
    return [
        {
            "kind": "TOOL",
            "name": ("read", "search", "grep")[i % 3],
            "occurredAt": (NOW - age - timedelta(seconds=1)).isoformat(),
            "client": ("claude-code", "cursor")[i % 4 == 0],
            "durationMs": float(i),
            "cacheHit": None if i % 5 == 0 else i % 2 == 0,
            "attributes": {"project": f"p{i % 6}"},
            "tool": {
                "toolName": ("read", "search", "grep")[i % 3],
                "operationMode": MODES[i % 3 if i < 90 else 1],
                "filePath": f"src/{i % 10}.py",
                "tokensOriginal": 1_000 + i,
                "tokensActual": 100 + 2 * i,
            },
        }
        for i, age in enumerate(ages)
    ]


@pytest.fixture
async def tools(start_api: StartApi) -> Api:
    """A server at a fixed time that was told of these uses, and of another kind of call."""
    api = await start_api(clock=lambda: NOW)
    other = {"kind": "API", "name": "x", "durationMs": 9.0, "client": "cursor"}
    sent = await api(TRACK_MANY, {"operations": [*uses(), other]})
    assert sent["trackOperations"]["accepted"] == 121
    return api


def chosen(span: timedelta | None, tool: str | None) -> list[Json]:
    """The uses of a span, of one tool id."""
    return [
        use
        for use in uses()
        if (span is None or at(use) >= NOW - span) and (tool is None or use["client"] == tool)
    ]


def at(use: Json) -> datetime:
    return datetime.fromisoformat(use["occurredAt"])


def total(some: Iterable[Json], name: str) -> int:
    return sum(int(use["tool"][name]) for use in some)


def mean(some: list[Json]) -> float:
    return sum(float(use["durationMs"]) for use in some) / len(some)


def grouped(some: Iterable[Json], read: Any) -> dict[str, list[Json]]:
    """The uses by a name, in its order."""
    found: dict[str, list[Json]] = {}
    for use in some:
        found.setdefault(read(use), []).append(use)
    return dict(sorted(found.items()))


def prevented(some: list[Json]) -> int:
    return total(some, "tokensOriginal") - total(some, "tokensActual")


def name_of(use: Json) -> str:
    return str(use["name"])


def mode_of(use: Json) -> str:
    return str(use["tool"]["operationMode"])


@pytest.mark.parametrize("tool", [None, "cursor", "nobody"])
async def test_c3_breaks_the_use_of_tools_down(tools: Api, tool: str | None) -> None:
    for name, span in RANGES.items():
        some = chosen(span, tool)
        answer = await ask(tools, BREAKDOWN, range=name, tool=tool)
        assert answer.pop("costSaved") == pytest.approx(prevented(some) / 1_000 * 0.015)
        assert answer == {
            "timeRange": name,
            "since": (NOW - span).isoformat().replace("+00:00", "Z") if span else None,
            "calculatedAt": "2026-06-30T12:30:00Z",
            "operations": len(some),
            "tokensPrevented": prevented(some),
            "truncated": False,
            "tools": [
                {
                    "tool": used,
                    "operations": len(those),
                    "tokensOriginal": total(those, "tokensOriginal"),
                    "tokensActual": total(those, "tokensActual"),
                    "tokensPrevented": prevented(those),
                    "averageDurationMs": pytest.approx(mean(those)),
                    "modes": [
                        {
                            "mode": mode,
                            "operations": len(these),
                            "tokensPrevented": prevented(these),
                            "averageDurationMs": pytest.approx(mean(these)),
                        }
                        for mode, these in grouped(those, mode_of).items()
                    ],
                }
                for used, those in grouped(some, name_of).items()
            ],
        }
    default = await tools("{ toolBreakdown { operations } apiSavings { since } }")
    assert default["toolBreakdown"]["operations"] == len(chosen(RANGES["24h"], None))


def savings(some: list[Json]) -> Json:
    """What a part of the savings must say."""
    original, actual = total(some, "tokensOriginal"), total(some, "tokensActual")
    return {
        "operations": len(some),
        "tokensOriginal": original,
        "tokensProcessed": original,
        "tokensPrevented": original - actual,
        "costBaseline": pytest.approx(original / 1_000 * 0.015),
        "costActual": pytest.approx(actual / 1_000 * 0.015),
        "costSaved": pytest.approx((original - actual) / 1_000 * 0.015),
        "savedPercent": pytest.approx((original - actual) / original * 100, abs=1e-4)
        if original
        else None,
    }


@pytest.mark.parametrize("tool", [None, "cursor"])
async def test_c4_says_what_tools_saved_and_how_that_went(tools: Api, tool: str | None) -> None:
    for name, span in RANGES.items():
        some = chosen(span, tool)
        answer = await ask(tools, SAVINGS, range=name, tool=tool)
        assert answer["calculatedAt"] == "2026-06-30T12:30:00Z"
        assert answer["timeRange"] == name
        assert answer["total"] == savings(some)
        for part, read in (("byTool", name_of), ("byMode", mode_of)):
            parts = grouped(some, read).items()
            assert answer[part] == [{"name": n, "savings": savings(those)} for n, those in parts]
        for point in answer["trend"]:
            start, end = (datetime.fromisoformat(point[edge]) for edge in ("start", "end"))
            assert point["savings"] == savings([use for use in some if start <= at(use) < end])
        assert sum(point["savings"]["operations"] for point in answer["trend"]) == len(some)
    counts = {}
    for name in RANGES:
        trend = (await ask(tools, SAVINGS, range=name))["trend"]
        starts = [datetime.fromisoformat(point["start"]) for point in trend]
        ends = [datetime.fromisoformat(point["end"]) for point in trend]
        assert starts[1:] == ends[:-1], "a trend has no gaps"
        counts[name] = len(trend), (ends[0] - starts[0])
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert (counts["1h"], counts["24h"]) == ((2, hour), (25, hour))
    assert (counts["7d"], counts["30d"]) == ((8, day), (31, day))


@pytest.mark.parametrize("words", ["7d", "7D", "LAST_7D", "P7D", "168h", "1w"])
async def test_c3_a_range_has_many_spellings(tools: Api, words: str) -> None:
    for given in (f'"{words}"', *([words] if words.startswith("LAST") else [])):
        answer = await tools(f"""{{ toolBreakdown(timeRange: {given}) {{ operations since }}
          operationStats(where: {{kind: {{in: [TOOL]}}, occurredAt: {{last: {given}}}}}) {{
            totals {{ count }} }}
          requestMetrics(timeRange: {given}) {{ start }}
          monitoringOverview(timeRange: {given}) {{ timeRange since }} }}""")
        count = len(chosen(RANGES["7d"], None))
        assert answer["toolBreakdown"] == {"operations": count, "since": "2026-06-23T12:30:00Z"}
        assert answer["operationStats"]["totals"]["count"] == count
        assert len(answer["requestMetrics"]) == 7 * 24 + 1
        assert answer["monitoringOverview"]["since"] == "2026-06-23T12:30:00Z"


async def test_c3_c4_the_former_name_of_client(tools: Api) -> None:
    for name in ("toolBreakdown", "apiSavings"):
        shown = "operations" if name == "toolBreakdown" else "total { operations }"
        document = f'{{ {name}(timeRange: "all", %s) {{ {shown} }} }}'
        former = await tools(document % 'toolId: "cursor"')
        assert former == await tools(document % 'client: "cursor"')
        assert former != await tools(document % 'client: "claude-code"')
        nobody = await tools(document % 'client: ""')
        assert nobody == await tools(document % 'client: "nobody"')
        refused = await tools.refused(document % 'client: "", toolId: "cursor"')
        assert refused.message == ("toolId is the former name of client. Send client only.")


async def test_c3_all_is_everything(tools: Api) -> None:
    answer = await tools("""{ operations(where: {occurredAt: {last: "all"}}) { totalCount }
        everything: operations { totalCount } }""")
    assert answer["operations"] == answer["everything"]


async def test_c7_what_is_no_range_is_refused(tools: Api) -> None:
    said = "Invalid duration '3 weeks'. Use 90m, 24h, 7d or 2w."
    for field in (
        'toolBreakdown(timeRange: "3 weeks") { since }',
        'operations(where: {occurredAt: {last: "3 weeks"}}) { totalCount }',
        'requestMetrics(timeRange: "3 weeks") { start }',
    ):
        refused = await tools.refused(f"{{ {field} }}")
        assert said in refused.message, field
    query = "query ($range: TimeRange) { apiSavings(timeRange: $range) { since } }"
    assert said in (await tools.refused(query, {"range": "3 weeks"})).message
    for field in ('"all"', '"90d"', '"5m"'):
        refused = await tools.refused(f"{{ stageDurations(timeRange: {field}) {{ name }} }}")
        assert "Use 1h to 744h." in refused.message
    both = await tools.refused('{ requestMetrics(hours: 2, timeRange: "2h") { start } }')
    assert "cannot be combined" in both.message


async def test_c4_of_nothing_saves_nothing(api: Api) -> None:
    answer = await ask(api, SAVINGS, range="1h")
    assert answer["total"] == savings([])
    assert (answer["byTool"], answer["byMode"], len(answer["trend"])) == ([], [], 2)


async def test_c8_any_aggregation_by_file_and_by_project(tools: Api) -> None:
    answer = await tools("""{ operationStats(groupBy: [{field: FILE_PATH}], where: {kind: {in: [TOOL]}},
        top: {n: 3, by: {number: {field: TOKENS_PREVENTED}}},
        orderBy: [{by: {number: {field: TOKENS_PREVENTED}}}]) {
      rows { key { filePath } count tokensPrevented { sum } cost { saved } }
      others { count tokensPrevented { sum } } totals { count } } }""")
    found = answer["operationStats"]
    files = grouped(uses(), lambda use: use["tool"]["filePath"])
    best = sorted(files, key=lambda file: prevented(files[file]), reverse=True)[:3]
    assert [row["key"]["filePath"] for row in found["rows"]] == best
    assert [row["tokensPrevented"]["sum"] for row in found["rows"]] == [
        prevented(files[file]) for file in best
    ]
    assert found["others"]["count"] == 120 - sum(len(files[file]) for file in best)
    assert found["totals"]["count"] == 120
    by_project = await tools("""{ operationStats(groupBy: [{attribute: "project"}],
        where: {kind: {in: [TOOL]}}, orderBy: [{by: {group: {attribute: "project"}}, direction: ASC}]) {
      rows { key { attribute(path: "project") } count } } }""")
    assert [
        (row["key"]["attribute"], row["count"]) for row in by_project["operationStats"]["rows"]
    ] == [(f"p{i}", 20) for i in range(6)]


async def test_c8_compares_with_the_previous_period(tools: Api) -> None:
    answer = await tools("""{ operationStats(where: {kind: {in: [TOOL]}, occurredAt: {last: "P1D"}},
        compare: {previous: PREVIOUS}) {
      totals { count savingsRate previous { count savingsRate }
        delta { count tokensPrevented { sum } } ratio { count cost { saved } } } } }""")
    day = timedelta(days=1)
    now = [use for use in uses() if at(use) >= NOW - day]
    before = [use for use in uses() if NOW - 2 * day <= at(use) < NOW - day]
    totals = answer["operationStats"]["totals"]
    assert (totals["count"], totals["previous"]["count"]) == (len(now), len(before))
    assert totals["delta"] == {
        "count": len(now) - len(before),
        "tokensPrevented": {"sum": prevented(now) - prevented(before)},
    }
    assert totals["ratio"]["count"] == pytest.approx(len(now) / len(before))
    assert totals["ratio"]["cost"]["saved"] == pytest.approx(prevented(now) / prevented(before))
    for span, shown in ((now, totals), (before, totals["previous"])):
        rate = prevented(span) / total(span, "tokensOriginal")
        assert shown["savingsRate"] == pytest.approx(rate)


async def test_c8_the_cache_hit_rate_is_of_those_that_know(tools: Api) -> None:
    answer = await tools("""{ operationStats(groupBy: [{field: NAME}], where: {kind: {in: [TOOL]}}) {
      rows { key { name } cacheHitRate } } }""")
    shown = {r["key"]["name"]: r["cacheHitRate"] for r in answer["operationStats"]["rows"]}
    for name, those in grouped(uses(), name_of).items():
        known = [use["cacheHit"] for use in those if use["cacheHit"] is not None]
        assert shown[name] == pytest.approx(sum(known) / len(known))


async def test_c8_an_alert_is_a_having(tools: Api) -> None:
    """Savings below a threshold, of those that are used often enough."""
    answer = await tools("""{ operationStats(groupBy: [{field: NAME}], where: {kind: {in: [TOOL]}},
        having: {savingsRate: {lt: 0.8}, count: {gte: 10}}) { rows { key { name } } } }""")
    low = [
        name
        for name, those in grouped(uses(), name_of).items()
        if prevented(those) / total(those, "tokensOriginal") < 0.8
    ]
    assert [row["key"]["name"] for row in answer["operationStats"]["rows"]] == low


async def test_b6_errors_latency_and_unknown_costs_per_model(api: Api) -> None:
    calls = [
        {
            "kind": "LLM", "name": "chat", "durationMs": 10.0 * i,
            "outcome": "ERROR" if i % 4 == 0 else "OK",
            "llm": {"model": f"m{i % 2}", "inputTokens": i, "outputTokens": 2 * i},
        }
        for i in range(1, 21)
    ]  # fmt: skip
    await api(TRACK_MANY, {"operations": calls})
    answer = await api("""{ operationStats(groupBy: [{field: MODEL}], where: {kind: {in: [LLM]}}) {
      rows { key { model } count errorRate durationMs { p50 p95 } outputTokens { sum }
        cost { actual unpricedCount } } totals { perSecond errorCount } } }""")
    rows = answer["operationStats"]["rows"]
    assert [row["key"]["model"] for row in rows] == ["m0", "m1"]
    assert [row["errorRate"] for row in rows] == [0.5, 0.0]
    assert [row["outputTokens"]["sum"] for row in rows] == [220, 200]
    # From a rollup: within one in a hundred.
    assert [row["durationMs"]["p50"] for row in rows] == pytest.approx([110.0, 100.0], rel=0.01)
    assert [row["cost"] for row in rows] == [{"actual": None, "unpricedCount": 10}] * 2
    assert answer["operationStats"]["totals"]["errorCount"] == 5


async def test_c4_c5_the_figures_of_ten_million_tokens(api: Api) -> None:
    track = """mutation ($input: ToolOperationInput!) {
        trackToolOperation(input: $input) { status } }"""
    use = {"tool": "read", "mode": "overview", "tokensOriginal": 5_000_000, "tokensActual": 500_000}
    for _ in range(2):
        await api(track, {"input": use})
    found = (await api(f"{{ apiSavings {{ total {{ {PARTS} }} }} }}"))["apiSavings"]["total"]
    assert found == {
        "operations": 2,
        "tokensOriginal": 10_000_000,
        "tokensProcessed": 10_000_000,
        "tokensPrevented": 9_000_000,
        "costBaseline": 150.0,
        "costActual": 15.0,
        "costSaved": 135.0,
        "savedPercent": 90.0,
    }
