"""A request has a maximum of stages; what is beyond it is refused by name, and all else goes on."""

from typing import Any

import pytest

from tests.api.requests.conftest import Work
from tests.support.api import Api, Json, StartApi

START = """mutation ($input: StartStageInput!) {
    startStage(input: $input) { status stage { name } request { status } } }"""
MOST = 4
FULL = (
    "request {id} has 4 stages, and 4 is the maximum (TRACKSTORE_MAX_REQUEST_STAGES): "
    "stage '{stage}' cannot be added. Report to one of its stages, or create another request"
)


@pytest.fixture
async def work(start_api: StartApi) -> Work:
    """A request with three stages on a server that allows four."""
    work = Work(await start_api(max_request_stages=MOST))
    await work.create()
    return work


def to(work: Work, command: str, stage: str, **more: Any) -> Json:
    return {command: {"requestId": work.id, "stage": stage, **more}}


async def names_of(work: Work) -> list[str]:
    return [stage["name"] for stage in (await work.read())["stages"]]


async def test_stages_beyond_the_maximum_are_refused_and_their_neighbours_are_not(
    work: Work,
) -> None:
    names = ["a", "x", "y", "b", "z"]
    answer = await work.ingest(*(to(work, "startStage", name) for name in names))
    statuses = [result["status"] for result in answer["results"]]
    assert statuses == ["ACCEPTED", "ACCEPTED", "REJECTED", "ACCEPTED", "REJECTED"]
    for number, name in ((2, "y"), (4, "z")):
        result = answer["results"][number]
        assert result["code"] == "BAD_USER_INPUT"
        assert result["message"] == f"stage: {FULL.format(id=work.id, stage=name)}"
        assert result["path"] == ["stage"]
    assert await names_of(work) == ["a", "b", "c", "x"]
    refusal = await work.api.refused(START, {"input": {"requestId": work.id, "stage": "y"}})
    assert (refusal.code, refusal.message) == (
        "BAD_USER_INPUT",
        f"stage: {FULL.format(id=work.id, stage='y')}",
    )


async def test_the_stages_that_it_has_go_on(work: Work) -> None:
    await work.ingest(to(work, "startStage", "x"))
    entries = [
        to(work, "completeStage", "x"),
        to(work, "startStage", "a"),
        to(work, "failStage", "a", message="m"),
        to(work, "retryStage", "a"),
        to(work, "startStage", "b", resume=True),
    ]
    assert (await work.ingest(*entries))["accepted"] == len(entries)


async def test_a_refused_stage_does_not_reopen_a_failed_request(work: Work) -> None:
    await work.ingest(
        to(work, "startStage", "x"), {"failRequest": {"requestId": work.id, "message": "m"}}
    )
    before = await work.read()
    assert before["status"] == "FAILED"
    answer = await work.ingest(to(work, "startStage", "y", resume=True))
    assert FULL.format(id=work.id, stage="y") in answer["results"][0]["message"]
    assert await work.read() == before


async def test_a_plan_has_the_same_maximum(work: Work) -> None:
    stages = [{"name": str(n)} for n in range(MOST + 1)]
    create = {"createRequest": {"type": "t", "stages": stages}}
    answer = await work.ingest(create)
    assert answer["results"][0]["message"] == "stages: 5 stages, at most 4"


async def test_a_request_with_more_stages_than_now_allowed_goes_on(
    start_api: StartApi, work: Work
) -> None:
    await work.ingest(to(work, "startStage", "x"))
    url = work.api.server.store.config.database_url
    later = Work(await start_api(max_request_stages=2, database_url=url))
    later.id = work.id
    answer = await later.ingest(*(to(later, "startStage", name) for name in ("a", "y", "b")))
    assert [r["status"] for r in answer["results"]] == ["ACCEPTED", "REJECTED", "ACCEPTED"]
    assert "has 4 stages, and 2 is the maximum" in answer["results"][1]["message"]


async def test_an_unknown_stage_is_answered_with_few_names(api: Api) -> None:
    work = Work(api)
    await work.create(stages=[{"name": f"step {n:03}"} for n in range(150)])
    answer = await work.ingest(to(work, "completeStage", "y"))
    message = answer["results"][0]["message"]
    assert "it has: step 000, step 001" in message
    assert message.endswith("step 019 and 130 more")
