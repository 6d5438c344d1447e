"""E: a content pipeline in operation: its circuit breakers, and the tables it needs."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.api import Api, Json, running_api

REPORT = """mutation ($input: CircuitBreakerInput!) { reportCircuitBreaker(input: $input) {
    status circuitBreaker { name state totalCalls totalFailures message failureRate warnings
      changedAt reportedAt organizationId
      transitions { fromState toState totalCalls totalFailures message occurredAt } } } }"""
BREAKERS = """query ($where: CircuitBreakerFilter) { circuitBreakers(where: $where) {
    name state warnings } }"""


async def report(api: Api, minute: int, state: str, calls: int, failures: int) -> Json:
    """Report the breaker of the renderer as it stood at a minute."""
    said = {
        "name": "renderer",
        "state": state,
        "totalCalls": calls,
        "totalFailures": failures,
        "message": f"report {minute}",
        "occurredAt": f"2026-06-01T08:{minute:02}:00Z",
        "organizationId": "school_1",
    }
    answer: Json = (await api(REPORT, {"input": said}))["reportCircuitBreaker"]
    return answer


async def test_e7_a_breaker_shows_state_totals_and_rate(api: Api) -> None:
    answer = await report(api, 0, "CLOSED", 200, 20)
    assert answer == {
        "status": "ACCEPTED",
        "circuitBreaker": {
            "name": "renderer",
            "state": "CLOSED",
            "totalCalls": 200,
            "totalFailures": 20,
            "message": "report 0",
            "failureRate": 0.1,
            "warnings": [],  # 10 % is not over 10 %
            "changedAt": "2026-06-01T08:00:00Z",
            "reportedAt": "2026-06-01T08:00:00Z",
            "organizationId": "school_1",
            "transitions": [
                {
                    "fromState": None,
                    "toState": "CLOSED",
                    "totalCalls": 200,
                    "totalFailures": 20,
                    "message": "report 0",
                    "occurredAt": "2026-06-01T08:00:00Z",
                }
            ],
        },
    }
    breaker = (await report(api, 1, "CLOSED", 200, 21))["circuitBreaker"]
    assert breaker["warnings"] == ["renderer fails in 10.5% of its calls"]
    assert (breaker["changedAt"], breaker["reportedAt"]) == (
        "2026-06-01T08:00:00Z", "2026-06-01T08:01:00Z",
    )  # fmt: skip
    fresh = {"name": "new", "state": "CLOSED"}
    answer = (await api(REPORT, {"input": fresh}))["reportCircuitBreaker"]["circuitBreaker"]
    assert (answer["failureRate"], answer["warnings"]) == (None, [])


async def test_e7_a_breaker_that_opens_is_an_event_and_a_warning(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    states = ("CLOSED", "OPEN", "OPEN", "HALF_OPEN", "CLOSED", "OPEN")
    answers = [await report(api, i, state, 100 + i, i) for i, state in enumerate(states)]
    assert [a["status"] for a in answers] == ["ACCEPTED"] * len(states)
    breaker = answers[-1]["circuitBreaker"]
    assert breaker["warnings"] == ["renderer is open"]
    assert [(t["fromState"], t["toState"]) for t in breaker["transitions"]] == [
        (None, "CLOSED"),
        ("CLOSED", "OPEN"),
        ("OPEN", "HALF_OPEN"),
        ("HALF_OPEN", "CLOSED"),
        ("CLOSED", "OPEN"),
    ]
    opened = [r for r in caplog.records if r.getMessage() == "circuit breaker opened"]
    assert [(r.levelname, r.__dict__["breaker"], r.__dict__["organization"]) for r in opened] == [
        ("WARNING", "renderer", "school_1")
    ] * 2
    late = await report(api, 4, "CLOSED", 1, 0)  # an earlier report that comes late
    assert (late["status"], late["circuitBreaker"]) == ("DUPLICATE", breaker)


async def test_e7_breakers_are_listed_by_name_and_state(api: Api) -> None:
    for name, state in (("b", "OPEN"), ("a", "CLOSED"), ("c", "HALF_OPEN")):
        said = {"name": name, "state": state, "totalCalls": 10}
        await api(REPORT, {"input": said})
    listed = (await api(BREAKERS))["circuitBreakers"]
    assert [(b["name"], b["warnings"]) for b in listed] == [
        ("a", []),
        ("b", ["b is open"]),
        ("c", ["c is half open"]),
    ]
    where = {"state": {"in": ["OPEN", "HALF_OPEN"]}, "name": {"ne": "b"}}
    assert [b["name"] for b in (await api(BREAKERS, {"where": where}))["circuitBreakers"]] == ["c"]


async def test_e11_one_command_makes_the_tables_that_the_api_needs(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-c", "from cli import main; main()", "migrate"]
    made = subprocess.run(  # noqa: ASYNC221 nothing else runs here meanwhile
        command,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "DATABASE_URL": empty_database_url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    async with running_api(database_url=empty_database_url) as api:
        everything = """mutation { createRequest(input: {type: "video_lesson",
              stages: [{name: "validation"}]}) { status request { stages { attempts { attempt } }
              events { totalCount } operations { totalCount } } }
            trackChat(input: {message: "hello", response: "hi"}) { status }
            startSession(input: {name: "s"}) { status }
            setLimit(input: {subject: ORGANIZATION, interactionType: "mini", maximum: 5}) {
              limit { maximum } }
            consume(input: {interactionType: "mini"}) { status }
            reserve(input: {interactionType: "mini"}) { allowed }
            setPrice(input: {kind: MODEL, name: "m", inputPer1k: 1}) { price { name } }
            reportCircuitBreaker(input: {name: "b", state: OPEN}) { status }
            createApiKey(input: {name: "k", scopes: [READ]}) { apiKey { name } } }"""
        answer = await api(everything)
        assert answer["createRequest"]["request"] == {
            "stages": [{"attempts": []}],
            "events": {"totalCount": 1},
            "operations": {"totalCount": 0},
        }
        statuses = {p["status"] for p in answer.values() if "status" in p}
        assert statuses == {"ACCEPTED"}
