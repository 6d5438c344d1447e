"""Prices that were set before tiers and further parts cost what they did."""

from migrations.runner import downgrade, upgrade
from tests.unit.migrations.stub_migrations import execute

MOMENT = {"sqlite": "1767225600000000", "postgresql": "'2026-01-01T00:00:00Z'"}
KEPT = (
    "organization_id, kind, name, effective_from, created_at, "
    "input_nanos, output_nanos, cached_input_nanos"
)
ADDED = (
    "from_input_tokens, cache_write_input_nanos, reasoning_nanos, audio_input_nanos, "
    "audio_output_nanos"
)


def test_prices_survive_up_down_and_up_again(empty_database_url: str, dialect: str) -> None:
    url, at = empty_database_url, MOMENT[dialect]
    upgrade(url, "0006")
    row = f"'*', 'MODEL', 'm', {at}, {at}"
    insert = f"INSERT INTO prices ({KEPT}"
    execute(url, f"{insert}) VALUES ({row}, 3, 15, 1)")
    kept, added = (f"SELECT {columns} FROM prices" for columns in (KEPT, ADDED))  # noqa: S608
    before = execute(url, kept)
    upgrade(url)
    assert execute(url, kept) == before
    assert execute(url, added) == [(0, 3, 15, 3, 15)]
    execute(url, f"{insert}, {ADDED}) VALUES ({row}, 6, 20, 2, 200001, 7, 20, 6, 20)")
    downgrade(url, "0006")
    assert execute(url, kept) == before
    upgrade(url)
    assert execute(url, added) == [(0, 3, 15, 3, 15)]
