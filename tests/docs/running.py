"""Runs the examples of a page against a server of their own, as somebody at a terminal does."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.docs.examples import Example, output_of, script
from tests.support.processes import server_process

BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 60.0


@contextmanager
def running_server(database_url: str, folder: Path) -> Iterator[str]:
    """Serve ``database_url`` on a free port of this machine, and yield the address."""
    with server_process(database_url, folder) as server:
        yield server.url


def environment(database_url: str) -> dict[str, str]:
    """What the commands of an example find: the command ``trackstore``, and the database."""
    path = os.pathsep.join((str(BIN), os.environ.get("PATH", os.defpath)))
    return {**os.environ, "PATH": path, "DATABASE_URL": database_url, "NO_COLOR": "1"}


def run_examples(
    examples: Sequence[Example], database_url: str, address: str, folder: Path
) -> list[str]:
    """What each example printed; they share one shell, as they do in a terminal."""
    subprocess.run(
        ["bash", "-c", script(examples, address, folder)],
        cwd=folder,
        env={**environment(database_url), "TRACKSTORE_SERVER": f"{address}/graphql"},
        check=False,
        timeout=PATIENCE_SECONDS * 4,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    return [
        output_of(folder, number).read_text(encoding="utf-8") for number in range(len(examples))
    ]
