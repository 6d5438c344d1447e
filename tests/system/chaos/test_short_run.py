"""A short randomised run on each database; ``make chaos`` is the long one."""

import pytest

from tests.system.chaos.run import RunSettings, run

SEED = 16
ROUND_SECONDS = 5.0
PARTS = ("raw", "sdk", "watchers")
FAULTS = (
    "kill server", "freeze server", "disturb clients", "lock file", "fill disk", "restart postgres",
    "terminate backends", "read only",
)  # fmt: skip


@pytest.mark.parametrize(
    "database",
    [
        pytest.param("sqlite", marks=pytest.mark.sqlite),
        pytest.param("postgresql", marks=pytest.mark.postgresql),
    ],
)
async def test_what_was_acknowledged_survives_faults(database: str) -> None:
    lines: list[str] = []
    settings = RunSettings(SEED, database, 0, ROUND_SECONDS, PARTS, with_clock=False, faults=FAULTS)
    done = await run(settings, lines.append)
    told = "\n".join(lines)
    assert not done.problems, told
    assert done.caused, told
    for name, records in done.ledger.records.items():
        assert len(records.acknowledged) > 20, f"{name}: hardly anything was written\n{told}"
    assert all(done.ledger.limits.values()), told
    assert {seen.feed for seen in done.ledger.seen.values()} == {"operations", "events"}, told
