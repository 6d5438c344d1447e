"""Silence by the server's clock: what stalls, what wakes it, what is lost, and what stays as it is."""

import asyncio
from typing import Any

import pytest

from tests.api.stalled_requests.conftest import Watch


async def test_a_silent_stage_stalls_with_its_request(watch: Watch) -> None:
    await watch.begin("script", "video")
    watch.move(minutes=9, seconds=59)
    await watch.sweep()
    assert await watch.status() == "RUNNING"
    watch.move(seconds=1)
    await watch.sweep()
    found = await watch.look()
    script, video = found["stages"]
    assert (found["status"], found["stalledAt"]) == ("STALLED", "2026-11-21T12:10:00Z")
    assert (script["status"], script["stalledAt"]) == ("STALLED", "2026-11-21T12:10:00Z")
    assert script["attempts"] == [{"attempt": 1, "status": "STALLED", "error": None}]
    assert (video["status"], found["currentStage"]) == ("PENDING", "script")
    stalled = found["events"]["nodes"][-2:]
    assert [(e["type"], e["severity"], e["stage"], e["attempt"]) for e in stalled] == [
        ("stage.stalled", "WARNING", "script", 1),
        ("request.stalled", "WARNING", None, None),
    ]
    assert stalled[0]["data"] == {"lastHeartbeatAt": "2026-11-21T12:00:00Z", "allowedSeconds": 600}
    assert stalled[1]["message"] == "no update since 2026-11-21T12:00:00Z"
    await watch.sweep()
    assert (await watch.look()) == found, "once is enough"


async def test_a_heartbeat_postpones_it(watch: Watch) -> None:
    await watch.begin("script")
    for _ in range(5):
        watch.move(minutes=9)
        await watch.tell(progressStage={"stage": "script"})
        await watch.sweep()
        assert await watch.status() == "RUNNING"
    watch.move(minutes=10)
    await watch.sweep()
    assert await watch.status() == "STALLED"


@pytest.mark.parametrize("said", ["2026-11-20T00:00:00Z", "2026-11-22T11:00:00Z"])
async def test_the_time_of_the_sender_says_nothing_of_silence(watch: Watch, said: str) -> None:
    await watch.create("script")
    await watch.tell(startStage={"stage": "script", "occurredAt": said})
    watch.move(minutes=5)
    await watch.tell(progressStage={"stage": "script", "occurredAt": said})
    assert (await watch.look())["stages"][0]["lastHeartbeatAt"] == "2026-11-21T12:05:00Z"
    watch.move(minutes=9)
    await watch.sweep()
    assert await watch.status() == "RUNNING"
    watch.move(minutes=1)
    await watch.sweep()
    assert await watch.status() == "STALLED"


async def test_a_stage_says_how_long_it_may_be_silent(watch: Watch) -> None:
    await watch.begin("script", stallAfter="PT1M")
    watch.move(seconds=60)
    await watch.sweep()
    assert await watch.status() == "STALLED"
    await watch.create("script", stallAfter="PT1M")
    await watch.tell(startStage={"stage": "script", "stallAfter": "PT2H"})
    assert (await watch.look())["stages"][0]["stallAfter"] == "PT7200S"
    watch.move(minutes=119)
    await watch.sweep()
    assert await watch.status() == "RUNNING"
    await watch.tell(startStage={"stage": "unplanned", "stallAfter": "PT5S"})
    watch.move(seconds=5)
    await watch.sweep()
    found = await watch.look()
    assert [s["status"] for s in found["stages"]] == ["RUNNING", "STALLED"]
    assert found["status"] == "RUNNING", "as long as one of its stages is heard of"


@pytest.mark.parametrize("silence", ["PT0S", "PT0.999S", "P31DT1S", "P999999W"])
async def test_a_silence_that_makes_no_sense_is_refused(watch: Watch, silence: str) -> None:
    await watch.create("script")
    for entry in (
        {"startStage": {"stage": "script", "stallAfter": silence}},
        {"createRequest": {"type": "t", "stages": [{"name": "a", "stallAfter": silence}]}},
    ):
        answer = await watch.tell("REJECTED", **entry)
        assert answer["code"] == "BAD_USER_INPUT"
        assert answer["message"].endswith("must be from PT1S to P31D")


async def test_without_a_running_stage_the_last_message_counts(watch: Watch) -> None:
    await watch.begin("script")
    await watch.tell(completeStage={"stage": "script"})
    watch.move(minutes=9)
    await watch.tell(logEvent={"type": "cache.missed"})
    watch.move(minutes=9)
    await watch.sweep()
    assert await watch.status() == "RUNNING"
    watch.move(minutes=1)
    await watch.sweep()
    assert await watch.status() == "STALLED"


