"""A request that failed runs again from its failed stage, as often as that is allowed."""

import pytest

from store.ids import new_id
from tests.api.requests.conftest import RETRY, RETRY_REQUEST, Work
from tests.support.api import Api, ApiErrors, StartApi


async def test_a_failed_request_runs_again_at_its_failed_stage(work: Work) -> None:
    await work.fail_in_b()
    failed = await work.read()
    assert (failed["status"], failed["errorStage"]) == ("FAILED", "b")
    assert await work.stages() == {"a": ("COMPLETED", 1), "b": ("FAILED", 1), "c": ("SKIPPED", 0)}
    answer = await work.retry("b")
    assert answer == {
        "status": "ACCEPTED",
        "stage": {"status": "RUNNING", "attempt": 2},
        "request": {"status": "RUNNING", "endedAt": None, "errorStage": None},
    }
    request = await work.read()
    assert (request["error"], request["currentStage"]) == (None, "b")
    assert request["stages"][0]["output"] == {"n": 1}
    assert await work.stages() == {"a": ("COMPLETED", 1), "b": ("RUNNING", 2), "c": ("PENDING", 0)}
    assert await work.log(failed["lastSeq"]) == [
        "request.reopened", "stage.reopened c", "stage.retried b",
    ]  # fmt: skip
    log = request["events"]["nodes"]
    (end,) = [e for e in log if e["type"] == "request.failed"]
    assert (end["message"], end["data"]) == ("b failed", {"type": "ValueError"})
    (reopened,) = [e for e in log if e["type"] == "request.reopened"]
    assert reopened["data"]["errorStage"] == "b"
    assert reopened["data"]["endedAt"].startswith(failed["endedAt"][:19])
    await work.do(
        ("completeStage", "b", {"attempt": 2}),
        ("startStage", "c", {}),
        ("completeStage", "c", {"attempt": 1}),
        ("completeRequest", None, {"result": {"video": "v.mp4"}}),
    )
    done = await work.read()
    assert (done["status"], done["progress"], done["result"]) == (
        "COMPLETED",
        1,
        {"video": "v.mp4"},
    )
    assert [(a["attempt"], a["status"]) for a in done["stages"][1]["attempts"]] == [
        (1, "FAILED"), (2, "COMPLETED"),
    ]  # fmt: skip
    assert done["stages"][1]["attempts"][0]["errorMessage"] == "first"


async def test_retry_request_retries_the_error_stage(work: Work) -> None:
    await work.fail_in_b()
    answer = await work.retry_request()
    assert answer["request"] == {
        "status": "RUNNING", "endedAt": None, "errorStage": None, "currentStage": "b",
    }  # fmt: skip
    assert (await work.stages())["b"] == ("RUNNING", 2)
    assert (await work.retry_request())["status"] == "DUPLICATE"
    assert await work.send("retryStage", "b") == "DUPLICATE"
    await work.do(("failStage", "b", {"message": "second"}))
    # The request still runs: its error stage alone is retried, and has no attempt left.
    assert "failed in all of its 2 attempts" in await work.send("retryRequest")


async def test_both_are_entries_of_a_batch(work: Work) -> None:
    await work.fail_in_b()
    await work.do(("retryRequest", None, {}), ("completeStage", "b", {"attempt": 2}))
    await work.do(("failRequest", None, {"message": "again", "stage": "c"}))
    await work.do(("retryStage", "c", {}))
    assert await work.stages() == {
        "a": ("COMPLETED", 1), "b": ("COMPLETED", 2), "c": ("RUNNING", 1),
    }  # fmt: skip


async def test_attempts_that_are_used_up_refuse_both(work: Work) -> None:
    await work.fail_in_b()
    await work.retry("b")
    await work.do(
        ("failStage", "b", {"message": "second"}), ("failRequest", None, {"message": "gone"})
    )
    ended = await work.read()
    for command, stage in (("retryStage", "b"), ("retryRequest", None)):
        said = await work.send(command, stage)
        assert said == "INVALID_TRANSITION: stage 'b' has failed in all of its 2 attempts"
    assert await work.read() == ended


async def test_a_failure_that_is_not_retryable_refuses_both(work: Work) -> None:
    await work.fail_in_b(retryable=False)
    for command, stage in (("retryStage", "b"), ("retryRequest", None)):
        said = await work.send(command, stage)
        assert said == "INVALID_TRANSITION: stage 'b' failed as not retryable in attempt 1"
    # An administrator may force it: here nobody needs a key.
    assert (await work.retry("b", force=True))["stage"] == {"status": "RUNNING", "attempt": 2}
    (reopened,) = [
        e for e in (await work.read())["events"]["nodes"] if e["type"] == "request.reopened"
    ]
    assert reopened["data"]["forced"] is True


