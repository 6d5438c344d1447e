"""One request, the commands to it, and how it is read back."""

import pytest

from store.ids import new_id
from tests.support.api import Api, Json

INGEST = """mutation ($entries: [EntryInput!]!) { ingest(entries: $entries) {
    accepted truncated results { status code message path } } }"""
READ = """query ($id: UUID!) { request(id: $id) {
    status progress currentStage errorStage lastSeq createdAt startedAt endedAt durationMs
    result attributes title cancelReason error { message stage details }
    stages { name status progress attempt maxAttempts done total message output error errorMessage
      startedAt endedAt durationMs attempts { attempt status startedAt endedAt durationMs
      errorMessage } }
    timeline { stage attempt status offsetMs durationMs }
    events { nodes { seq type stage attempt message data occurredAt } } } }"""
RETRY = """mutation ($id: UUID!, $stage: String!, $force: Boolean = false, $eventId: UUID) {
    retryStage(input: {requestId: $id, stage: $stage, force: $force, eventId: $eventId}) {
      status stage { status attempt } request { status endedAt errorStage } } }"""
RETRY_REQUEST = """mutation ($id: UUID!, $force: Boolean = false, $eventId: UUID) {
    retryRequest(input: {requestId: $id, force: $force, eventId: $eventId}) {
      status request { status endedAt errorStage currentStage } } }"""


class Work:
    """One request with the stages a, b and c."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.id = str(new_id())

    async def create(self, **values: object) -> None:
        """Create it; a and c may be tried three times, b twice."""
        stages = [{"name": "a"}, {"name": "b", "maxAttempts": 2}, {"name": "c"}]
        whole = {"id": self.id, "type": "lesson", "stages": stages, **values}
        answer = await self.ingest({"createRequest": whole})
        assert answer["accepted"] == 1, answer

    async def ingest(self, *entries: Json) -> Json:
        """Send entries as one batch and return the payload."""
        payload: Json = (await self.api(INGEST, {"entries": list(entries)}))["ingest"]
        return payload

    async def send(self, command: str, stage: str | None = None, /, **values: object) -> str:
        """Send one command; its status, or the code and message of its refusal."""
        named = {} if stage is None else {"stage": stage}
        entry = {command: {"requestId": self.id, **named, **values}}
        (result,) = (await self.ingest(entry))["results"]
        if result["code"]:
            return f"{result['code']}: {result['message']}"
        status: str = result["status"]
        return status

    async def do(self, *commands: tuple[str, str | None, Json]) -> None:
        """Send commands that must be accepted."""
        for command, stage, values in commands:
            assert await self.send(command, stage, **values) == "ACCEPTED", (command, stage)

    async def fail_in_b(self, **failure: object) -> None:
        """Complete a, fail b, fail the request: what a worker does that meets an exception."""
        await self.create()
        await self.do(
            ("startStage", "a", {}),
            ("completeStage", "a", {"output": {"n": 1}}),
            ("startStage", "b", {}),
            ("failStage", "b", {"message": "first", **failure}),
            ("failRequest", None, {"message": "b failed", "details": {"type": "ValueError"}}),
        )

    async def retry(self, stage: str, **values: object) -> Json:
        """The payload of ``retryStage``."""
        answer: Json = (await self.api(RETRY, {"id": self.id, "stage": stage, **values}))[
            "retryStage"
        ]
        return answer

    async def retry_request(self, **values: object) -> Json:
        """The payload of ``retryRequest``."""
        answer: Json = (await self.api(RETRY_REQUEST, {"id": self.id, **values}))["retryRequest"]
        return answer

    async def read(self) -> Json:
        """The request."""
        found: Json = (await self.api(READ, {"id": self.id}))["request"]
        return found

    async def stages(self) -> dict[str, tuple[str, int]]:
        """Status and attempt of each stage."""
        return {s["name"]: (s["status"], s["attempt"]) for s in (await self.read())["stages"]}

    async def log(self, after: int = 0) -> list[str]:
        """Type and stage of each event after a number."""
        nodes = (await self.read())["events"]["nodes"]
        return [" ".join(filter(None, (e["type"], e["stage"]))) for e in nodes if e["seq"] > after]


@pytest.fixture
def work(api: Api) -> Work:
    """A request that is not created yet."""
    return Work(api)
