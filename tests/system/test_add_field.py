"""Add a text field of an operation to a copy of the tree, by the recipe of CONTRIBUTING, and use it."""

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.house.checkout import PACKAGES, ROOT, files
from tests.support.processes import COMMAND, ServerProcess
from tests.support.recipes import apply

COPIED = {*PACKAGES, "codegen", "sdk", "pyproject.toml"}
CACHES = {"__pycache__", ".ruff_cache"}
DECLARATIONS = "models/operation_fields.py"
TYPED_FILES = (
    "models/operations.py", "store/operations/drafts.py", "schema/operation_inputs.py",
    "schema/operations.py", "sdk/trackstore/entries.py", "sdk/trackstore/arguments.py",
)  # fmt: skip
RECIPE = "Add a field of an operation"
TRACK = "mutation($input: OperationInput!) { trackOperation(input: $input) { status } }"
TRACK_API = "mutation($input: ApiOperationInput!) { trackApiOperation(input: $input) { status } }"
TRACK_MANY = """
    mutation($operations: [OperationInput!]!) {
      trackOperations(operations: $operations) { accepted }
    }
"""
LIST = "query($where: OperationFilter) { operations(where: $where) { nodes { name region } } }"
GROUP = "{ operationStats(groupBy: [{field: REGION}]) { rows { key { region } count } } }"
MAKE_MIGRATION = (
    "-m", "alembic", "-c", "migrations/alembic.ini", "revision", "--autogenerate",
    "-m", "add region to operations",
)  # fmt: skip
MIGRATE = """
import os
from alembic import command
from alembic.config import Config
config = Config("migrations/alembic.ini")
os.environ["DATABASE_URL"] = os.environ["COPY_DATABASE_URL"]
command.upgrade(config, "head")
command.downgrade(config, "-1")
command.upgrade(config, "+1")
"""
PROGRAM = """
import sys, trackstore
with trackstore.Tracker(sys.argv[1]) as tracker:
    tracker.track_operation(kind="API", name="sdk", region="eu-3")
    call = trackstore.ApiCall(region="eu-3")
    tracker.track_operation(kind="API", name="sdk", api=call)
    assert tracker.flush(20).is_done
"""
"""What a user of the client writes: the field as an argument, and in its part."""


class Checkout:
    """A copy of what is installed, whose programs import it instead of this checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        for file in files():
            if file.parts[0] in COPIED:
                (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / file, self.folder / file)
        self.database_url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
        paths = f"{self.folder}{os.pathsep}{self.folder / 'sdk'}"
        self.environment = {"PYTHONPATH": paths, "COPY_DATABASE_URL": self.database_url}

    def run(self, *command: str, stdin: str = "") -> str:
        """Run a program in the copy; fail with what it says unless it succeeds."""
        finished = subprocess.run(
            command, cwd=self.folder, env={**os.environ, **self.environment},
            input=stdin, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert finished.returncode == 0, f"{command}:\n{finished.stdout}\n{finished.stderr}"
        return finished.stdout

    def python(self, *arguments: str) -> str:
        return self.run(sys.executable, *arguments)

    def changed(self) -> set[str]:
        """Return the files that differ from this checkout."""
        copied = {
            str(file.relative_to(self.folder)): file
            for file in self.folder.rglob("*")
            if file.is_file() and not CACHES.intersection(file.parts)
        }
        return {
            name
            for name, file in copied.items()
            if not (ROOT / name).is_file() or (ROOT / name).read_bytes() != file.read_bytes()
        }


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy in which the recipe was followed, and its database on the newest revision."""
    copy = Checkout(tmp_path_factory.mktemp("add_field"))
    assert apply(RECIPE, copy.folder) == [DECLARATIONS]
    copy.python("-m", "codegen")
    copy.run(COMMAND, "schema", "--output", "schema/schema.graphql")
    copy.python(*MAKE_MIGRATION)
    copy.python("-c", MIGRATE)
    return copy