async def test_an_administrator_may_force_one_attempt_more(work: Work) -> None:
    await work.fail_in_b()
    for attempt in (2, 3, 4):
        forced = attempt > 2
        assert (await work.retry_request(force=forced))["request"]["status"] == "RUNNING"
        assert (await work.stages())["b"] == ("RUNNING", attempt)
        await work.do(
            ("failStage", "b", {"message": "m", "attempt": attempt}),
            ("failRequest", None, {"message": "m"}),
        )
    assert (await work.read())["stages"][1]["maxAttempts"] == 2


async def test_force_needs_an_administrator(start_api: StartApi) -> None:
    api = await start_api()
    made = await api(
        """mutation { createApiKey(input: {name: "w", organizationId: "acme", scopes: [INGEST, READ]
          }) { secret } }"""
    )
    work = Work(api.as_key(made["createApiKey"]["secret"]))
    await work.fail_in_b(retryable=False)
    for document, values in (
        (RETRY, {"id": work.id, "stage": "b", "force": True}),
        (RETRY_REQUEST, {"id": work.id, "force": True}),
    ):
        with pytest.raises(ApiErrors) as refusal:
            await work.api(document, values)
        assert refusal.value.code == "FORBIDDEN"
    assert (await work.send("retryStage", "b", force=True)).startswith("FORBIDDEN")
    assert (await work.read())["status"] == "FAILED"


@pytest.mark.parametrize("end", ["completeRequest", "cancelRequest"])
async def test_what_completed_or_was_cancelled_is_final(work: Work, end: str) -> None:
    await work.create()
    await work.do(("startStage", "a", {}), ("failStage", "a", {"message": "m"}), (end, None, {}))
    ended = await work.read()
    for force in (False, True):
        for command, stage in (("retryStage", "a"), ("retryRequest", None)):
            said = await work.send(command, stage, force=force)
            assert said.startswith("INVALID_TRANSITION")
            assert "final" in said
    assert await work.read() == ended


async def test_a_failure_outside_a_stage_runs_again_as_a_whole(work: Work) -> None:
    await work.create(stages=[])
    await work.do(("startRequest", None, {}), ("failRequest", None, {"message": "m"}))
    answer = await work.retry_request()
    assert (answer["status"], answer["request"]["status"]) == ("ACCEPTED", "RUNNING")
    await work.do(("startStage", "new", {}), ("completeRequest", None, {}))


async def test_a_stage_that_the_failure_cancelled_runs_again(work: Work) -> None:
    await work.create()
    await work.do(("startStage", "a", {}), ("failRequest", None, {"message": "worker crashed"}))
    assert await work.stages() == {"a": ("CANCELLED", 1), "b": ("SKIPPED", 0), "c": ("SKIPPED", 0)}
    assert (await work.read())["errorStage"] == "a"
    await work.retry_request()
    assert await work.stages() == {"a": ("RUNNING", 2), "b": ("PENDING", 0), "c": ("PENDING", 0)}
    # The first worker's messages speak of an attempt that is over.
    assert await work.send("completeStage", "a", attempt=1) == "DUPLICATE"
    await work.do(("completeStage", "a", {"attempt": 2}))


async def test_a_cancelled_stage_waits_where_another_is_retried(work: Work) -> None:
    await work.create()
    await work.do(
        ("startStage", "a", {}),
        ("startStage", "b", {}),
        ("failStage", "b", {"message": "m"}),
        ("failRequest", None, {"message": "m"}),
    )
    await work.retry("b")
    assert await work.stages() == {"a": ("PENDING", 1), "b": ("RUNNING", 2), "c": ("PENDING", 0)}
    assert await work.send("completeStage", "a", attempt=1) == "DUPLICATE"
    assert (await work.stages())["a"] == ("PENDING", 1)
    await work.do(("startStage", "a", {"attempt": 2}), ("completeStage", "a", {"attempt": 2}))
    assert [a["status"] for a in (await work.read())["stages"][0]["attempts"]] == [
        "CANCELLED", "COMPLETED",
    ]  # fmt: skip


@pytest.mark.parametrize("named", ["unknown", "a", None])
async def test_an_error_stage_that_cannot_run_leaves_it_to_the_stage_that_failed(
    work: Work, named: str | None
) -> None:
    await work.create()
    await work.do(
        ("startStage", "a", {}),
        ("completeStage", "a", {}),
        ("startStage", "b", {}),
        ("failStage", "b", {"message": "m"}),
        ("failRequest", None, {"message": "m", "stage": named}),
    )
    assert (await work.retry_request())["request"]["currentStage"] == "b"


