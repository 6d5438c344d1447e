"""Signing in with a key: what the cookie opens, when it counts, and when it ends."""

from datetime import UTC, datetime, timedelta

import pytest

from server.access.cookies import is_secure, sent_cookie
from tests.support.api import Api, StartApi
from tests.support.signing import OWN, REVOKE, VIEWER, cookie_of, new_key, sign_in, viewer


@pytest.fixture
async def closed(start_api: StartApi) -> Api:
    """A server that asks for keys, and an administrator of it."""
    opened = await start_api(access="open")
    token, _ = await new_key(opened, "*", scopes=["ADMIN"], name="boss")
    return (await start_api(access="keys")).as_key(token)


async def test_a_cookie_stands_for_the_key(closed: Api) -> None:
    key, _ = await new_key(closed)
    stranger = closed.as_key(None)
    assert (await stranger.http.get("/sign-in")).json() == {"access": "keys", "signedIn": False}
    answer = await sign_in(closed.http, key)
    assert answer.json() == {"access": "keys", "signedIn": True}
    pair, *bounds = answer.headers["set-cookie"].split("; ")
    assert pair.startswith("trackstore=tss_")
    assert set(bounds) == {"Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Strict"}
    assert key not in answer.headers["set-cookie"]
    headers = {**OWN, "Cookie": f"other=1; {pair}"}
    assert await viewer(stranger, headers) == {
        "data": {"viewer": {"name": "acme", "organizationId": "acme"}}
    }
    state = await stranger.http.get("/sign-in", headers=headers)
    assert state.json() == {"access": "keys", "signedIn": True}
    assert state.headers["cache-control"] == "no-store"
    exported = await stranger.http.get(
        "/export",
        params={"query": "{ operations { nodes { name } } }", "format": "csv"},
        headers={"Cookie": pair, "Sec-Fetch-Site": "same-origin"},
    )
    assert (exported.status_code, exported.text.strip()) == (200, "name")


async def test_other_servers_and_later_ones_know_it(start_api: StartApi, closed: Api) -> None:
    headers = await cookie_of(closed, (await new_key(closed))[0])
    another = await start_api(access="keys")
    assert (await viewer(another, headers))["data"]["viewer"]["name"] == "acme"


async def test_it_ends_with_its_key_and_by_signing_out(closed: Api) -> None:
    key, id = await new_key(closed)
    stranger = closed.as_key(None)
    one, two = await cookie_of(closed, key), await cookie_of(closed, key)
    assert "data" in await viewer(stranger, one)
    left = await stranger.http.delete("/sign-in", headers=one)
    assert left.status_code == 204
    assert "trackstore=; Path=/; Max-Age=0" in left.headers["set-cookie"]
    assert (await stranger.raw(VIEWER, headers=one)).status_code == 401
    assert "data" in await viewer(stranger, two)
    await closed(REVOKE, {"id": id})
    refused = await stranger.raw(VIEWER, headers=two)
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_it_ends_in_time(start_api: StartApi) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    moment = [now]
    api = await start_api(clock=lambda: moment[0], access="open", sign_in_hours=1)
    hour = await cookie_of(api, (await new_key(api))[0])
    ends = (now + timedelta(minutes=5)).isoformat()
    brief = await cookie_of(api, (await new_key(api, "brief", expiresAt=ends))[0])

    async def names() -> list[str]:
        return [(await viewer(api, h))["data"]["viewer"]["name"] for h in (hour, brief)]

    assert await names() == ["acme", "brief"]
    moment[0] = now + timedelta(minutes=5)
    assert await names() == ["acme", "open"]
    moment[0] = now + timedelta(hours=1)
    assert await names() == ["open", "open"]


async def test_a_key_has_so_many_sign_ins(closed: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.auth.sign_ins.MAX_SIGN_INS_PER_KEY", 2)
    key, _ = await new_key(closed)
    signed = [await cookie_of(closed, key) for _ in range(3)]
    stranger = closed.as_key(None)
    statuses = [(await stranger.raw(VIEWER, headers=h)).status_code for h in signed]
    assert statuses == [401, 200, 200]


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        ('{"key": "tsk_00000000000070008000000000000000_wrong"}', "application/json", 401),
        ('{"key": "' + "\N{SNOWMAN}" * 300 + '"}', "application/json", 401),
        ('{"key": ""}', "application/json", 400),
        ('{"key": 1}', "application/json", 400),
        ("[]", "application/json", 400),
        ("{", "application/json", 400),
        ('{"key": "' + "x" * 5_000 + '"}', "application/json", 413),
        ("key=x", "application/x-www-form-urlencoded", 415),
        ('{"key": "x"}', "text/plain", 415),
    ],
)
async def test_what_is_no_key_signs_nobody_in(
    api: Api, body: str, media_type: str, status: int
) -> None:
    headers = {**OWN, "Content-Type": media_type}
    answer = await api.http.post("/sign-in", content=body.encode(), headers=headers)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("server_settings", [{"max_wrong_keys": 3}])
