"""Servers of two versions on one PostgreSQL, under load: forward, and back while the tables stay newer.

Nothing was released yet, so the later version is this one with one more migration, as a rolling
upgrade allows it: one that only adds what the former servers need not know.
"""

import asyncio
from pathlib import Path

import pytest

from migrations.revision import NEWEST, is_up_to_date
from tests.system.chaos.installation import START_SECONDS, Installation, Node
from tests.system.chaos.run import RunSettings, prepared
from tests.unit.migrations.stub_migrations import ROOT, LaterVersion

pytestmark = pytest.mark.postgresql

SEED = 8
PARTS = ("raw", "sdk", "watchers")
NEXT = f"{int(NEWEST) + 1:04d}"
EXPAND = (
    'op.add_column("operations", sa.Column("note", sa.Text())); '
    'op.add_column("requests", sa.Column("rank", sa.Integer(), server_default="0")); '
    'op.create_table("notes", sa.Column("id", sa.Integer(), primary_key=True)); '
    'op.create_index("ix_limits_maximum", "limits", ["maximum"])'
)
SETTLE_SECONDS = 0.5
NEWER = "newer than this version"


@pytest.fixture
def later(tmp_path: Path) -> LaterVersion:
    """The later version: its migrations lie in a folder of their own."""
    version = LaterVersion(tmp_path)
    version.add_revision(NEXT, NEWEST, EXPAND, more=f"serves_from = {NEWEST!r}")
    return version


async def _replace(world: Installation, node: Node, environment: dict[str, str]) -> None:
    """Replace one server as a deployment does: it is asked to stop, another one takes its place."""
    node.server.terminate()
    await asyncio.to_thread(node.server.wait)
    node.environment = environment
    world.replace_server(node)
    unready = await world.wait_until_ready(START_SECONDS)
    assert unready is None, unready
    await asyncio.sleep(SETTLE_SECONDS)


def _whole_log(node: Node) -> str:
    return node.server.log_file.read_text(encoding="utf-8", errors="replace")


async def test_versions_follow_each_other_without_a_pause(later: LaterVersion) -> None:
    lines: list[str] = []
    code = {"PYTHONPATH": f"{later.folder}:{ROOT}:{ROOT / 'sdk'}"}

    async def forward(world: Installation) -> None:
        await asyncio.sleep(SETTLE_SECONDS)
        migrated = await asyncio.to_thread(later.call, "upgrade", world.database_url)
        assert migrated.returncode == 0, migrated.stderr
        await asyncio.sleep(SETTLE_SECONDS)  # both servers are of the former version
        for node in world.nodes:
            await _replace(world, node, code)

    async def back(world: Installation) -> None:
        await asyncio.sleep(SETTLE_SECONDS)
        for node in world.nodes:
            await _replace(world, node, {})

    settings = RunSettings(SEED, "postgresql", 0, parts=PARTS, with_clock=False)
    async with prepared(settings, lines.append) as run:
        await run.round(1, forward)
        logs = [node.server.log_tail() for node in run.world.nodes]
        logs += [server.log_tail() for server in run.world.ended]
        assert not run.problems, "\n".join([*lines, *logs])
        assert not await asyncio.to_thread(is_up_to_date, run.world.database_url)
        assert not any(NEWER in _whole_log(node) for node in run.world.nodes), logs
        await run.round(2, back)
        assert not run.problems, lines
        logs = [_whole_log(node) for node in run.world.nodes]
        assert all(NEWER in log for log in logs), logs
        acknowledged = sum(len(r.acknowledged) for r in run.ledger.records.values())
        assert acknowledged > 100, lines
