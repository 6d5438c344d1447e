"""What goes wrong in the first minutes is told with its address, its value and the way out."""

import logging
from typing import Any

import pytest

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import MakeTracker
from trackstore import (
    AsyncClient,
    Client,
    InvalidItemError,
    ServerRefusedError,
    ServerUnavailableError,
    StatsQuestion,
)
from trackstore.connection import display_url
from trackstore.testing import RecordingTracker

EMPTY_CONTEXT = "http://127.0.0.1:9/graphql"
QUERY = "{ operations { totalCount } }"
PROBLEM = f"{EMPTY_CONTEXT}: ConnectError"


async def test_a_server_that_is_not_there_is_named(
    make_tracker: MakeTracker, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = make_tracker("http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING, "trackstore"):
        tracker.track_chat(message="Why?", user_id="u_1")
        left = tracker.flush(0.3)
        stats = tracker.stats()
        tracker.close(0.1)
    assert (left.problem or "").startswith(PROBLEM)
    assert (stats.problem or "").startswith(PROBLEM)
    assert f"delivery is waiting for the server: {PROBLEM}" in caplog.text
    assert f"CLOSED ({PROBLEM}" in caplog.text
    with pytest.raises(ServerUnavailableError, match=f"no answer of {EMPTY_CONTEXT}: ConnectError"):
        tracker.consume("premium", user_id="u_1", timeout=0.1)
    named = pytest.raises(
        ServerUnavailableError, match=f"no answer of {EMPTY_CONTEXT}: ConnectError"
    )
    with Client(EMPTY_CONTEXT) as client, named:
        client.query(QUERY, timeout=0.1)
    async with AsyncClient(EMPTY_CONTEXT) as waiting:
        with pytest.raises(
            ServerUnavailableError, match=f"no answer of {EMPTY_CONTEXT}: ConnectError"
        ):
            await waiting.query(QUERY, timeout=0.1)


def test_a_wrong_path_is_named(server: ServerProcess, make_tracker: MakeTracker) -> None:
    url = f"{server.url.removesuffix('/graphql')}/graphq"
    tracker = make_tracker(url)
    tracker.track_chat(message="Why?", user_id="u_1")
    assert (tracker.flush(0.5).problem or "").startswith(f"{url}: NOT_FOUND")
    with (
        Client(url) as client,
        pytest.raises(ServerRefusedError, match=f"^{url}: POST is not served"),
    ):
        client.query(QUERY)


def test_an_address_is_named_without_what_is_secret_in_it() -> None:
    address = display_url("https://ana:s3cret@db.example.com:8443/graphql?key=s3cret#s3cret")
    assert address == "https://db.example.com:8443/graphql"
    assert display_url(EMPTY_CONTEXT) == EMPTY_CONTEXT


def test_a_question_with_a_text_in_place_of_a_list(server: ServerProcess) -> None:
    with Client(server.url) as client:
        answer = client.stats(StatsQuestion("operations", "count", by="kind"))
    listed = StatsQuestion("operations", ["count"], by=["kind"])
    assert StatsQuestion("operations", "count", by="kind").document == listed.document
    assert all(set(row.key) == {"kind"} and set(row.values) == {"count"} for row in answer.rows)


def test_questions_about_nothing_are_refused() -> None:
    wrong: Any = "operation"
    with pytest.raises(ValueError, match="source: 'operation' is none of operations, "):
        StatsQuestion(wrong)
    with pytest.raises(ValueError, match="measures: none is asked for"):
        StatsQuestion("operations", [])


@pytest.mark.parametrize(
    "label", ["user_id", "workspace_id", "namespace_id", "developer_id", "api_key_id",
              "company_id", "subscription_id"],
)  # fmt: skip
async def test_units_are_not_used_for_a_label_that_is_none(label: str) -> None:
    tracker = RecordingTracker()
    nobody: dict[str, Any] = {label: None}
    message = f"{label}: None is not an id, and limits by {label} would not be checked"
    with pytest.raises(InvalidItemError, match=message):
        tracker.consume("premium", **nobody)
    with pytest.raises(InvalidItemError, match=message):
        tracker.reserve("premium", **nobody)
    with pytest.raises(InvalidItemError, match=message):
        await tracker.aconsume("premium", **nobody)
    with pytest.raises(InvalidItemError, match=message):
        await tracker.areserve("premium", **nobody)
    with pytest.raises(InvalidItemError, match="units: must be an integer from 1"):
        tracker.consume("premium", batch_size=0)
    assert not tracker.used
    assert tracker.consume("premium", organization_id=None).allowed, "it is that of the key"
