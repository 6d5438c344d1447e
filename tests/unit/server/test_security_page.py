"""Defaults and headers are what docs/reference/security.md states; other statements are tested elsewhere."""

import re
from pathlib import Path

import pytest

from server.settings.table import describe_settings
from tests.support.api import Api, StartApi

PAGE = Path(__file__).parents[3] / "docs/reference/security.md"
DEFAULT = re.compile(r"\[(TRACKSTORE_\w+)\]\([^)]*\), ([\d,.]+)(?: (KiB|MiB))?")
OWN = ("/graphql", "/export", "/livez", "/readyz", "/sign-in")


def test_defaults_are_those_of_the_settings() -> None:
    defaults = {row.variable: row.default for row in describe_settings()}
    told = DEFAULT.findall(PAGE.read_text(encoding="utf-8"))
    assert len(told) >= 25
    for name, number, unit in told:
        assert defaults[name] == number.rstrip(",.").replace(",", "") + unit, name


async def test_headers_are_as_told(api: Api) -> None:
    for path in OWN:
        answer = await api.http.get(path, params={"query": "{ operations { nodes { name } } }"})
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "no-store", path
        assert answer.headers["x-correlation-id"]
        assert "server" not in answer.headers
        if path == "/export":
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-disposition"].startswith("attachment")
    refused = await api.as_key("tsk_wrong").raw({"query": "{ viewer { name } }"})
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("path", ["/graphql", "/export"])
async def test_a_caller_without_a_key_is_refused_before_the_body(
    start_api: StartApi, path: str
) -> None:
    api = await start_api(access="keys", max_body_bytes=1024)
    answer = await api.http.post(path, content=b"x" * 5_000)
    assert answer.status_code == 401
