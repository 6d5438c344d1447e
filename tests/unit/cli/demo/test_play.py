"""The play by itself: a quarter of an hour in a moment, without a server."""

import json
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
import typer

from cli.demo import organization_names, parse_duration, sample_data
from cli.demo.generator import MAX_RUNNING, MAX_TICK_SECONDS, TrafficGenerator
from cli.demo.simulation import Actor, Simulation
from cli.demo.status_line import status_text
from cli.remote import RemoteClient

QUARTER_HOUR = 900.0


class Listener(RemoteClient):
    """Accepts everything, but denies each third consume."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", None)
        self.entries: list[dict[str, Any]] = []
        self.consumed = 0

    def query(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        assert "ingest(" in document
        results = []
        for entry in variables["entries"]:
            self.entries.append(json.loads(json.dumps(entry)))  # JSON and nothing else
            denied = "consume" in entry and self.consumed % 3 == 2
            self.consumed += "consume" in entry
            results.append(
                {
                    "status": "REJECTED" if denied else "ACCEPTED",
                    "code": "LIMIT_EXCEEDED" if denied else None,
                    "message": "the limit is used up" if denied else None,
                }
            )
        return {"ingest": {"results": results}}

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [entry[kind] for entry in self.entries if kind in entry]


def played(
    seconds: float = QUARTER_HOUR, seed: int = 7, rate: float = 10
) -> tuple[Listener, Simulation]:
    listener, simulation = Listener(), Simulation(random.Random(seed))
    generator = TrafficGenerator(listener, simulation, ["acorn", "birch"])
    generator.start(rate)
    while simulation.now < seconds:
        generator.step(MAX_TICK_SECONDS)
        assert len(simulation.requests) + len(simulation.sessions) <= MAX_RUNNING
    generator.close()
    listener.close()
    return listener, simulation


def test_everything_happens_that_users_will_look_for() -> None:
    listener, simulation = played()
    kinds = Counter(next(iter(entry)) for entry in listener.entries)
    assert set(kinds) == {
        "operation", "session", "createRequest", "startRequest", "startStage", "progressStage",
        "completeStage", "failStage", "retryStage", "logEvent", "completeRequest", "failRequest",
        "cancelRequest", "consume", "circuitBreaker",
    }  # fmt: skip
    operations = listener.of("operation")
    modes = {o["tool"]["operationMode"] for o in operations if o["kind"] == "TOOL"}
    assert modes == {mode for mode, _, _ in sample_data.MODES}
    saved = [
        o["tool"]["tokensOriginal"] - o["tool"]["tokensActual"]
        for o in operations
        if o["kind"] == "TOOL"
    ]
    assert sum(saved) > 0 > min(saved)
    models = {o["llm"]["model"] for o in operations if o["kind"] == "LLM"}
    assert models == {name for name, *_ in sample_data.MODELS} | {sample_data.UNPRICED_MODEL}
    statuses = Counter(o["api"]["statusCode"] for o in operations if o["kind"] == "API")
    assert {200, 201, 204, 404, 429, 500} <= set(statuses)
    assert statuses[429] == simulation.counts["denied"]
    assert {s["name"] for s in listener.of("createRequest")[0]["stages"]} == {
        "validation", "rag_retrieval", "script_generation", "video_generation",
        "video_processing", "notification",
    }  # fmt: skip
    states = [b["state"] for b in listener.of("circuitBreaker") if b["organizationId"] == "acorn"]
    assert {"CLOSED", "OPEN", "HALF_OPEN"} == set(states)
    ended = kinds["completeRequest"] + kinds["failRequest"] + kinds["cancelRequest"]
    assert kinds["createRequest"] == ended
    assert len(operations) == simulation.counts["operations"]
    assert not simulation.requests
    assert not simulation.sessions


def test_about_as_much_as_was_asked_for() -> None:
    _, simulation = played(rate=10)
    assert 0.8 < simulation.counts["operations"] / (10 * QUARTER_HOUR) < 2


def test_a_seed_gives_the_same_play_with_new_ids() -> None:
    first, second, other = (played(120, seed)[0] for seed in (1, 1, 2))
    assert without_ids(first) == without_ids(second)
    assert without_ids(first) != without_ids(other)
    ids = [{e["id"] for e in listener.of("operation")} for listener in (first, second)]
    assert not ids[0] & ids[1]


def without_ids(listener: Listener) -> list[Any]:
    dropped = {"id", "eventId", "requestId", "sessionId", "correlationId", "occurredAt", "endedAt",
               "result"}  # fmt: skip
    return [
        {kind: {k: v for k, v in fields.items() if k not in dropped}}
        for entry in listener.entries
        for kind, fields in entry.items()
    ]


def test_what_runs_at_once_is_bounded() -> None:
    _, simulation = played(30, rate=500)
    assert simulation.counts["entries"] > 5_000


def test_actors_act_in_the_order_of_time() -> None:
    simulation = Simulation(random.Random(1))
    acted: list[tuple[str, float]] = []

    def actor(name: str, pause: float) -> Actor:
        for _ in range(3):
            acted.append((name, simulation.now))
            yield pause

    simulation.start_actor(actor("a", 2))
    simulation.start_actor(actor("b", 1.5), after=1)
    simulation.run_until(3)
    assert acted == [("a", 0), ("b", 1), ("a", 2), ("b", 2.5)]
    assert simulation.now == 3
    simulation.run_until(10)
    assert acted[4:] == [("a", 4), ("b", 4)]


def test_the_line_that_is_shown() -> None:
    simulation = Simulation(random.Random(1))
    simulation.counts |= {"entries": 1_500, "operations": 900, "completed": 3, "rejected": 1}
    assert status_text(simulation, 75) == (
        "01:15 · requests: 0 running, 3 done, 0 failed · 0 denied · 0 outages · "
        "1,500 sent (20/s) · 900 operations · 0 retries · 1 refused"
    )


def test_organizations_have_names_of_their_own() -> None:
    assert organization_names(2) == ["acorn-school", "birch-academy"]
    many = organization_names(sample_data.MAX_ORGANIZATIONS)
    assert len(set(many)) == sample_data.MAX_ORGANIZATIONS
    assert many[8] == "acorn-school-2"


def test_durations() -> None:
    for text, seconds in (("30", 30), ("30s", 30), ("1.5m", 90), ("2 H", 7_200)):
        assert parse_duration(text) == seconds
    assert parse_duration(None) is None
    for text in ("", "0", "soon", "-5", "5d", "1e3"):
        with pytest.raises(typer.BadParameter, match="is not a duration such as 30s, 5m or 2h"):
            parse_duration(text)
