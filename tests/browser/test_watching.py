"""A page that is left open: through a killed server, and under load."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from store.ids import new_id
from tests.browser.browser import require_browser, scenario
from tests.browser.site import ACORN, Site, site
from tests.support.processes import server_process

EVENTS_OF_LONG_LOG = 10_000
BATCH = 1_000
INGEST = "mutation($entries: [EntryInput!]!) { ingest(entries: $entries) { rejected } }"
BURSTS = 5
EVENTS_OF_BURST = 500
REQUESTS_OF_BURST = 100
ROWS_OF_A_PAGE = 50
MAX_RENDERED_LINES = 80
MAX_DOM_NODES = 10_000
MAX_HEAP_GROWTH_BYTES = 3_000_000


@pytest.fixture
def watched(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A server without data, on each database."""
    require_browser()
    with site(database_url, tmp_path) as served:
        yield served


class Work:
    """A request as its worker reports it, to whichever server runs."""

    def __init__(self, url: str, key: str) -> None:
        self.id = str(new_id())
        self.last = 0
        self._url, self._key = url, key

    def report(self, *entries: dict[str, Any]) -> None:
        """Send commands, each of which appends one event."""
        answer = httpx.post(
            f"{self._url}/graphql",
            json={"query": INGEST, "variables": {"entries": list(entries)}},
            headers={"Authorization": f"Bearer {self._key}"},
            timeout=60,
        ).json()
        assert answer == {"data": {"ingest": {"rejected": 0}}}
        self.last += len(entries)

    def stage(self, command: str, **fields: Any) -> dict[str, Any]:
        return {
            command: {"requestId": self.id, "stage": "script", "eventId": str(new_id()), **fields}
        }

    def notes(self, number: int) -> list[dict[str, Any]]:
        note = {"requestId": self.id, "type": "note", "message": "as it happens"}
        return [{"logEvent": {**note, "eventId": str(new_id())}} for _ in range(number)]


def test_a_request_from_start_to_end_through_a_killed_server(watched: Site, tmp_path: Path) -> None:
    worker, _ = watched.create_key("worker", "INGEST", organization=ACORN)
    work = Work(watched.url, worker)
    created = {
        "id": work.id,
        "type": "lesson",
        "title": "Fractions",
        "stages": [{"name": "script"}],
    }
    work.report({"createRequest": created})
    port = httpx.URL(watched.url).port or 0
    options = {"server": watched.url, "key": watched.admin, "id": work.id, "title": "Fractions"}
    with scenario("follow", **options) as session:
        assert session.receive()["state"] == "Live"
        work.report({"startRequest": {"requestId": work.id}})
        work.report(work.stage("startStage"), *work.notes(30))
        session.send(last=33)
        assert session.receive() == {"state": "Live", "status": "Running"}

        watched.server.kill()
        session.send(state="reconnecting")
        assert session.receive()["state"].startswith("Reconnecting")
        with server_process(watched.database_url, tmp_path, port=port, access="keys") as restarted:
            assert restarted.url == watched.url
            work.report(work.stage("progressStage", fraction=0.5), *work.notes(40))
            session.send(state="live", last=work.last)
            assert session.receive() == {"state": "Live", "status": "Running"}
            work.report(work.stage("completeStage", output={"words": 900}))
            work.report({"completeRequest": {"requestId": work.id, "result": {"url": "x.mp4"}}})
            session.send(end=True)
            result = session.finish(ignored_errors=["WebSocket", "net::ERR_"])
    assert [seq for seq, _ in result["seen"]] == list(range(1, work.last + 1))
    assert result["seen"][-1][1] == "request.completed"
    assert "Completed" in result["facts"]
    assert "100 %" in result["facts"]
    assert "script" in result["stages"]


def test_a_page_left_open_does_not_grow(demo_site: Site) -> None:
    worker, _ = demo_site.create_key("worker", "INGEST", organization=ACORN)
    long, busy = (Work(demo_site.url, worker) for _ in range(2))
    for work in (long, busy):
        work.report({"createRequest": {"id": work.id, "type": "lesson"}})
    while long.last < EVENTS_OF_LONG_LOG:
        long.report(*long.notes(min(BATCH, EVENTS_OF_LONG_LOG - long.last)))
    options = {"server": demo_site.url, "key": demo_site.admin, "long": long.id}
    with scenario("load", **options, events=f"{EVENTS_OF_LONG_LOG:,}") as session:
        session.receive()
        for _ in range(BURSTS):
            busy.report(*busy.notes(EVENTS_OF_BURST))
            some = [str(new_id()) for _ in range(REQUESTS_OF_BURST)]
            busy.report(*({"createRequest": {"id": id, "type": "clip"}} for id in some))
            session.send(end=False)
            session.receive()
        session.send(end=True)
        result = session.finish()
    assert result["scrolled"] < MAX_RENDERED_LINES, "only visible lines are rendered"
    assert result["rows"] <= ROWS_OF_A_PAGE
    early, late = result["measured"][1], result["measured"][-1]
    assert late["nodes"] < MAX_DOM_NODES
    assert late["bytes"] - early["bytes"] < MAX_HEAP_GROWTH_BYTES, result["measured"]
