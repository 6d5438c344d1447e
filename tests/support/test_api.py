"""The fixtures of the public API: a fresh server on each dialect, settings, other callers."""

import pytest

from tests.support.api import Api, StartApi

VIEWER = "{ viewer { name scopes organizationId homeOrganizationId } }"
CREATE_KEY = """mutation ($input: ApiKeyInput!) { createApiKey(input: $input) { secret } }"""


async def test_the_server_answers_an_open_caller(api: Api) -> None:
    viewer = (await api(VIEWER))["viewer"]
    assert viewer["name"] == "open"
    assert viewer["homeOrganizationId"] == "default"


@pytest.mark.parametrize("server_settings", [{"default_organization": "acme"}])
async def test_a_test_can_choose_settings(api: Api) -> None:
    assert (await api(VIEWER))["viewer"]["homeOrganizationId"] == "acme"


async def test_another_caller_has_a_key(api: Api) -> None:
    key = {"name": "reader", "scopes": ["READ"], "organizationId": "acme"}
    secret = (await api(CREATE_KEY, {"input": key}))["createApiKey"]["secret"]
    assert (await api.as_key(secret)(VIEWER))["viewer"] == {
        "name": "reader",
        "scopes": ["READ"],
        "organizationId": "acme",
        "homeOrganizationId": "acme",
    }
    assert (await api.as_key("nobody").refused(VIEWER)).code == "UNAUTHENTICATED"


async def test_one_database_serves_servers_of_several_settings(start_api: StartApi) -> None:
    first, second = await start_api(), await start_api(max_batch_items=1)
    assert (await first(VIEWER)) == (await second(VIEWER))
