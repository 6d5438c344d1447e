"""SQLite under 32 writers and 32 readers, and a second process: no lock is ever seen by anybody."""

import asyncio
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from store.ids import new_id
from tests.support.processes import COMMAND, PATIENCE_SECONDS, Answer, Json, ask, client_of
from tests.system.concurrency.conftest import Shared

WRITERS = READERS = 32
ROUNDS = 2
PAUSE_SECONDS = 0.15
"""Of a reader: writers are to have the most of two cores."""

pytestmark = pytest.mark.parametrize(
    "databases", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True
)

WRITES = (
    """mutation ($org: ID!, $id: UUID!) {
      trackOperation(input: {
        kind: API, name: "w", id: $id, labels: { organizationId: $org }, interaction: { type: "w" }
      }) { status operation { uuid } }
    }""",
    """mutation ($org: ID!, $id: UUID!) {
      createRequest(input: { type: "t", id: $id, labels: { organizationId: $org } }) {
        status request { lastSeq }
      }
    }""",
    """mutation ($org: ID!, $id: UUID!) {
      consume(input: { interactionType: "w", id: $id, labels: { organizationId: $org } }) { allowed }
    }""",
    """mutation ($org: ID!, $id: ID!) {
      startSession(input: { id: $id, labels: { organizationId: $org } }) { status }
    }""",
    """mutation ($org: ID!) {
      setLimit(input: {
        organizationId: $org, subject: ORGANIZATION, interactionType: "w", maximum: 1000000
      }) { limit { uuid } }
    }""",
)
READ = """{
  operations(first: 5) { totalCount nodes { uuid } }
  requests(first: 5) { nodes { uuid events { nodes { seq } } } }
  interactions { nodes { units } }
}"""


async def write(http: httpx.AsyncClient, organization: str) -> list[Answer]:
    """All kinds of writes, one after the other."""
    answers = []
    for _ in range(ROUNDS):
        for document in WRITES:
            variables: Json = {"org": organization, "id": str(new_id())}
            answers.append(await ask(http, document, variables))
    return answers


async def read(http: httpx.AsyncClient, over: asyncio.Event) -> list[Answer]:
    """The same pages again and again, as long as somebody writes."""
    answers = []
    while not over.is_set():
        answers.append(await ask(http, READ))
        await asyncio.sleep(PAUSE_SECONDS)
    return answers


def make_key(database_url: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Another process writes to the same file: an operator makes an API key."""
    return subprocess.run(
        [COMMAND, "keys", "create", "beside", "--quiet"],
        env={**os.environ, "DATABASE_URL": database_url},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


async def test_nobody_ever_sees_a_lock(shared: Shared, organization: str, tmp_path: Path) -> None:
    (server,) = shared.servers
    over = asyncio.Event()

    async def write_all() -> list[list[Answer]]:
        """Return what the writers were told, and let the readers go."""
        try:
            return await asyncio.gather(*(write(http, organization) for _ in range(WRITERS)))
        finally:
            over.set()

    async with client_of(server, WRITERS + READERS) as http:
        async with asyncio.TaskGroup() as tasks:
            seen = [tasks.create_task(read(http, over)) for _ in range(READERS)]
            beside = asyncio.to_thread(make_key, shared.database_url, tmp_path)
            making = tasks.create_task(beside)
            written = await write_all()
        made = making.result()
        assert made.returncode == 0, made.stderr
        for answers in (*written, *(task.result() for task in seen)):
            for answer in answers:
                answer.taken()
        found = (await ask(http, READ)).taken()
    assert found["operations"]["totalCount"] == WRITERS * ROUNDS
    assert found["interactions"]["nodes"] == [{"units": 2 * WRITERS * ROUNDS}]
    log = server.log_file.read_text(encoding="utf-8").lower()
    assert "locked" not in log
