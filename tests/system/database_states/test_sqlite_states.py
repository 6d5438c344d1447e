"""A SQLite file that is moved, replaced, read-only or on a full disk: refused for now, and healed."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from migrations.runner import upgrade
from store.ids import new_id
from tests.support.api import Api, running_api
from tests.system.database_states.disks import Disk

pytestmark = pytest.mark.sqlite

TRACK = """mutation ($id: UUID!, $input: JSON) {
  trackOperation(input: {id: $id, kind: API, name: "GET /", attributes: $input}) { status }
}"""
COUNT = "{ operations { totalCount } }"
Step = Callable[[], None]


async def assert_refused(api: Api, sqlstate: str) -> None:
    """Writes are refused as retryable, and counted under the name of the error."""
    refusal = await api.refused(TRACK, {"id": str(new_id())})
    assert refusal.code == "OVERLOADED", refusal
    assert refusal.errors[0]["extensions"]["retryable"] is True
    assert api.server.store.database.refusals.counts[sqlstate], sqlstate


async def test_a_file_that_is_away_for_a_while(tmp_path: Path) -> None:
    file = tmp_path / "data" / "t.db"
    file.parent.mkdir()
    await asyncio.to_thread(upgrade, f"sqlite:///{file}")
    async with running_api(database_url=f"sqlite:///{file}") as api:
        await api(TRACK, {"id": str(new_id())})
        for count, (change, undo) in enumerate(changes(file), start=1):
            change()
            await assert_refused(api, "SQLITE_READONLY_DBMOVED")
            assert (await api.refused(COUNT)).code == "OVERLOADED"
            undo()  # fails where an empty file took its place
            await api(TRACK, {"id": str(new_id())})
            assert (await api(COUNT))["operations"]["totalCount"] == count + 1


def changes(file: Path) -> Iterator[tuple[Step, Step]]:
    """Ways in which a file is not there any more, and how each is undone."""
    folder = file.parent
    aside, gone = folder / "aside.db", folder.with_name("gone")
    content = file.read_bytes()

    def replace() -> None:
        file.rename(aside)
        file.write_bytes(content)

    def put_back() -> None:
        assert not file.exists(), "an empty file took its place"
        aside.rename(file)

    def delete() -> None:
        os.link(file, aside)
        file.unlink()

    yield (lambda: _rename(file, aside)), put_back
    yield replace, (lambda: _rename(aside, file))
    yield delete, put_back
    yield (lambda: _rename(folder, gone)), (lambda: _rename(gone, folder))


def _rename(source: Path, target: Path) -> None:
    source.rename(target)


async def test_a_connection_that_may_only_read_is_replaced(tmp_path: Path) -> None:
    """As one that was opened while the file was read-only."""
    url = f"sqlite:///{tmp_path / 't.db'}"
    await asyncio.to_thread(upgrade, url)
    async with running_api(database_url=url) as api:
        async with api.server.store.database.write() as connection:
            await connection.execute(text("PRAGMA query_only=ON"))
        await assert_refused(api, "SQLITE_READONLY")
        await api(TRACK, {"id": str(new_id())})


async def test_a_disk_that_is_full_for_a_while(small_disk: Disk) -> None:
    url = f"sqlite:///{small_disk.folder / 't.db'}"
    await asyncio.to_thread(upgrade, url)
    async with running_api(database_url=url, max_json_bytes=100_000) as api:
        await small_disk.fill(api.server.store.database)
        await write_until_full(api)
        assert api.server.store.database.refusals.counts["SQLITE_FULL"]
        await small_disk.free(api.server.store.database)
        await api(TRACK, {"id": str(new_id())})


async def write_until_full(api: Api) -> None:
    """Write until that is refused: room that the file has already is used up first."""
    for _ in range(20):
        answer = await api.raw(
            {"query": TRACK, "variables": {"id": str(new_id()), "input": {"x": "y" * 50_000}}}
        )
        if errors := answer.json().get("errors"):
            assert errors[0]["extensions"] == {"code": "OVERLOADED", "retryable": True}
            return
    raise AssertionError("the disk takes everything")