@pytest.fixture(scope="module")
def server(checkout: Checkout) -> Iterator[ServerProcess]:
    started = ServerProcess(
        checkout.database_url, checkout.folder.parent, {"access": "open"},
        environment=checkout.environment,
    )  # fmt: skip
    try:
        started.wait_until_ready()
        yield started
        assert not started.complaints()
    finally:
        started.end()


def ask(server: ServerProcess, query: str, **variables: Any) -> dict[str, Any]:
    body = {"query": query, "variables": variables}
    answer = httpx.post(f"{server.url}/graphql", json=body, timeout=30).json()
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


def regions(server: ServerProcess, **where: Any) -> list[str | None]:
    rows = ask(server, LIST, where=where)["operations"]["nodes"]
    return sorted((row["region"] for row in rows), key=str)


def operation(region: str) -> dict[str, Any]:
    return {"kind": "API", "name": "call", "api": {"route": "/a", "region": region}}


def test_four_files_are_edited_by_hand(checkout: Checkout) -> None:
    """The declaration and the migration; a test and the changelog are the other two."""
    checkout.python("-m", "codegen", "--check")
    generated = {
        name
        for name in checkout.changed()
        if name == "schema/schema.graphql"
        or "# region generated:" in (checkout.folder / name).read_text(encoding="utf-8")
    }
    by_hand = checkout.changed() - generated
    (migration,) = by_hand - {DECLARATIONS}
    assert migration.startswith("migrations/versions/")
    assert migration.endswith("_add_region_to_operations.py")
    checkout.python(
        "-m", "ruff", "check", "--quiet", *sorted(generated - {"schema/schema.graphql"})
    )


def test_operations_are_recorded_with_it(server: ServerProcess) -> None:
    assert ask(server, TRACK, input=operation("eu-1"))["trackOperation"]["status"] == "ACCEPTED"
    many = [operation("eu-2") for _ in range(20)]
    assert ask(server, TRACK_MANY, operations=many)["trackOperations"]["accepted"] == 20
    api = {"route": "/b", "method": "GET", "region": "us\u0000"}
    assert ask(server, TRACK_API, input=api)["trackApiOperation"]["status"] == "ACCEPTED"
    body = {"query": TRACK, "variables": {"input": operation("x" * 201)}}
    (error,) = httpx.post(f"{server.url}/graphql", json=body, timeout=30).json()["errors"]
    assert error["extensions"]["argumentPath"] == ["api", "region"]
    assert regions(server, region={"startsWith": "eu-"}) == ["eu-1"] + ["eu-2"] * 20
    assert regions(server, region={"in": ["us\ufffd"]}) == ["us\ufffd"]
    groups = ask(server, GROUP)["operationStats"]["rows"]
    assert {row["key"]["region"]: row["count"] for row in groups} == {
        "eu-1": 1, "eu-2": 20, "us\ufffd": 1,
    }  # fmt: skip


def test_the_client_sends_it(checkout: Checkout, server: ServerProcess) -> None:
    checkout.python("-c", PROGRAM, server.url)
    assert regions(server, name={"eq": "sdk"}) == ["eu-3", "eu-3"]


def test_it_is_imported_and_exported(checkout: Checkout, server: ServerProcess) -> None:
    table = "when,where\n2026-11-30T10:00:00Z,ap-1\n2026-11-30T11:00:00Z,ap-2\n"
    checkout.run(
        COMMAND, "import", "csv", "-", "--server", server.url, "--set", "kind=API",
        "--set", "name=imported", "--map", "when=occurredAt", "--map", "where=api.region",
        stdin=table,
    )  # fmt: skip
    assert regions(server, name={"eq": "imported"}) == ["ap-1", "ap-2"]
    written = checkout.run(
        COMMAND, "export", "--server", server.url, "--where", "name=imported",
        "--quiet",
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(written)))
    assert {row["region"] for row in rows} == {"ap-1", "ap-2"}


def test_editors_see_its_type(checkout: Checkout) -> None:
    for name in TYPED_FILES:
        text = (checkout.folder / name).read_text(encoding="utf-8")
        assert "    region: str | None" in text or "    region: Mapped[str | None]" in text
