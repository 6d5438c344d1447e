"""How often one command waits for the database: once on PostgreSQL."""

from collections.abc import Callable
from typing import Any

from store.ids import new_id
from tests.support.api import Api, StartApi
from tests.support.round_trips import round_trips_of

TRIES = 4
"""The first calls prepare statements, and work in the background may add to one of them."""
ROUND_TRIPS = {"postgresql": 1, "sqlite": 3}
"""On SQLite: the statements, the commit, and the end of the connection's use."""
CONSUME_ROUND_TRIPS = {"postgresql": (4, 3), "sqlite": (3, 3)}
"""Of a call that is allowed, and of one that is denied."""
SET_LIMIT = "mutation ($input: LimitInput!) { setLimit(input: $input) { status } }"
CONSUME = """mutation ($input: ConsumeInput!) { consume(input: $input) {
  allowed status levels { used remaining } } }"""
STAGES = [{"name": "read"}, {"name": "write"}]
Variables = Callable[[str], dict[str, Any]]
COMMANDS: dict[str, tuple[str, str, Variables]] = {
    "logEvent": (
        "LogEventInput!",
        "status event { seq type message data recordedAt } request { lastSeq status }",
        lambda id: {"requestId": id, "type": "note", "message": "a", "data": {"a": 1}},
    ),
    "logEvent with an id": (
        "LogEventInput!",
        "status event { seq uuid }",
        lambda id: {"requestId": id, "type": "note", "stage": "read", "eventId": str(new_id())},
    ),
    "progressStage": (
        "ProgressStageInput!",
        "status cancelRequested stage { name progress done } request { progress }",
        lambda id: {"requestId": id, "stage": "read", "done": 1, "total": 5, "data": {"a": 1}},
    ),
    "startStage": (
        "StartStageInput!",
        "status cancelRequested stage { status attempt }",
        lambda id: {"requestId": id, "stage": str(new_id())},
    ),
    "completeStage": (
        "CompleteStageInput!",
        "status stage { status }",
        lambda id: {"requestId": id, "stage": "write", "output": {"a": 1}},
    ),
    "createRequest": (
        "CreateRequestInput!",
        "status request { uuid status attributes createdAt }",
        lambda _: {"type": "index", "stages": STAGES, "attributes": {"b": 1, "a": 2}},
    ),
}


async def new_request(api: Api) -> str:
    id = str(new_id())
    document = "mutation ($input: CreateRequestInput!) { createRequest(input: $input) { status } }"
    created = await api(document, {"input": {"id": id, "type": "index", "stages": STAGES}})
    assert created == {"createRequest": {"status": "ACCEPTED"}}
    return id


async def test_a_command_is_one_statement(start_api: StartApi, dialect: str) -> None:
    api = await start_api(rollups=False)
    least = {}
    for case, (type, selection, variables) in COMMANDS.items():
        name = case.split()[0]
        document = f"mutation ($input: {type}) {{ {name}(input: $input) {{ {selection} }} }}"
        counts = []
        for _ in range(TRIES):
            id = await new_request(api)
            with round_trips_of(api) as trips:
                answer = await api(document, {"input": variables(id)})
            assert answer[name]["status"] == "ACCEPTED"
            counts.append(trips.count)
        least[case] = min(counts)
    assert least == dict.fromkeys(COMMANDS, ROUND_TRIPS[dialect])


async def test_a_consume_locks_reads_writes_and_commits(start_api: StartApi, dialect: str) -> None:
    api = await start_api(rollups=False)
    limit = {"subject": "USER", "subjectId": "ana", "interactionType": "mini", "maximum": 3}
    await api(SET_LIMIT, {"input": limit | {"period": "MONTH"}})
    await api(SET_LIMIT, {"input": limit | {"period": "DAY"}})
    counts: dict[bool, list[int]] = {True: [], False: []}
    for allowed in (True, True, True, False, False, False):
        call = {"interactionType": "mini", "id": str(new_id()), "labels": {"userId": "ana"}}
        with round_trips_of(api) as trips:
            answer = await api(CONSUME, {"input": call})
        assert answer["consume"]["allowed"] is allowed
        counts[allowed].append(trips.count)
    assert tuple(map(min, counts.values())) == CONSUME_ROUND_TRIPS[dialect], counts
