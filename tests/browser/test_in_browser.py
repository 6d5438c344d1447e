"""The pages in a real browser, in front of a real server with the data of the demonstration."""

from typing import Any

import pytest

from tests.browser.browser import tell
from tests.browser.site import ACORN, BIRCH, Site
from tests.support.processes import Json

BUDGET_BYTES = 250_000
PAGES = [
    ("/", "Overview"),
    ("/requests", "Requests"),
    ("/explore", "Explore"),
    ("/savings", "Savings"),
    ("/usage", "Usage"),
    ("/breakers", "Breakers"),
    ("/keys", "API keys"),
    ("/about", "About"),
]
A_REQUEST = """query($organization: ID!, $status: [RequestStatus!]) {
  requests(first: 1, where: {organizationId: {eq: $organization}, status: $status}) {
    nodes { uuid title correlationId }
  }
}"""
INGEST = "mutation($entries: [EntryInput!]!) { ingest(entries: $entries) { rejected } }"
NUMBERS = """{
  requestStats(where: {createdAt: {last: "PT24H"}}) { totals { count activeCount errorCount completedCount } }
  operationStats(where: {occurredAt: {last: "PT24H"}}) { totals { count tokensPrevented { sum } } }
  circuitBreakers(where: {state: [OPEN]}) { name }
}"""


def a_request(site: Site, organization: str = ACORN, status: str = "COMPLETED") -> Json:
    found = site.ask(A_REQUEST, organization=organization, status=[status])
    request: Json = found["requests"]["nodes"][0]
    return request


def test_signing_in_and_its_refusal(played: Site) -> None:
    reader, _ = played.key("reader", "READ", organization=ACORN)
    revocable, id = played.key("leaving", "READ", "ADMIN")
    found = tell(
        "sign-in",
        complaining=["401"],
        server=played.url,
        key=reader,
        revocable=revocable,
        revocableId=id,
    )
    assert "key" in found["refusal"]
    assert found["refusedCookies"] == 0
    assert found["address"] == f"{played.url}/requests?range=7d"
    assert (found["httpOnly"], found["sameSite"]) == (True, "Strict")
    assert reader not in found["kept"]


def test_every_page_can_be_read_by_all(played: Site) -> None:
    request = a_request(played)
    pages = [*PAGES, (f"/requests/{request['uuid']}", request["title"])]
    found = tell(
        "pages",
        server=played.url,
        key=played.admin,
        pages=[{"path": path, "heading": heading} for path, heading in pages],
    )
    assert [f"{f['path']} {f['theme']}" for f in found if f.get("violations")] == [], found
    for page in (f for f in found if "text" in f):
        assert page["failed"] == []
        assert page["overflow"] <= 0, f"{page['path']} is wider than a narrow screen"
    texts = {f["path"]: f["text"] for f in found if "text" in f}
    assert "lesson_video" in texts["/"]
    assert "video-renderer" in texts["/breakers"]


def test_the_overview_has_the_numbers_of_the_api(played: Site) -> None:
    found = tell("numbers", server=played.url, key=played.admin)
    told = played.ask(NUMBERS)
    requests, operations = (told[f"{source}Stats"]["totals"] for source in ("request", "operation"))
    figures = found["figures"]
    assert figures["Requests"] == f"{requests['count']:,}"
    assert figures["Operations"] == f"{operations['count']:,}"
    ended = requests["errorCount"] + requests["completedCount"]
    assert float(figures["Failure rate"].rstrip("%")) == pytest.approx(
        100 * requests["errorCount"] / ended, abs=0.06
    )
    assert figures["Open breakers"] == str(len(told["circuitBreakers"]))
    assert sum(size for _, size in found["scripts"]) < BUDGET_BYTES


def test_one_organization_does_not_see_another(played: Site) -> None:
    reader, _ = played.key("acorn", "READ", organization=ACORN)
    other, own = a_request(played, BIRCH), a_request(played, ACORN, "RUNNING")
    hidden, shown = f"/requests/{other['uuid']}", f"/requests/{own['uuid']}"
    paths = ["/", "/requests", "/requests?range=30d", f"/?organization={BIRCH}", hidden, shown]
    found = tell("tenancy", server=played.url, key=reader, paths=paths)
    for path, text in found["texts"].items():
        assert ACORN in text, path
        assert BIRCH not in text, path
    assert "Request not found" in found["texts"][hidden]
    assert own["title"] in found["texts"][shown]
    assert found["buttons"] == 0, "a reader calls nothing off"


def test_a_request_is_found_and_read_by_keyboard(played: Site) -> None:
    request = a_request(played)
    found = tell(
        "keyboard", server=played.url, key=played.admin, correlationId=request["correlationId"]
    )
    assert found["first"] == "Skip to content"
    assert found["url"].endswith(f"/requests/{request['uuid']}")
    assert found["detail"] == "1 · request.created"


def test_an_operator_tries_again_and_calls_off(played: Site) -> None:
    operator, _ = played.key("operator", "READ", "INGEST", organization=ACORN)
    id = "01a1f84a-95c0-7000-8000-0000000000aa"
    traceback = "Traceback (most recent call last):\n  line 3, in write\nKeyError: 'grade'"
    entries: list[dict[str, Any]] = [
        {"createRequest": {"id": id, "type": "lesson", "stages": [{"name": "script"}]}},
        {"startStage": {"requestId": id, "stage": "script"}},
        {
            "failStage": {
                "requestId": id,
                "stage": "script",
                "message": "KeyError: 'grade'",
                "details": {"type": "KeyError", "traceback": traceback},
            }
        },
        {"failRequest": {"requestId": id, "message": "KeyError: 'grade'"}},
    ]
    played.ask(INGEST, operator, entries=entries)
    found = tell("operator", server=played.url, key=operator, id=id)
    assert found == {"traceback": traceback, "bars": 2, "buttons": 0}
    state = played.ask(f'{{ request(id: "{id}") {{ status cancelReason }} }}')["request"]
    assert state == {"status": "CANCELLED", "cancelReason": "the teacher withdrew it"}