async def test_the_worker_may_start_the_stages_itself(work: Work) -> None:
    await work.fail_in_b()
    await work.do(("retryRequest", None, {"startStage": False}))
    request = await work.read()
    assert (request["status"], request["errorStage"], request["currentStage"]) == (
        "RUNNING",
        "b",
        None,
    )
    assert await work.stages() == {"a": ("COMPLETED", 1), "b": ("FAILED", 1), "c": ("PENDING", 0)}
    await work.do(("retryStage", "b", {"attempt": 1}), ("completeStage", "b", {"attempt": 2}))


@pytest.mark.parametrize("is_retried", [False, True])
async def test_resume_goes_on_with_a_stage_wherever_it_stands(work: Work, is_retried: bool) -> None:
    await work.fail_in_b()
    if is_retried:
        await work.retry("b")
    assert await work.send("startStage", "a", resume=True) == "DUPLICATE"  # it is done
    await work.do(("startStage", "b", {"resume": True}))
    assert await work.stages() == {"a": ("COMPLETED", 1), "b": ("RUNNING", 2), "c": ("PENDING", 0)}
    assert (await work.log())[-1] == "stage.retried b"  # nobody worked on it yet
    await work.do(("progressStage", "b", {"fraction": 0}), ("startStage", "b", {"resume": True}))
    assert (await work.log())[-1] == "stage.retried b"  # a heartbeat
    await work.do(("progressStage", "b", {"fraction": 0.5}), ("startStage", "b", {"resume": True}))
    assert (await work.log())[-2:] == ["stage.progressed b", "stage.taken_over b"]
    await work.do(("startStage", "c", {"resume": True}), ("startStage", "d", {"resume": True}))
    assert (await work.stages())["d"] == ("RUNNING", 1)


async def test_resume_respects_what_is_not_retryable(work: Work) -> None:
    await work.fail_in_b(retryable=False)
    assert "not retryable" in await work.send("startStage", "b", resume=True)
    assert (await work.read())["status"] == "FAILED"


async def test_a_retry_that_is_sent_twice_happens_once(work: Work) -> None:
    await work.fail_in_b()
    event = "01a22dc6-a285-7587-8bec-9269cab2d085"
    await work.do(("retryRequest", None, {"eventId": event}))
    await work.do(("failStage", "b", {"message": "m"}))
    assert await work.send("retryRequest", eventId=event) == "DUPLICATE"
    assert (await work.stages())["b"] == ("FAILED", 2)


async def test_a_repeat_that_arrives_after_the_next_failure_opens_no_attempt(work: Work) -> None:
    """The caller did not get the answer, and the attempt has failed before the repeat arrives."""
    await work.create()
    await work.do(("startStage", "a", {}), ("failStage", "a", {"message": "first"}))
    ids = str(new_id()), str(new_id())
    assert (await work.retry("a", eventId=ids[0]))["status"] == "ACCEPTED"
    await work.do(
        ("failStage", "a", {"message": "second"}), ("failRequest", None, {"message": "m"})
    )
    again = await work.retry("a", eventId=ids[0])
    assert again["status"] == "DUPLICATE"
    assert again["stage"] == {"status": "FAILED", "attempt": 2}
    assert await work.send("retryStage", "a", eventId=ids[0]) == "DUPLICATE"
    assert (await work.retry_request(eventId=ids[1]))["status"] == "ACCEPTED"
    assert (await work.stages())["a"] == ("RUNNING", 3)
    await work.do(("completeStage", "a", {}), ("completeRequest", None, {}))
    assert (await work.retry_request(eventId=ids[1]))["status"] == "DUPLICATE"
    assert await work.send("retryRequest", eventId=ids[1]) == "DUPLICATE"
    assert (await work.stages())["a"] == ("COMPLETED", 3)


async def test_a_repeated_retry_of_a_request_that_failed_outside_a_stage(work: Work) -> None:
    await work.create()
    await work.do(("startRequest", None, {}), ("failRequest", None, {"message": "m"}))
    id = str(new_id())
    assert (await work.retry_request(eventId=id))["status"] == "ACCEPTED"
    await work.do(("failRequest", None, {"message": "again"}))
    again = await work.retry_request(eventId=id)
    assert (again["status"], again["request"]["status"]) == ("DUPLICATE", "FAILED")


async def test_a_reopened_request_is_active_again(work: Work, api: Api) -> None:
    await work.fail_in_b()
    question = """{ monitoringOverview { activeRequests }
        requests(where: {status: {in: [RUNNING]}}) { nodes { uuid } } }"""
    assert (await api(question))["monitoringOverview"]["activeRequests"] == 0
    await work.retry_request()
    answer = await api(question)
    assert answer["monitoringOverview"]["activeRequests"] == 1
    assert answer["requests"]["nodes"] == [{"uuid": work.id}]
