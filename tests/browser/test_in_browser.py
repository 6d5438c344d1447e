"""The pages in a real browser, in front of a real server with the data of the demonstration."""

from typing import Any

import pytest

from tests.browser.browser import run_scenario
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
FIND_REQUEST = """query($organization: ID!, $status: [RequestStatus!]) {
  requests(first: 1, where: {organizationId: {eq: $organization}, status: {in: $status}}) {
    nodes { uuid title correlationId }
  }
}"""
INGEST = "mutation($entries: [EntryInput!]!) { ingest(entries: $entries) { rejected } }"
NUMBERS = """{
  requestStats(where: {createdAt: {last: "PT24H"}}) { totals { count activeCount errorCount completedCount } }
  operationStats(where: {occurredAt: {last: "PT24H"}}) { totals { count tokensPrevented { sum } } }
  circuitBreakers(where: {state: {in: [OPEN]}}) { name }
}"""


def find_request(site: Site, organization: str = ACORN, status: str = "COMPLETED") -> Json:
    result = site.execute(FIND_REQUEST, organization=organization, status=[status])
    request: Json = result["requests"]["nodes"][0]
    return request


def test_sign_in(demo_site: Site) -> None:
    reader, _ = demo_site.create_key("reader", "READ", organization=ACORN)
    revocable, id = demo_site.create_key("leaving", "READ", "ADMIN")
    result = run_scenario(
        "sign-in",
        ignored_errors=["401"],
        server=demo_site.url,
        key=reader,
        revocable=revocable,
        revocableId=id,
    )
    assert "key" in result["refusal"]
    assert result["refusedCookies"] == 0
    assert result["address"] == f"{demo_site.url}/requests?range=7d"
    assert (result["httpOnly"], result["sameSite"]) == (True, "Strict")
    assert reader not in result["kept"]


def test_every_page_is_accessible(demo_site: Site) -> None:
    request = find_request(demo_site)
    pages = [*PAGES, (f"/requests/{request['uuid']}", request["title"])]
    result = run_scenario(
        "pages",
        server=demo_site.url,
        key=demo_site.admin,
        pages=[{"path": path, "heading": heading} for path, heading in pages],
    )
    assert [f"{f['path']} {f['theme']}" for f in result if f.get("violations")] == [], result
    for page in (f for f in result if "text" in f):
        assert page["failed"] == []
        assert page["overflow"] <= 0, f"{page['path']} is wider than a narrow screen"
    texts = {f["path"]: f["text"] for f in result if "text" in f}
    assert "lesson_video" in texts["/"]
    assert "video-renderer" in texts["/breakers"]


def test_the_overview_has_the_numbers_of_the_api(demo_site: Site) -> None:
    result = run_scenario("numbers", server=demo_site.url, key=demo_site.admin)
    expected = demo_site.execute(NUMBERS)
    requests, operations = (
        expected[f"{source}Stats"]["totals"] for source in ("request", "operation")
    )
    figures = result["figures"]
    assert figures["Requests"] == f"{requests['count']:,}"
    assert figures["Operations"] == f"{operations['count']:,}"
    ended = requests["errorCount"] + requests["completedCount"]
    assert float(figures["Failure rate"].rstrip("%")) == pytest.approx(
        100 * requests["errorCount"] / ended, abs=0.06
    )
    assert figures["Open breakers"] == str(len(expected["circuitBreakers"]))
    assert sum(size for _, size in result["scripts"]) < BUDGET_BYTES


def test_one_organization_does_not_see_another(demo_site: Site) -> None:
    reader, _ = demo_site.create_key("acorn", "READ", organization=ACORN)
    other, own = find_request(demo_site, BIRCH), find_request(demo_site, ACORN, "RUNNING")
    hidden, visible = f"/requests/{other['uuid']}", f"/requests/{own['uuid']}"
    paths = ["/", "/requests", "/requests?range=30d", f"/?organization={BIRCH}", hidden, visible]
    result = run_scenario("tenancy", server=demo_site.url, key=reader, paths=paths)
    for path, text in result["texts"].items():
        assert ACORN in text, path
        assert BIRCH not in text, path
    assert "Request not found" in result["texts"][hidden]
    assert own["title"] in result["texts"][visible]
    assert result["buttons"] == 0, "a reader cannot cancel requests"


def test_a_request_is_opened_by_keyboard(demo_site: Site) -> None:
    request = find_request(demo_site)
    result = run_scenario(
        "keyboard",
        server=demo_site.url,
        key=demo_site.admin,
        correlationId=request["correlationId"],
    )
    assert result["first"] == "Skip to content"
    assert result["url"].endswith(f"/requests/{request['uuid']}")
    assert result["detail"] == "1 · request.created"


def test_an_operator_retries_and_cancels(demo_site: Site) -> None:
    operator, _ = demo_site.create_key("operator", "READ", "INGEST", organization=ACORN)
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
    demo_site.execute(INGEST, operator, entries=entries)
    result = run_scenario("operator", server=demo_site.url, key=operator, id=id)
    assert result == {"traceback": traceback, "bars": 2, "buttons": 0}
    state = demo_site.execute(f'{{ request(id: "{id}") {{ status cancelReason }} }}')["request"]
    assert state == {"status": "CANCELLED", "cancelReason": "the teacher withdrew it"}
