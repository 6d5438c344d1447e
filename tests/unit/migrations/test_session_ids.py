"""Session ids become texts and go back to UUIDs, with the sessions and operations that have them."""

from datetime import UTC, datetime

from migrations.runner import check, downgrade, upgrade
from store.ids import new_id
from tests.support.api import Json, running_api
from tests.unit.migrations.stub_migrations import execute

INGEST = "mutation ($entries: [EntryInput!]!) { ingest(entries: $entries) { rejected } }"
READ = """{ sessions(first: 10) { nodes { uuid name startedAt endedAt attributes userId } }
  operations(first: 10) { nodes { name sessionId session { name } } }
  interactions { nodes { interactionType units } } }"""
V7, V4 = str(new_id()), "0c0a7b3e-7b3e-4c1a-8f00-3a5c9e1d2b4f"
OLD = "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"
"""Its time lies in July 2024: another partition than that of the present month."""
IDS = (V7, OLD, V4, "chat-42")


async def ask(url: str, entries: list[Json]) -> Json:
    """Record some entries by a server of its own, and read everything."""
    async with running_api(database_url=url) as api:
        if entries:
            assert (await api(INGEST, {"entries": entries}))["ingest"]["rejected"] == 0
        return await api(READ)


async def test_sessions_and_their_operations_survive(database_url: str) -> None:
    started = datetime(2026, 6, 1, 8, tzinfo=UTC).isoformat()
    entries: list[Json] = []
    for number, id in enumerate(IDS):
        session = {
            "id": id, "name": f"session {number}", "startedAt": started,
            "labels": {"userId": "u"}, "attributes": {"n": number},
        }  # fmt: skip
        operation = {
            "kind": "TOOL", "name": f"operation {number}", "sessionId": id,
            "interaction": {"type": "mini", "units": 2},
        }  # fmt: skip
        entries += [{"session": session}, {"operation": operation}]
    before = await ask(database_url, [*entries, {"operation": {"kind": "API", "name": "alone"}}])
    assert {node["uuid"] for node in before["sessions"]["nodes"]} == set(IDS)

    downgrade(database_url, "0006")
    upgrade(database_url)
    assert check(database_url) == []

    after = await ask(database_url, [])
    kept = {V7, OLD}
    assert after["interactions"] == before["interactions"]
    assert after["sessions"]["nodes"] == [
        node for node in before["sessions"]["nodes"] if node["uuid"] in kept
    ]
    expected = [
        node
        | {
            "sessionId": None if node["sessionId"] == "chat-42" else node["sessionId"],
            "session": node["session"] if node["sessionId"] in kept else None,
        }
        for node in before["operations"]["nodes"]
    ]
    assert after["operations"]["nodes"] == expected
    again = (await ask(database_url, entries))["sessions"]["nodes"]
    assert sorted(node["uuid"] for node in again) == sorted(IDS)


def test_the_table_of_sessions_is_in_one_piece(database_url: str, dialect: str) -> None:
    if dialect == "postgresql":
        kinds = execute(
            database_url, "SELECT relkind::text FROM pg_class WHERE relname = 'sessions'"
        )
        assert kinds == [("r",)]
