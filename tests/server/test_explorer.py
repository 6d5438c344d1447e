"""The page to try documents: for browsers, on the server's own machine, and nothing else changes."""

import pytest

from tests.api import Api

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_browsers_get_a_page(api: Api) -> None:
    answer = await api.http.get("/graphql", headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in answer.text.replace("http-equiv", "")  # nothing comes from elsewhere


async def test_all_others_get_graphql(api: Api) -> None:
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json, text/html"}):
        answer = await api.http.get("/graphql", headers=headers)
        assert (answer.status_code, list(answer.json())) == (400, ["errors"])
    asked = await api.raw(method="GET", params={"query": "{ viewer { name } }"}, headers=BROWSER)
    assert asked.json() == {"data": {"viewer": {"name": "open"}}}
    posted = await api.raw({"query": "{ viewer { name } }"}, headers=BROWSER)
    assert posted.json() == {"data": {"viewer": {"name": "open"}}}


@pytest.mark.parametrize("server_settings", [{"explorer": "no"}])
async def test_it_can_be_switched_off(api: Api) -> None:
    assert (await api.http.get("/graphql", headers=BROWSER)).status_code == 400