async def test_a_request_that_has_not_begun_may_wait(watch: Watch) -> None:
    await watch.create("script")
    watch.move(days=40)
    await watch.sweep()
    assert await watch.status() == "PENDING"


async def test_the_next_beat_wakes_stage_and_request(watch: Watch) -> None:
    await watch.begin("script", "video")
    watch.move(minutes=11)
    await watch.sweep()
    before = len(await watch.log())
    watch.move(hours=3)
    await watch.tell(progressStage={"stage": "script", "attempt": 1})
    found = await watch.look()
    assert (found["status"], found["stalledAt"]) == ("RUNNING", None)
    assert found["stages"][0]["status"] == "RUNNING"
    assert found["stages"][0]["attempts"][0]["status"] == "RUNNING"
    assert await watch.log(before) == ["request.resumed", "stage.resumed script"]
    watch.move(minutes=10)
    await watch.sweep()
    assert await watch.log(before + 2) == ["stage.stalled script", "request.stalled"]


@pytest.mark.parametrize(
    ("command", "status", "events"),
    [
        ({"logEvent": {"type": "note"}}, "RUNNING", ["request.resumed", "note"]),
        (
            {"startStage": {"stage": "video"}},
            "RUNNING",
            ["request.resumed", "stage.started video"],
        ),
        (
            {"progressStage": {"stage": "script", "fraction": 0.5}},
            "RUNNING",
            ["request.resumed", "stage.resumed script", "stage.progressed script"],
        ),
        (
            {"completeStage": {"stage": "script"}},
            "RUNNING",
            ["request.resumed", "stage.completed script"],
        ),
        (
            {"failStage": {"stage": "script", "message": "no"}},
            "RUNNING",
            ["request.resumed", "stage.failed script"],
        ),
        (
            {"completeRequest": {}},
            "COMPLETED",
            ["stage.cancelled script", "stage.skipped video", "request.completed"],
        ),
        (
            {"failRequest": {"message": "no"}},
            "FAILED",
            ["stage.cancelled script", "stage.skipped video", "request.failed"],
        ),
        (
            {"cancelRequest": {}},
            "CANCELLED",
            ["stage.cancelled script", "stage.skipped video", "request.cancelled"],
        ),
    ],
)
async def test_what_a_command_does_to_a_stalled_request(
    watch: Watch, command: dict[str, Any], status: str, events: list[str]
) -> None:
    await watch.begin("script", "video")
    watch.move(minutes=11)
    await watch.sweep()
    before = len(await watch.log())
    await watch.tell(**command)
    found = await watch.look()
    assert (found["status"], found["stalledAt"]) == (status, None)
    assert await watch.log(before) == events


async def test_what_changes_nothing_wakes_nobody(watch: Watch) -> None:
    await watch.begin("script", maxAttempts=3)
    await watch.tell(failStage={"stage": "script", "message": "no"})
    await watch.tell(retryStage={"stage": "script"})
    watch.move(minutes=11)
    await watch.sweep()
    found = await watch.look()
    await watch.tell("DUPLICATE", startRequest={})
    await watch.tell("DUPLICATE", startStage={"stage": "script"})
    await watch.tell("DUPLICATE", progressStage={"stage": "script", "attempt": 1})
    await watch.tell("DUPLICATE", retryStage={"stage": "script", "attempt": 1})
    refused = await watch.tell("REJECTED", startStage={"stage": "script", "attempt": 4})
    assert refused["code"] == "INVALID_TRANSITION"
    assert await watch.look() == found


async def test_a_stalled_stage_can_be_given_up_and_tried_again(watch: Watch) -> None:
    await watch.begin("script")
    watch.move(minutes=11)
    await watch.sweep()
    refused = await watch.tell("REJECTED", retryStage={"stage": "script"})
    assert "say first that it failed (failStage)" in refused["message"]
    await watch.tell(failStage={"stage": "script", "message": "its worker is gone", "attempt": 1})
    await watch.tell(retryStage={"stage": "script"})
    found = await watch.look()
    assert [a["status"] for a in found["stages"][0]["attempts"]] == ["FAILED", "RUNNING"]
    await watch.tell("DUPLICATE", progressStage={"stage": "script", "attempt": 1, "fraction": 0.9})
    assert await watch.look() == found, "a late beat of the attempt that was given up"
    assert watch.apis[0].server.store.request_stats.late == 1


