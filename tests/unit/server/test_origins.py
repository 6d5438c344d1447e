"""Pages of strangers may not call the server from a browser; those that were named may."""

import pytest

from server.access.origins import is_own
from tests.support.api import Api

VIEWER = {"query": "{ viewer { name } }"}
GET = {"query": "{ viewer { name } }"}
ALLOWED = "https://app.example.com"


async def test_by_default_no_other_page_may_call(api: Api) -> None:
    for origin in (
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "http://[",
        "x",
    ):
        for answer in (
            await api.raw(VIEWER, headers={"Origin": origin}),
            await api.raw(method="GET", params=GET, headers={"Origin": origin}),
            await api.raw(
                method="OPTIONS",
                headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
            ),
        ):
            assert answer.status_code == 403, origin
            assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
            assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_pages_of_its_own_and_programs_may(api: Api) -> None:
    for headers in (
        {},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://localhost:80", "Host": "localhost"},
        {"Origin": "https://localhost", "Host": "localhost:443"},
        {"Origin": "http://localhost:8000", "Host": "localhost:8000"},
    ):
        assert (await api.raw(VIEWER, headers=headers)).status_code == 200


async def test_questions_that_a_browser_asks_without_an_origin(api: Api) -> None:
    """An image, a script or a link on A page of another site: a query by GET, with no preflight."""
    for site, status in (
        ("cross-site", 403),
        ("same-site", 403),
        ("same-origin", 200),
        ("none", 200),
    ):
        answer = await api.raw(method="GET", params=GET, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == status
    answer = await api.http.get("/", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200  # a link to the page itself


async def test_forms_of_other_pages_carry_nothing(api: Api) -> None:
    """The content types that a page may send without being asked first."""
    change = '{"query": "mutation { startSession(input: {}) { status } }"}'
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = await api.raw(change, headers={"Content-Type": media_type})
        assert answer.status_code == 415
    assert (await api("{ sessions { totalCount } }"))["sessions"]["totalCount"] == 0


@pytest.mark.parametrize(
    "server_settings", [{"allowed_origins": f"{ALLOWED},http://localhost:5173"}]
)
async def test_named_origins_may_call_and_read(api: Api) -> None:
    answer = await api.raw(VIEWER, headers={"Origin": ALLOWED})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ALLOWED
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "Origin"
    assert (await api.raw(VIEWER, headers={"Origin": "https://evil.example"})).status_code == 403
    asked = await api.raw(
        method="OPTIONS",
        headers={
            "Origin": ALLOWED,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-headers"] == "authorization, content-type"
    assert "POST" in asked.headers["access-control-allow-methods"]


@pytest.mark.parametrize("server_settings", [{"allowed_origins": "*"}])
async def test_any_origin_where_that_is_wanted(api: Api) -> None:
    answer = await api.raw(VIEWER, headers={"Origin": "https://anywhere.example"})
    assert answer.headers["access-control-allow-origin"] == "https://anywhere.example"


def test_own_pages() -> None:
    for origin, host, own in (
        ("https://api.example.com", "api.example.com", True),
        ("https://API.example.com", "api.EXAMPLE.com:443", True),
        ("https://api.example.com:8443", "api.example.com", False),
        ("https://api.example.com", "example.com", False),
        ("null", "null", False),
        ("", "", False),
        ("file://", "", False),
    ):
        assert is_own(origin, {"host": host}) is own
