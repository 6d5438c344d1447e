"""What tests of ``trackstore watch`` report to a server, and read back."""

import time
from typing import Any
from uuid import uuid4

import httpx

Json = dict[str, Any]
PATIENCE_SECONDS = 60.0
CREATE = """mutation($input: CreateRequestInput!) {
  createRequest(input: $input) { request { uuid } } }"""
LOG = """query($id: UUID!, $after: String) { request(id: $id) {
  events(first: 100, after: $after) {
    nodes { uuid requestId seq type severity stage attempt message data occurredAt recordedAt }
    pageInfo { hasNextPage endCursor } } } }"""
COMMANDS = {
    "start": "mutation($input: UUID!) { startRequest(input: {requestId: $input}) { status } }",
    "log": "mutation($input: LogEventInput!) { logEvent(input: $input) { status } }",
    "start_stage": "mutation($input: StartStageInput!) { startStage(input: $input) { status } }",
    "progress": "mutation($input: ProgressStageInput!) { progressStage(input: $input) { status } }",
    "fail_stage": "mutation($input: FailStageInput!) { failStage(input: $input) { status } }",
    "fail": "mutation($input: FailRequestInput!) { failRequest(input: $input) { status } }",
    "complete": """mutation($input: CompleteRequestInput!) {
      completeRequest(input: $input) { status } }""",
    "cancel": """mutation($input: UUID!) {
      cancelRequest(input: {requestId: $input, reason: "too late"}) { status } }""",
}


class Caller:
    """Calls a server; a call that it did not answer is sent again."""

    def __init__(self, url: str, key: str | None = None) -> None:
        headers = {"Connection": "close"}  # a socket per call: nothing is left open, or half dead
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx.Client(base_url=url, headers=headers, timeout=30)

    def __call__(self, query: str, variables: Json | None = None) -> Any:
        """The data of the answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                body = {"query": query, "variables": variables}
                response = self._http.post("/graphql", json=body)
                if response.status_code < 500:
                    answer = response.json()
                    assert "errors" not in answer, answer
                    return answer["data"]
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "the server did not come back"
            time.sleep(0.02)

    def create(self, **given: Any) -> str:
        """A request that is not started, and its id."""
        made = self(CREATE, {"input": {"type": "lesson", **given}})
        return str(made["createRequest"]["request"]["uuid"])

    def do(self, command: str, value: Any) -> None:
        """One command to a request."""
        self(COMMANDS[command], {"input": value})

    def say(self, id: str, message: str, **given: Any) -> None:
        """Log an event, once however often it is sent."""
        event = {"requestId": id, "type": "told", "message": message, **given}
        self.do("log", {"eventId": str(uuid4()), **event})

    def log(self, id: str) -> list[Json]:
        """All events of a request, as lines of JSON hold them."""
        found: list[Json] = []
        after = None
        while True:
            page = self(LOG, {"id": id, "after": after})["request"]["events"]
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]
