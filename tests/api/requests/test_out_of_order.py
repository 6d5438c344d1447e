"""Facts that arrive in another order than they happened, and numbers that say nothing."""

from tests.api.requests.conftest import Work
from tests.support.api import Api

NINE = "2026-11-20T09:00:00Z"
NINE_TEN = "2026-11-20T09:00:10Z"
NINE_THIRTY = "2026-11-20T09:00:30Z"
NINE_FORTY = "2026-11-20T09:00:40Z"


async def test_an_end_before_its_start_takes_no_time(work: Work, api: Api) -> None:
    await work.create()
    await work.do(
        ("startStage", "a", {"occurredAt": NINE_THIRTY}),
        ("completeStage", "a", {"occurredAt": NINE_TEN}),
        ("startStage", "b", {"occurredAt": NINE_FORTY}),
        ("failStage", "b", {"message": "m", "occurredAt": NINE}),
        ("completeRequest", None, {"occurredAt": NINE}),
    )
    request = await work.read()
    assert (request["startedAt"], request["endedAt"]) == (NINE_THIRTY, NINE_THIRTY)
    assert request["durationMs"] == 0
    for stage in request["stages"][:2]:
        assert (stage["durationMs"], stage["endedAt"]) == (0, stage["startedAt"])
        assert [a["durationMs"] for a in stage["attempts"]] == [0]
    assert [bar["durationMs"] for bar in request["timeline"]] == [0, 0, None, None]
    # The log keeps what was sent.
    ends = [e for e in request["events"]["nodes"] if e["type"] == "stage.completed"]
    assert [e["occurredAt"] for e in ends] == [NINE_TEN]
    stats = await api(
        """{ requestStats { rows { durationMs { min max avg } waitMs { min } } }
             stageStats { rows { durationMs { min max avg } } } }"""
    )
    (requests,), (stages,) = stats["requestStats"]["rows"], stats["stageStats"]["rows"]
    assert requests["durationMs"] == stages["durationMs"] == {"min": 0, "max": 0, "avg": 0}
    assert requests["waitMs"]["min"] == 0  # it started before it was created, says its sender


async def test_a_stage_may_complete_before_its_start_arrives(work: Work) -> None:
    await work.create()
    await work.do(("completeStage", "a", {"occurredAt": NINE_THIRTY, "output": {"n": 1}}))
    early = await work.read()
    stage = early["stages"][0]
    assert (early["status"], stage["status"], stage["attempt"]) == ("RUNNING", "COMPLETED", 1)
    assert (stage["startedAt"], stage["durationMs"]) == (NINE_THIRTY, 0)
    await work.do(("startStage", "a", {"occurredAt": NINE_TEN}))
    request = await work.read()
    stage = request["stages"][0]
    assert (stage["status"], stage["output"], stage["durationMs"]) == (
        "COMPLETED",
        {"n": 1},
        20_000,
    )
    assert stage["attempts"][0]["durationMs"] == 20_000
    assert request["startedAt"] == NINE_TEN
    assert await work.log() == [
        "request.created", "request.started", "stage.started a", "stage.completed a",
        "stage.start_reported a",
    ]  # fmt: skip
    assert await work.send("startStage", "a", occurredAt=NINE_TEN) == "DUPLICATE"
    assert await work.send("startStage", "a") == "DUPLICATE"
    assert (await work.read())["stages"][0]["startedAt"] == NINE_TEN


async def test_a_start_after_the_end_of_its_attempt_is_not_taken(work: Work) -> None:
    await work.create()
    await work.do(("completeStage", "a", {"occurredAt": NINE_TEN}))
    assert await work.send("startStage", "a", occurredAt=NINE_THIRTY) == "DUPLICATE"
    assert await work.send("startStage", "a") == "DUPLICATE"
    assert (await work.read())["stages"][0]["startedAt"] == NINE_TEN


async def test_a_failure_and_progress_may_arrive_first_as_well(work: Work) -> None:
    await work.create()
    await work.do(
        ("failStage", "a", {"message": "m", "occurredAt": NINE_THIRTY}),
        ("progressStage", "b", {"fraction": 0.5, "occurredAt": NINE_THIRTY}),
    )
    assert await work.stages() == {"a": ("FAILED", 1), "b": ("RUNNING", 1), "c": ("PENDING", 0)}
    await work.do(
        ("startStage", "a", {"occurredAt": NINE_TEN}),
        ("startStage", "b", {"occurredAt": NINE}),
        ("completeStage", "b", {"occurredAt": NINE_FORTY}),
    )
    stages = (await work.read())["stages"]
    assert [s["durationMs"] for s in stages] == [20_000, 40_000, None]
    # Who starts a failed stage after that wants another attempt.
    assert (await work.send("startStage", "a")).startswith("INVALID_TRANSITION")


async def test_a_request_may_complete_before_its_start_arrives(work: Work) -> None:
    await work.create()
    await work.do(
        ("completeRequest", None, {"occurredAt": NINE_THIRTY}),
        ("startRequest", None, {"occurredAt": NINE}),
    )
    request = await work.read()
    assert (request["status"], request["durationMs"]) == ("COMPLETED", 30_000)
    assert await work.send("startRequest", occurredAt=NINE) == "DUPLICATE"
    other = Work(work.api)
    await other.create()
    await other.do(
        ("failRequest", None, {"message": "m", "occurredAt": NINE_THIRTY}),
        ("startRequest", None, {"occurredAt": NINE}),
    )
    assert (await other.read())["durationMs"] == 30_000


async def test_nothing_of_nothing_leaves_the_progress_as_it_is(work: Work) -> None:
    await work.create()
    await work.do(
        ("startStage", "a", {}),
        ("progressStage", "a", {"fraction": 0.25}),
        ("progressStage", "a", {"done": 0, "total": 0}),
    )
    stage = (await work.read())["stages"][0]
    assert (stage["done"], stage["total"], stage["progress"]) == (0, 0, 0.25)
    await work.do(("progressStage", "a", {"done": 3, "total": 4}))
    assert (await work.read())["stages"][0]["progress"] == 0.75
    await work.do(("progressStage", "b", {"done": 0, "total": 0}), ("completeStage", "b", {}))
    assert (await work.read())["stages"][1]["progress"] == 1


async def test_stages_that_all_weigh_nothing_weigh_the_same(work: Work) -> None:
    stages = [{"name": name, "weight": 0} for name in "abcd"]
    await work.create(stages=stages)
    await work.do(
        ("startStage", "a", {}),
        ("completeStage", "a", {}),
        ("startStage", "b", {}),
        ("progressStage", "b", {"fraction": 0.5}),
    )
    assert (await work.read())["progress"] == 0.375


async def test_data_of_the_caller_hides_nothing_that_the_server_says(work: Work) -> None:
    await work.create()
    data = {"done": "page 3", "progress": {"x": 1}, "data": None, "job": "r-1"}
    await work.do(
        ("startStage", "a", {}),
        ("progressStage", "a", {"done": 1, "total": 4, "data": data}),
        ("progressStage", "a", {"data": {"total": 1.5}}),
    )
    first, second = [
        e["data"] for e in (await work.read())["events"]["nodes"] if e["type"] == "stage.progressed"
    ]
    assert first == {
        "progress": 0.25, "done": 1, "total": 4, "job": "r-1",
        "data": {"done": "page 3", "progress": {"x": 1}, "data": None},
    }  # fmt: skip
    assert second == {"progress": 0.25, "done": 1, "total": 4, "data": {"total": 1.5}}