async def test_what_stays_silent_is_lost(watch: Watch) -> None:
    await watch.begin("script", "video")
    watch.move(minutes=10)
    await watch.sweep()
    before = len(await watch.log())
    watch.move(hours=23, minutes=59)
    await watch.sweep()
    assert await watch.status() == "STALLED"
    watch.move(minutes=1)
    await watch.sweep()
    found = await watch.look()
    lost = {"reason": "LOST", "lastHeartbeatAt": "2026-11-21T12:00:00Z"}
    assert (found["status"], found["errorStage"]) == ("FAILED", "script")
    assert found["error"]["details"] == lost
    assert found["error"]["message"] == "no update since 2026-11-21T12:00:00Z"
    script, video = found["stages"]
    assert (script["status"], script["error"], script["retryable"]) == ("FAILED", lost, True)
    assert script["attempts"] == [{"attempt": 1, "status": "FAILED", "error": lost}]
    assert video["status"] == "SKIPPED"
    assert await watch.log(before) == [
        "stage.failed script", "stage.skipped video", "request.failed",
    ]  # fmt: skip
    await watch.tell("DUPLICATE", progressStage={"stage": "script", "fraction": 0.5})
    await watch.tell("DUPLICATE", completeStage={"stage": "script"})
    await watch.tell("DUPLICATE", completeRequest={})
    watch.move(days=3)
    await watch.sweep()
    assert await watch.look() == found
    stats = watch.apis[0].server.store.request_stats
    assert (stats.stalled, stats.resumed, stats.lost, stats.late) == (1, 0, 1, 2)


async def test_a_lost_stage_of_a_request_that_goes_on_has_failed(watch: Watch) -> None:
    await watch.begin("script", "video")
    await watch.tell(startStage={"stage": "video"})
    for _ in range(25 * 7):
        watch.move(hours=1 / 7)
        await watch.tell(progressStage={"stage": "video"})
        await watch.sweep()
    found = await watch.look()
    assert (found["status"], found["errorStage"]) == ("RUNNING", "script")
    assert [s["status"] for s in found["stages"]] == ["FAILED", "RUNNING"]
    assert found["stages"][0]["error"]["reason"] == "LOST"
    await watch.tell(retryStage={"stage": "script"})


async def test_a_cancelled_request_answers_its_worker(watch: Watch) -> None:
    await watch.begin("script")
    watch.move(minutes=11)
    await watch.sweep()
    await watch.tell(cancelRequest={"reason": "enough"})
    answer = await watch.apis[0](
        "mutation ($input: ProgressStageInput!) { progressStage(input: $input) {"
        " status cancelRequested } }",
        {"input": {"requestId": watch.id, "stage": "script"}},
    )
    assert answer["progressStage"] == {"status": "DUPLICATE", "cancelRequested": True}


async def test_what_the_settings_allow(watch: Watch) -> None:
    await watch.restart(stall_after_seconds=30, lost_after_hours=0.5)
    await watch.begin("script")
    watch.move(seconds=30)
    await watch.sweep()
    assert await watch.status() == "STALLED"
    watch.move(minutes=30)
    await watch.sweep()
    assert await watch.status() == "FAILED"


async def test_the_server_looks_by_itself(watch: Watch) -> None:
    watch.apis.insert(0, await watch.start_server(stall_sweep_seconds=0.01))
    await watch.begin("script")
    watch.move(minutes=11)
    for _ in range(1_000):
        if await watch.status() == "STALLED":
            break
        await asyncio.sleep(0.02)
    metrics = (await watch.apis[0].http.get("/metrics")).text
    assert "trackstore_request_stalls_total 1.0" in metrics
    assert "trackstore_request_late_messages_total 0.0" in metrics


async def test_the_overview_names_what_stands_still(watch: Watch) -> None:
    await watch.begin("script")
    overview = """{ monitoringOverview { activeRequests warnings requests { active } }
      requests(where: {status: {in: [STALLED]}}) { totalCount }
      stageStats(groupBy: [{field: STATUS}]) { rows { key { status } count } } }"""
    watch.move(minutes=11)
    before = await watch.apis[0](overview)
    assert (before["monitoringOverview"]["warnings"], before["requests"]["totalCount"]) == ([], 0)
    await watch.sweep()
    after = await watch.apis[0](overview)
    assert after["monitoringOverview"] == {
        "activeRequests": 1, "warnings": ["1 request is stalled"], "requests": {"active": 1},
    }  # fmt: skip
    assert after["requests"]["totalCount"] == 1
    assert after["stageStats"]["rows"] == [{"key": {"status": "STALLED"}, "count": 1}]
