"""Commands to one request through two servers, each of which knows the request as it last saw it."""

import asyncio
from typing import Any

import pytest_asyncio

from store.ids import new_id
from tests.support.api import Api, Json, StartApi

SELECTION = {
    "createRequest": "status request { status lastSeq }",
    "startStage": "status cancelRequested stage { status attempt } request { lastSeq }",
    "progressStage": "status cancelRequested stage { status progress } request { progress lastSeq }",
    "completeStage": "status stage { status attempt }",
    "failStage": "status stage { status attempt }",
    "retryStage": "status stage { status attempt }",
    "completeRequest": "status request { status progress }",
    "cancelRequest": "status request { status }",
    "logEvent": "status event { seq type attempt } request { lastSeq }",
}
READ = """query ($id: UUID!) { request(id: $id) { status progress lastSeq
  stages { name status progress attempt attempts { attempt status } }
  events { nodes { seq uuid type stage attempt data } } } }"""


class Both:
    def __init__(self, one: Api, other: Api) -> None:
        self.one, self.other = one, other
        self.id = str(new_id())

    async def send(self, api: Api, name: str, **values: Any) -> Json:
        type = f"{name[0].upper()}{name[1:]}Input!"
        document = f"mutation ($input: {type}) {{ {name}(input: $input) {{ {SELECTION[name]} }} }}"
        key = "id" if name == "createRequest" else "requestId"
        answer: Json = (await api(document, {"input": {key: self.id, **values}}))[name]
        return answer

    async def read(self) -> Json:
        answer: Json = (await self.one(READ, {"id": self.id}))["request"]
        seqs = [event["seq"] for event in answer["events"]["nodes"]]
        assert seqs == list(range(1, answer["lastSeq"] + 1))
        return answer


@pytest_asyncio.fixture
async def both(start_api: StartApi) -> Both:
    """Two servers on one database, and a request with two stages that both know as RUNNING."""
    both = Both(await start_api(), await start_api())
    await both.send(both.one, "createRequest", type="x", stages=[{"name": "a"}, {"name": "b"}])
    await both.send(both.one, "startStage", stage="a")
    await both.send(both.other, "logEvent", type="seen", stage="a")
    return both


async def test_servers_take_turns(both: Both) -> None:
    for turn in range(4):
        api = (both.one, both.other)[turn % 2]
        logged = await both.send(api, "logEvent", type="note", stage="a")
        assert logged["event"]["attempt"] == 1
        progressed = await both.send(api, "progressStage", stage="a", fraction=(turn + 1) / 10)
        assert progressed["stage"] == {"status": "RUNNING", "progress": (turn + 1) / 10}
        assert progressed["request"]["lastSeq"] == logged["event"]["seq"] + 1
    read = await both.read()
    assert read["progress"] == 0.2
    assert [event["type"] for event in read["events"]["nodes"]][4:] == [
        "note",
        "stage.progressed",
    ] * 4


async def test_a_repeat_is_not_judged_by_what_was_known(both: Both) -> None:
    """What a server remembers may make a command look like a repeat; only the database knows."""
    failed = await both.send(both.one, "failStage", stage="a", message="broken", retryable=True)
    assert failed["stage"] == {"status": "FAILED", "attempt": 1}
    retried = await both.send(both.other, "retryStage", stage="a")
    assert retried["stage"] == {"status": "RUNNING", "attempt": 2}
    completed = await both.send(both.one, "completeStage", stage="a")
    assert completed == {"status": "ACCEPTED", "stage": {"status": "COMPLETED", "attempt": 2}}


async def test_the_end_at_one_server_is_seen_at_the_other(both: Both) -> None:
    await both.send(both.other, "progressStage", stage="a", fraction=0.5)
    assert (await both.send(both.one, "cancelRequest"))["request"] == {"status": "CANCELLED"}
    late = await both.send(both.other, "progressStage", stage="a", fraction=0.9)
    assert (late["status"], late["cancelRequested"]) == ("DUPLICATE", True)
    assert late["stage"] == {"status": "CANCELLED", "progress": 0.5}
    assert (await both.send(both.other, "logEvent", type="after"))["status"] == "ACCEPTED"
    assert (await both.read())["status"] == "CANCELLED"


async def test_an_event_is_recorded_once_whoever_gets_it(both: Both) -> None:
    event = str(new_id())
    first = await both.send(both.one, "logEvent", type="note", eventId=event)
    for api in (both.one, both.other, both.one):
        again = await both.send(api, "logEvent", type="note", eventId=event)
        assert again["status"] == "DUPLICATE"
        assert again["event"]["seq"] == first["event"]["seq"]
    ids = [node["uuid"] for node in (await both.read())["events"]["nodes"]]
    assert ids.count(event) == 1


async def test_a_request_of_two_organizations_is_ambiguous_as_soon_as_the_second_exists(
    both: Both,
) -> None:
    """Access is open here, so that callers reach the requests of all organizations."""
    await both.send(both.one, "createRequest", type="x", labels={"organizationId": "second"})
    for api in (both.one, both.other):
        document = "mutation ($input: LogEventInput!) { logEvent(input: $input) { status } }"
        refusal = await api.refused(document, {"input": {"requestId": both.id, "type": "note"}})
        assert "Several organizations" in refusal.message


async def test_a_repeated_creation_answers_what_is_stored(both: Both) -> None:
    for api in (both.one, both.other):
        document = """mutation ($input: CreateRequestInput!) { createRequest(input: $input) {
          status request { type status lastSeq } } }"""
        answer = await api(document, {"input": {"id": both.id, "type": "changed"}})
        stored = {"type": "x", "status": "RUNNING", "lastSeq": 4}
        assert answer["createRequest"] == {"status": "DUPLICATE", "request": stored}


async def test_commands_to_several_requests_are_written_together(start_api: StartApi) -> None:
    """All of them are written, although the second of the requests was changed elsewhere."""
    one, other = await start_api(), await start_api()
    requests = [Both(one, other) for _ in range(4)]
    for request in requests:
        await request.send(one, "createRequest", type="x", stages=[{"name": "a"}])
    await requests[1].send(other, "startStage", stage="a")
    flushes = one.server.store.writer.stats.flushes
    answers = await asyncio.gather(
        *(
            request.send(one, "progressStage", stage="a", fraction=n / 10)
            for n in range(1, 4)
            for request in requests
        ),
        *(
            request.send(one, "logEvent", type="note", eventId=str(new_id()))
            for request in requests
        ),
    )
    assert {answer["status"] for answer in answers} == {"ACCEPTED"}
    assert one.server.store.writer.stats.flushes - flushes < len(answers)
    for request in requests:
        read = await request.read()
        types = [event["type"] for event in read["events"]["nodes"]]
        assert types.count("stage.progressed") == 3
        assert types.count("note") == 1
        assert types.count("stage.started") == 1
