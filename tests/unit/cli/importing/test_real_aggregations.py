"""Real files, aggregated: the numbers are those of a plain count over the files' own lines."""

import csv
import gzip
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.importing.conftest import Command, Query
from tests.unit.cli.importing.real_files import real_file

LINE = re.compile(r'^(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) ([^" ]*)[^"]*" (\d{3}) ')
BY_DAY = """{ operationStats(groupBy: [{field: STATUS_CODE}], bucket: {unit: DAY, fill: false},
    limit: 5000) {
  rows { bucket { start } key { statusCode } count }
  totals { count errorCount distinct(field: IP_ADDRESS) } } }"""
TOP = """{ operationStats(groupBy: [{field: IP_ADDRESS}], top: {n: 5, by: {measure: COUNT}},
    orderBy: [{by: {measure: COUNT}}]) { rows { key { ipAddress } count } others { count } } }"""
PER_MINUTE = """{ operationStats(bucket: {unit: MINUTE, fill: false}) {
  rows { bucket { start } count inputTokens { sum } outputTokens { sum max } }
  totals { outputTokens { sum avg p50 p90 p95 p99 quantile(q: 0.123) } } } }"""


def quantile(values: list[int], q: float) -> float:
    """By linear interpolation between neighbours."""
    place = q * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def test_status_by_day_of_a_web_server(command: Command, query: Query) -> None:
    file = real_file("apache_access_2015.log.gz")
    assert command("access-log", file, "--quiet").exit_code == 0
    by_day: Counter[tuple[str, int]] = Counter()
    addresses: Counter[str] = Counter()
    with gzip.open(file, "rt", encoding="utf-8", errors="replace") as lines:
        for match in map(LINE.match, lines):
            assert match is not None
            at = datetime.strptime(match[2], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
            by_day[f"{at:%Y-%m-%dT00:00:00Z}", int(match[5])] += 1
            addresses[match[1]] += 1
    found = query(BY_DAY)["operationStats"]
    shown = {(r["bucket"]["start"], r["key"]["statusCode"]): r["count"] for r in found["rows"]}
    assert shown == dict(by_day)
    errors = sum(count for (_, status), count in by_day.items() if status >= 500)
    assert found["totals"] == {"count": 10_000, "errorCount": errors, "distinct": len(addresses)}
    top = query(TOP)["operationStats"]
    counts = [row["count"] for row in top["rows"]]
    assert counts == [count for _, count in addresses.most_common(5)]
    assert all(addresses[row["key"]["ipAddress"]] == row["count"] for row in top["rows"])
    assert top["others"]["count"] == 10_000 - sum(counts)


def read_calls(file: Path) -> list[tuple[str, int, int]]:
    """Minute, input and output tokens of every call."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        return [
            (f"{row['TIMESTAMP'][:16].replace(' ', 'T')}:00Z",
             int(row["ContextTokens"]), int(row["GeneratedTokens"]))
            for row in csv.DictReader(lines)
        ]  # fmt: skip


def test_tokens_per_minute_of_a_model(command: Command, query: Query) -> None:
    file = real_file("azure_llm_conversation_2023.csv.gz")
    options = (
        "--map", "TIMESTAMP=occurredAt", "--map", "ContextTokens=llm.inputTokens",
        "--map", "GeneratedTokens=llm.outputTokens", "--set", "kind=LLM", "--set", "name=chat",
        "--zone", "UTC", "--quiet",
    )  # fmt: skip
    assert command("csv", file, *options).exit_code == 0
    calls = read_calls(file)
    minutes: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for minute, given, made in calls:
        minutes[minute].append((given, made))
    found: Any = query(PER_MINUTE)["operationStats"]
    assert {
        row["bucket"]["start"]: (
            row["count"], row["inputTokens"]["sum"],
            row["outputTokens"]["sum"], row["outputTokens"]["max"],
        )
        for row in found["rows"]
    } == {
        minute: (len(some), sum(g for g, _ in some), sum(m for _, m in some), max(m for _, m in some))
        for minute, some in minutes.items()
    }  # fmt: skip
    outputs = sorted(call[2] for call in calls)
    whole = found["totals"]["outputTokens"]
    assert (whole["sum"], len(outputs)) == (sum(outputs), 19_366)
    assert whole["avg"] == pytest.approx(sum(outputs) / len(outputs), rel=1e-9)
    asked = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "quantile": 0.123}
    for name, q in asked.items():
        assert whole[name] == pytest.approx(quantile(outputs, q), rel=1e-9), name
