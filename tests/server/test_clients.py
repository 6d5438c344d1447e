"""What the project's own clients are told and heard: versions, and what they had to drop."""

import pytest

from server.clients import OTHER, REASONS, drops_of
from server.version import VERSION
from tests.api import Api
from trackstore.delivery import drops as clients_reasons
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
