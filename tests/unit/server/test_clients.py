"""What the project's own clients are told and heard: versions, and what they had to drop."""

import pytest

from server.observability.clients import OTHER, REASONS, drops_of
from server.version import VERSION
from tests.support.api import Api, StartApi
from trackstore.delivery import delivery_stats as clients_reasons
from trackstore.delivery.transport import DROPPED_HEADER
from trackstore.versions import USER_AGENT, VERSION_HEADER

BODY = {"query": "{ viewer { name } }"}


@pytest.mark.parametrize(
    ("report", "found"),
    [
        ("QUEUE_FULL=3, INVALID=1", {"QUEUE_FULL": 3, "INVALID": 1}),
        ("QUEUE_FULL=3,QUEUE_FULL=4", {"QUEUE_FULL": 7}),
        ("MADE_UP=2, ALSO=3", {OTHER: 5}),
        ("", {}),
        ("QUEUE_FULL=-1; INVALID = 4", {}),
        ("x" * 5_000 + "INVALID=1", {}),
    ],
)
def test_reports(report: str, found: dict[str, int]) -> None:
    assert drops_of(report) == found


def test_every_reason_of_the_client_is_known() -> None:
    named = {v for n, v in vars(clients_reasons).items() if n.isupper() and isinstance(v, str)}
    assert named
    assert named <= REASONS


async def test_a_client_is_heard_and_told(api: Api) -> None:
    headers = {"User-Agent": USER_AGENT, DROPPED_HEADER: "QUEUE_FULL=3, NEW=2"}
    answer = await api.raw(BODY, headers=headers)
    assert answer.headers[VERSION_HEADER] == VERSION
    told = (await api.http.get("/metrics")).text
    assert 'trackstore_client_dropped_items_total{reason="QUEUE_FULL"} 3.0' in told
    assert 'trackstore_client_dropped_items_total{reason="OTHER"} 2.0' in told


async def test_strangers_are_not(api: Api) -> None:
    answer = await api.raw(BODY, headers={DROPPED_HEADER: "QUEUE_FULL=3"})
    assert VERSION_HEADER not in answer.headers
    refused = await api.raw(b"{", headers={"User-Agent": USER_AGENT, DROPPED_HEADER: "INVALID=1"})
    assert refused.status_code == 400
    assert "client_dropped_items_total{" not in (await api.http.get("/metrics")).text


KEY = "mutation ($key: ApiKeyInput!) { createApiKey(input: $key) { secret } }"


async def new_key(api: Api, organization: str, scope: str = "READ") -> str:
    key = {"name": "k", "organizationId": organization, "scopes": [scope]}
    secret: str = (await api(KEY, {"key": key}))["createApiKey"]["secret"]
    return secret


async def test_only_a_caller_that_was_let_in_is_heard(start_api: StartApi) -> None:
    secret = await new_key(await start_api(), "acme")
    api = await start_api(access="keys")
    headers = {"User-Agent": USER_AGENT, DROPPED_HEADER: "QUEUE_FULL=3, NEW_SERIES=1"}
    paths = ("/livez", "/readyz", "/metrics", "/", "/sign-in", "/nothing", "/export", "/graphql")
    for path in paths:
        for method in ("GET", "POST"):
            await api.http.request(method, path, headers=headers)
    await api.raw(BODY, headers=headers)
    await api.as_key("tsk_wrong").raw(BODY, headers=headers)
    assert "client_dropped_items_total{" not in (await api.http.get("/metrics")).text
    assert (await api.as_key(secret).raw(BODY, headers=headers)).status_code == 200
    told = (await api.http.get("/metrics")).text
    assert 'trackstore_client_dropped_items_total{reason="QUEUE_FULL"} 3.0' in told


async def test_no_caller_chooses_a_label(start_api: StartApi) -> None:
    api = await start_api(access="keys")

    async def series() -> set[str]:
        lines = (await api.http.get("/metrics")).text.splitlines()
        return {line.rpartition(" ")[0] for line in lines if line.startswith("trackstore_")}

    async def call(number: int) -> None:
        headers = {"User-Agent": f"{USER_AGENT}-{number}", DROPPED_HEADER: f"R_{number}=1"}
        for path in (f"/made-up/{number}", "/graphql", "/export", "/{path:path}"):
            for method in ("GET", "POST", f"X{number}"):
                await api.http.request(method, path, headers={**headers, "X-Correlation-ID": "c"})

    await call(1)
    await series()  # to ask is counted, too
    before = await series()
    for number in range(2, 30):
        await call(number)
    assert await series() == before


async def test_metrics_ask_for_a_key_where_that_is_set(start_api: StartApi) -> None:
    open_api = await start_api()
    own = await new_key(open_api, "acme")
    every, ingest = await new_key(open_api, "*"), await new_key(open_api, "*", "INGEST")
    assert "trackstore_http_requests_total" in (await open_api.http.get("/metrics")).text
    api = await start_api(access="keys", metrics_key=True)
    for secret, status in (
        (None, 401),
        ("tsk_wrong", 401),
        (own, 403),
        (ingest, 403),
        (every, 200),
    ):
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        answer = await api.http.get("/metrics", headers=headers)
        assert answer.status_code == status
        assert ("trackstore_http_requests_total" in answer.text) is (status == 200)
    assert (await api.http.get("/livez")).status_code == 200
