"""Programs that fork, use many threads, and end in every way: nothing is lost, nobody is held up."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from tests.house.checkout import ROOT
from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import ONCE
from tests.unit.sdk.network import SILENT, Network
from tests.unit.sdk.programs import CHILDREN, PER_PROCESS, PER_THREAD, THREADS
from tests.unit.sdk.stored_operations import check_stored

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    ONCE,
]
PATIENCE_SECONDS = 60.0


@dataclass
class Ended:
    """A program that has ended: how, with what, and what it tracked."""

    code: int
    output: str
    seconds: float
    ids: list[UUID]


def run(name: str, url: str, folder: Path) -> Ended:
    """Run a program of ``tests.unit.sdk.programs``."""
    file = folder / f"{name}.txt"
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.unit.sdk.programs", name, url, str(file)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("TRACKSTORE_")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    seconds = time.monotonic() - begun
    ids = [UUID(line) for line in file.read_text().split()] if file.exists() else []
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.returncode, done.stdout + done.stderr, seconds, ids)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("full_queue", 1_000),
        ("in_a_function", PER_PROCESS),
        ("threads", THREADS * PER_THREAD),
        ("forks", PER_PROCESS * (2 + CHILDREN)),
        ("process_forked", PER_PROCESS * (1 + CHILDREN)),
        ("process_spawned", PER_PROCESS * (1 + CHILDREN)),
        ("early_loop", PER_PROCESS),
    ],
)
def test_everything_arrives_once(
    name: str, count: int, server: ServerProcess, tmp_path: Path
) -> None:
    ended = run(name, server.url, tmp_path)
    assert ended.code == 0, ended.output
    assert len(set(ended.ids)) == count
    assert len(check_stored(server.url, ended.ids)) == count
    assert not server.complaints()


@pytest.mark.parametrize("name", ["busy_forks", "signals"])
def test_everything_arrives_once_however_much(
    name: str, server: ServerProcess, tmp_path: Path
) -> None:
    ended = run(name, server.url, tmp_path)
    assert ended.code == 0, ended.output
    assert len(ended.ids) > 100
    assert len(check_stored(server.url, ended.ids)) == len(ended.ids)


@pytest.mark.parametrize("name", ["server_away", "server_silent"])
def test_the_end_of_a_program_is_not_held_up(name: str, way: Network, tmp_path: Path) -> None:
    way.weather = SILENT
    ended = run(name, way.url, tmp_path)
    assert ended.code == 0
    assert ended.seconds < 6, "half a second was allowed, the rest is the start of Python"
    assert f"{PER_PROCESS} item(s) dropped: CLOSED" in ended.output


def test_a_killed_program_leaves_its_items_to_the_next(
    server: ServerProcess, tmp_path: Path
) -> None:
    first = run("killed", server.url, tmp_path)
    assert first.code == -signal.SIGKILL
    assert len(first.ids) == 500
    second = run("after_a_crash", server.url, tmp_path)
    assert second.code == 0, second.output
    assert "500" in second.output.split()
    ids = first.ids + second.ids
    assert len(check_stored(server.url, ids)) == 500 + PER_PROCESS
    assert not list((tmp_path / "spool").iterdir()), "what is empty is taken away"


def test_a_pool_whose_workers_are_killed(server: ServerProcess, tmp_path: Path) -> None:
    first = run("pool", server.url, tmp_path)
    assert first.code == 0, first.output
    (tmp_path / "after_a_crash.txt").write_text("".join(f"{id}\n" for id in first.ids))
    second = run("after_a_crash", server.url, tmp_path)
    assert second.code == 0, second.output
    assert len(check_stored(server.url, second.ids)) == 100 + PER_PROCESS


def test_a_call_loads_nothing_that_a_fork_could_find_half_loaded(server: ServerProcess) -> None:
    code = (
        "import sys; from trackstore import Tracker; before = set(sys.modules)\n"
        "for url in (sys.argv[1], sys.argv[1].replace('http:', 'https:')):\n"
        "    tracker = Tracker(url=url)\n"
        "    tracker.track_tool_operation(tool='read', mode='full', tokens_original=2, tokens_actual=1)\n"
        "    tracker.flush(1.0)\n"
        "print(sorted(set(sys.modules) - before))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, server.url], capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "[]"
