"""Signing in as the page does, and the keys for it."""

import httpx

from tests.support.api import Api, Json

KEY = "mutation($input: ApiKeyInput!) { createApiKey(input: $input) { secret apiKey { uuid } } }"
REVOKE = "mutation($id: UUID!) { revokeApiKey(input: {keyId: $id}) { apiKey { revokedAt } } }"
VIEWER = {"query": "{ viewer { name organizationId } }"}
OWN = {"Origin": "http://127.0.0.1"}


async def new_key(api: Api, organization: str = "acme", **more: object) -> tuple[str, str]:
    """A key, and its id."""
    given = {"name": organization, "scopes": ["READ"], "organizationId": organization, **more}
    made = (await api(KEY, {"input": given}))["createApiKey"]
    return made["secret"], made["apiKey"]["uuid"]


async def sign_in(
    http: httpx.AsyncClient, key: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Sign in as the page does; the client keeps no cookie of its own."""
    answer = await http.post("/sign-in", json={"key": key}, headers=headers or OWN)
    http.cookies.clear()
    return answer


async def cookie_of(api: Api, key: str) -> dict[str, str]:
    """The headers of a page whose user has signed in."""
    answer = await sign_in(api.http, key)
    assert answer.status_code == 200, answer.text
    return {**OWN, "Cookie": answer.headers["set-cookie"].partition(";")[0]}


async def viewer(api: Api, headers: dict[str, str]) -> Json:
    """Who the server thinks calls."""
    found: Json = (await api.raw(VIEWER, headers=headers)).json()
    return found