async def test_who_guesses_is_slowed_down(api: Api) -> None:
    key, _ = await new_key(api)
    statuses = [(await sign_in(api.http, f"tsk_{n}")).status_code for n in range(4)]
    assert statuses == [401, 401, 401, 429]
    slowed = await sign_in(api.http, "tsk_5")
    assert int(slowed.headers["retry-after"]) >= 1
    wrong = {"Authorization": "Bearer tsk_6"}
    assert (await api.raw(VIEWER, headers=wrong)).status_code == 429  # the same count
    assert (await sign_in(api.http, key)).status_code == 200  # who has a key is not kept out


@pytest.mark.parametrize("server_settings", [{"max_wrong_keys": 3}])
async def test_pages_left_open_for_too_long_can_sign_in_again(api: Api) -> None:
    key, _ = await new_key(api)
    over = {**OWN, "Cookie": f"trackstore=tss_{'0' * 32}_x"}
    statuses = [(await api.raw(VIEWER, headers=over)).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert (await sign_in(api.http, key)).status_code == 200


ALLOWED = "http://localhost:5173"


@pytest.mark.parametrize("server_settings", [{"allowed_origins": ALLOWED}])
async def test_pages_of_others_neither_sign_in_nor_use_it(api: Api) -> None:
    """Also of those that may call: what they send is theirs, the cookie is not."""
    key, _ = await new_key(api)
    cookie = (await cookie_of(api, key))["Cookie"]
    for others in ({"Origin": ALLOWED}, {"Sec-Fetch-Site": "same-site"}):
        headers = {**others, "Cookie": cookie}
        assert (await viewer(api, headers))["data"]["viewer"]["name"] == "open"
        for method in ("GET", "POST", "DELETE"):
            answer = await api.http.request(method, "/sign-in", json={"key": key}, headers=headers)
            assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    for own in (OWN, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        headers = {**own, "Cookie": cookie}
        assert (await viewer(api, headers))["data"]["viewer"]["name"] == "acme"


async def test_a_key_that_is_sent_goes_before_the_cookie(closed: Api) -> None:
    headers = await cookie_of(closed, (await new_key(closed))[0])
    assert (await viewer(closed, headers))["data"]["viewer"]["name"] == "boss"
    wrong = {**headers, "Authorization": "Bearer wrong"}
    assert (await closed.raw(VIEWER, headers=wrong)).status_code == 401


async def test_over_tls_the_cookie_is_of_this_host_alone(api: Api) -> None:
    key, _ = await new_key(api)
    answer = await sign_in(api.http, key, {"Origin": "https://127.0.0.1"})
    pair, *bounds = answer.headers["set-cookie"].split("; ")
    assert pair.startswith("__Host-trackstore=tss_")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} < set(bounds)
    headers = {"Origin": "https://127.0.0.1", "Cookie": f"trackstore=planted; {pair}"}
    assert (await viewer(api, headers))["data"]["viewer"]["name"] == "acme"


def test_when_it_is_tls() -> None:
    assert is_secure("https", {})
    assert is_secure("http", {"origin": "https://stats.example"})
    assert not is_secure("http", {"origin": "http://stats.example"})
    assert not is_secure("http", {})


def test_cookies_are_read_as_they_come() -> None:
    for sent, found in (
        ("trackstore=a", "a"),
        ("a=b;trackstore=c", "c"),
        ("trackstore=a; __Host-trackstore=b", "b"),
        ("other=a", None),
        ("trackstore", ""),
        (";;=", None),
    ):
        assert sent_cookie({"cookie": sent}) == found
    socket = {"cookie": "trackstore=a", "sec-websocket-key": "x", "host": "h"}
    assert sent_cookie(socket) is None  # a browser names the page that opens a socket
    assert sent_cookie({**socket, "origin": "http://h"}) == "a"
