"""Those that a migration meets: other connections, other processes, later versions of the code."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from sqlalchemy import Connection, text

from migrations.connections import with_connection

ROOT = Path(__file__).parents[3]
SECONDS = 60
"""More than anything here takes; what takes longer hangs."""
AT_ONE_MOMENT = "import sys, migrations.runner\nprint(flush=True)\ninput()\n"
"""Says that it is ready and waits to be let go."""
POSTGRESQL_ONLY = pytest.mark.parametrize(
    "databases", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
"""For tests of what SQLite does not have."""


def execute(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run the statements in one transaction; return the rows of the last."""

    def run(connection: Connection) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        for statement in statements:
            result = connection.execute(text(statement))
            rows = [tuple(row) for row in result] if result.returns_rows else []
        connection.commit()
        return rows

    return with_connection(url, run, create=True)


@contextmanager
def open_transaction(url: str, statement: str) -> Iterator[threading.Event]:
    """Another connection that ran ``statement`` and stays in its transaction until the event."""
    holding, release = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        connection.exec_driver_sql(statement)
        holding.set()
        release.wait(SECONDS)

    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(with_connection, url, hold, True)
        try:
            while not holding.wait(0.05):
                assert not held.done(), held.result()
            yield release
        finally:
            release.set()
        held.result(SECONDS)


def run_together(code: str, arguments: Sequence[str], processes: int) -> list[str]:
    """Run ``code`` in that many processes, all let go at one moment; return what each printed."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONE_MOMENT + code, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            process.stdout.readline()
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        outputs = []
        for process in started:
            output, errors = process.communicate(timeout=SECONDS)
            assert process.returncode == 0, errors
            outputs.append(output)
        return outputs
    finally:
        for process in started:
            process.kill()
            process.communicate()


class LaterVersion:
    """A copy of models and migrations in a folder of its own, to be developed further."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("models", "migrations"):
            copytree(ROOT / name, folder / name, ignore=ignore_patterns("__pycache__"))

    def add_revision(
        self, number: str, after: str, upgrade: str, downgrade: str = "pass", more: str = ""
    ) -> None:
        """Write a revision with these bodies, and what else stands in its file."""
        (self.folder / "migrations" / "versions" / f"{number}_later.py").write_text(
            f'"""Something later."""\n\nimport time\n\nimport sqlalchemy as sa\n'
            f"from alembic import op\n\nrevision = {number!r}\ndown_revision = {after!r}\n{more}\n\n"
            f"def upgrade() -> None:\n    {upgrade}\n\n\n"
            f"def downgrade() -> None:\n    {downgrade}\n"
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start Python in the copy."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run Python in the copy, to its end."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def call(self, function: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Print what a function of the copy's runner returns."""
        code = f"import sys, migrations.runner as r; print(r.{function}(*sys.argv[1:]))"
        return self.run("-c", code, *arguments)

    def alembic(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run Alembic's own command line."""
        return self.run("-m", "alembic", "-c", "migrations/alembic.ini", *arguments)
