"""The time that is left, from how long stages of the same organization and type took before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.requests import history
from store.requests.history import StageHistory
from tests.api.paging.statements import statements_of
from tests.support.api import Api, Json, StartApi
from tests.unit.store.rows import v7_at

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
INGEST = """mutation ($entries: [EntryInput!]!) { ingest(entries: $entries) {
    accepted results(only: [REJECTED]) { message } } }"""
ETA = "query ($id: UUID!) { request(id: $id) { status etaSeconds } }"
ETAS = "{ requests(first: 50) { nodes { title etaSeconds } } }"
TIMELINE = """query ($id: UUID!) { request(id: $id) { etaSeconds timeline {
    stage attempt status progress startedAt endedAt offsetMs durationMs expectedStartAt
    expectedEndAt } } }"""
CREATE_KEY = "mutation ($input: ApiKeyInput!) { createApiKey(input: $input) { secret } }"


class Studio:
    """A server whose clock the test moves, and lessons that are made on it."""

    def __init__(self) -> None:
        self.now = NOON
        self.made = 0
        self.api: Api

    def move(self, seconds: float) -> None:
        """Go on by so much."""
        self.now += timedelta(seconds=seconds)

    async def tell(self, **entry: Json) -> None:
        """One entry, at the present instant."""
        told = (await self.api(INGEST, {"entries": [entry]}))["ingest"]
        assert told["accepted"] == 1, told

    async def create(self, *stages: str, **more: Any) -> str:
        """A lesson that is planned."""
        self.made += 1
        id = str(v7_at(self.now, self.made))
        planned = [{"name": name} for name in stages]
        request = {"type": "lesson", "title": f"#{self.made}", "stages": planned, **more}
        await self.tell(createRequest={"id": id, **request})
        return id

    async def run(self, end: str = "completeRequest", **durations: float) -> str:
        """A lesson whose stages took so many seconds, one after another."""
        labels = durations.pop("labels", None)
        more: dict[str, Any] = {"labels": labels} if labels else {}
        id = await self.create(*durations, **more)
        for name, seconds in durations.items():
            await self.tell(startStage={"requestId": id, "stage": name})
            self.move(seconds)
            await self.tell(completeStage={"requestId": id, "stage": name})
        said = {"message": "no"} if end == "failRequest" else {}
        await self.tell(**{end: {"requestId": id, **said}})
        return id

    async def eta(self, id: str, api: Api | None = None) -> float | None:
        """The time that is left of a lesson."""
        found: float | None = (await (api or self.api)(ETA, {"id": id}))["request"]["etaSeconds"]
        return found

    async def key(self, **bounds: Any) -> Api:
        """A caller with a key of its own."""
        scopes = bounds.pop("scopes", ["READ", "INGEST"])
        made = await self.api(CREATE_KEY, {"input": {"name": "k", "scopes": scopes, **bounds}})
        return self.api.as_key(made["createApiKey"]["secret"])


@pytest.fixture
async def studio(start_api: StartApi) -> Studio:
    """A server on which nothing was made yet."""
    found = Studio()
    found.api = await start_api(clock=lambda: found.now, stall_sweep_seconds=0)
    return found


async def test_the_median_of_what_such_stages_took(studio: Studio) -> None:
    for script, video in ((10, 100), (90, 400), (30, 200)):
        await studio.run(script=script, video=video)
    id = await studio.create("script", "video")
    assert await studio.eta(id) == 230.0, "before it begins"
    await studio.tell(startStage={"requestId": id, "stage": "script"})
    studio.move(12)
    assert await studio.eta(id) == 218.0
    studio.move(30)
    assert await studio.eta(id) == 200.0, "longer than usual"
    await studio.tell(completeStage={"requestId": id, "stage": "script"})
    await studio.tell(startStage={"requestId": id, "stage": "video"})
    await studio.tell(progressStage={"requestId": id, "stage": "video", "fraction": 0.75})
    assert await studio.eta(id) == 50.0
    await studio.tell(completeStage={"requestId": id, "stage": "video"})
    assert await studio.eta(id) == 0.0
    await studio.tell(completeRequest={"requestId": id})
    assert await studio.eta(id) is None


async def test_stages_of_what_failed_count_too_and_those_that_failed_do_not(
    studio: Studio,
) -> None:
    await studio.run(end="failRequest", script=40)
    id = await studio.create("script", "video")
    await studio.tell(startStage={"requestId": id, "stage": "video"})
    studio.move(7)
    await studio.tell(failStage={"requestId": id, "stage": "video", "message": "no"})
    await studio.tell(cancelRequest={"requestId": id})
    studio.move(61)
    asked = await studio.create("script")
    assert await studio.eta(asked) == 40.0
    assert await studio.eta(await studio.create("video")) is None


async def test_other_types_and_organizations_say_nothing(studio: Studio) -> None:
    await studio.run(script=40)
    assert await studio.eta(await studio.create("script", type="quiz")) is None
    other = {"labels": {"organizationId": "other"}}
    assert await studio.eta(await studio.create("script", **other)) is None
    assert await studio.eta(await studio.create("script")) == 40.0


async def test_a_key_of_a_workspace_learns_from_its_own_requests_only(studio: Studio) -> None:
    workspace = {"organizationId": "acme", "workspaceId": "web"}
    for labels, seconds in (({"organizationId": "acme"}, 500.0), (workspace, 20.0)):
        await studio.run(labels=labels, script=seconds)  # type: ignore[arg-type]
        studio.move(1)
    id = await studio.create("script", labels=workspace)
    whole = await studio.key(organizationId="acme")
    part = await studio.key(organizationId="acme", workspaceId="web")
    assert await studio.eta(id, whole) == 260.0
    assert await studio.eta(id, part) == 20.0
    blind = await studio.key(organizationId="acme", scopes=["INGEST"])
    beat = """mutation ($id: UUID!) { startRequest(input: {requestId: $id}) { request { etaSeconds } } }"""
    assert (await blind.refused(beat, {"id": id})).code == "FORBIDDEN"


async def test_what_is_not_asked_costs_nothing(studio: Studio) -> None:
    for _ in range(3):
        await studio.run(script=30)
        await studio.create("script")
        await studio.create("questions", type="quiz")
    with statements_of(studio.api) as sent:
        await studio.api("{ requests(first: 50) { nodes { title } } }")
    assert len(sent) == 1
    with statements_of(studio.api) as sent:
        answer = await studio.api(ETAS)
    assert len(sent) == 3, "the page, the stages of all, the history of both types"
    etas = [node["etaSeconds"] for node in answer["requests"]["nodes"]]
    assert sorted(map(str, etas)) == sorted(map(str, [30.0] * 3 + [None] * 6))
    with statements_of(studio.api) as sent:
        await studio.api(ETAS)
    assert len(sent) == 2, "the history is remembered"
    studio.move(60)
    with statements_of(studio.api) as sent:
        await studio.api(ETAS)
    assert len(sent) == 3
    with statements_of(studio.api) as sent:
        await studio.api(
            "{ requests(where: {status: {in: [COMPLETED]}}) { nodes { etaSeconds } } }"
        )
    assert len(sent) == 1, "what has ended needs no history"


async def test_what_is_remembered_is_bounded(studio: Studio) -> None:
    store = studio.api.server.store
    store._stage_history = cache = StageHistory(store.database, store.now, max_kinds=2)
    await studio.run(script=30)
    ids = [await studio.create("script")]
    ids += [await studio.create("script", type=f"t{n}") for n in range(4)]
    for _ in range(2):
        assert [await studio.eta(id) for id in ids] == [30.0, None, None, None, None]
        assert [type for _, (_, type) in cache._durations] == ["t2", "t3"]


async def test_the_newest_samples_count(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "SAMPLES", 2)
    for seconds in (500, 10, 20):
        await studio.run(script=seconds)
    id = await studio.create("script")
    assert await studio.eta(id) == 15.0
    monkeypatch.setattr(history, "RECENT_REQUESTS", 1)
    studio.move(60)
    assert await studio.eta(id) == 20.0


async def test_organizations_beyond_one_statement(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ORGANIZATIONS_PER_STATEMENT", 2)
    for number in range(5):
        labels = {"organizationId": f"org-{number}"}
        await studio.run(labels=labels, script=10.0 + number)  # type: ignore[arg-type]
        await studio.create("script", labels=labels)
    with statements_of(studio.api) as sent:
        nodes = (await studio.api(ETAS))["requests"]["nodes"]
    assert len(sent) == 5
    assert [n["etaSeconds"] for n in nodes if n["etaSeconds"]] == [14.0, 13.0, 12.0, 11.0, 10.0]


async def test_a_timeline_is_ready_for_a_picture(studio: Studio) -> None:
    await studio.run(script=30, video=100, notify=5)
    id = await studio.create("script", "video", "notify")
    await studio.tell(startStage={"requestId": id, "stage": "script"})
    start = studio.now
    studio.move(20)
    await studio.tell(completeStage={"requestId": id, "stage": "script"})
    studio.move(1)
    await studio.tell(startStage={"requestId": id, "stage": "video"})
    studio.move(4)
    await studio.tell(failStage={"requestId": id, "stage": "video", "message": "no"})
    await studio.tell(retryStage={"requestId": id, "stage": "video"})
    studio.move(10)
    await studio.tell(progressStage={"requestId": id, "stage": "video", "fraction": 0.5})
    with statements_of(studio.api) as sent:
        found = (await studio.api(TIMELINE, {"id": id}))["request"]
    assert len(sent) == 4, "the request, its stages, their attempts, the history"

    def at(seconds: float) -> str:
        return (start + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")

    assert found["etaSeconds"] == 55.0
    assert [list(bar.values()) for bar in found["timeline"]] == [
        ["script", 1, "COMPLETED", 1.0, at(0), at(20), 0.0, 20_000.0, None, None],
        ["video", 1, "FAILED", 0.0, at(21), at(25), 21_000.0, 4_000.0, None, None],
        ["video", 2, "RUNNING", 0.5, at(25), None, 25_000.0, 10_000.0, None, at(85)],
        ["notify", 1, "PENDING", 0.0, None, None, 85_000.0, None, at(85), at(90)],
    ]
