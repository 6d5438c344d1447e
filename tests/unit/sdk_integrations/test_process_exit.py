"""Programs that end themselves or are ended: each item is recorded, counted, or kept on disk."""

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import ONCE
from tests.unit.sdk_integrations.deployments.runs import AWAY, Run, script, wait_until
from tests.unit.sdk_integrations.deployments.scripts import ITEMS

pytestmark = [ONCE, pytest.mark.skipif(os.name == "nt", reason="there are no such signals")]
TRACKED = {str(item) for item in ITEMS}
TERM, INT, HUP = signal.SIGTERM, signal.SIGINT, signal.SIGHUP


@pytest.fixture
def run(request: pytest.FixtureRequest, server: ServerProcess, tmp_path: Path) -> Iterator[Run]:
    # A run that tracks to the server of this module, under the name of the test.
    new_run = Run(re.sub(r"\W+", "-", request.node.name), tmp_path, server.url)
    yield new_run
    new_run.stop()


def send(run: Run, name: str, *signals: signal.Signals) -> int:
    """Start a program, send it signals when it is ready, and return its exit code."""
    process = run.start(script(run, name))
    wait_until(lambda: "ready" in run.output() or process.poll() is not None, run)
    for number in signals:
        process.send_signal(number)
    return run.wait()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ends", 0), ("exits", 3), ("raises", 1), ("cancelled_loop", 1), ("daemon_thread", 0),
        ("forked", 0), ("invocation", -signal.SIGKILL), ("pool_fork", 0), ("pool_spawn", 0),
        ("pool_forkserver", 0), ("missed_signal", 0), ("executor", 0),
    ],
)  # fmt: skip
def test_a_program_that_ends_itself(name: str, code: int, run: Run) -> None:
    run.start(script(run, name))
    assert run.wait() == code, run.output()
    run.check_recorded(TRACKED)


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        ("waits", TERM, -TERM), ("waits", HUP, -HUP), ("waits", INT, -INT),
        ("waits_in_loop", TERM, -TERM), ("waits_in_loop", INT, -INT),
        ("handles", TERM, 5), ("handles_later", TERM, -TERM), ("handles_in_loop", TERM, 5),
    ],
)  # fmt: skip
def test_a_program_that_is_ended(name: str, number: signal.Signals, code: int, run: Run) -> None:
    """The exit code is the one that the program has without a tracker."""
    assert send(run, name, number) == code, run.output()
    run.check_recorded(TRACKED)
    assert name.startswith("handles") == ("handled" in run.output())


def test_a_signal_that_is_ignored_stays_ignored(run: Run) -> None:
    process = run.start(script(run, "ignores"))
    wait_until(lambda: "ready" in run.output(), run)
    process.send_signal(TERM)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(INT)
    assert run.wait() == -INT
    run.check_recorded(TRACKED)


def test_a_quit_that_nobody_handles_is_left_to_the_system(run: Run) -> None:
    """It ends a program that hangs, whatever that program does."""
    assert send(run, "waits", signal.SIGQUIT) == -signal.SIGQUIT, run.output()
    assert not run.recorded()


def test_a_signal_in_the_middle_of_a_call_of_the_tracker(run: Run) -> None:
    """The interrupted code holds locks of the tracker; what it tracked before is recorded."""
    assert send(run, "busy", TERM) == -TERM, run.output()
    recorded = run.recorded()
    assert len(recorded) >= len(ITEMS)
    assert set(recorded.values()) == {1}
    assert set(recorded) == {str(item) for item in range(len(recorded))}, "no gap"


def test_a_second_signal_ends_the_program_at_once(run: Run) -> None:
    run.url = AWAY
    run.settings["TRACKSTORE_EXIT_SECONDS"] = "600"
    process = run.start(script(run, "waits"))
    wait_until(lambda: "ready" in run.output(), run)
    process.send_signal(TERM)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(TERM)
    assert run.wait() == -TERM


@pytest.mark.parametrize("name", ["waits", "pool_fork"])
def test_what_cannot_be_sent_is_counted_or_kept(name: str, run: Run) -> None:
    url, run.url = run.url, AWAY
    run.settings["TRACKSTORE_EXIT_SECONDS"] = "0.3"
    send(run, name, *[TERM] * (name == "waits"))
    counts = re.findall(r"(\d+) item\(s\) dropped: CLOSED", run.output())
    assert sum(map(int, counts)) == len(ITEMS), run.output()
    run.settings["TRACKSTORE_SPOOL_FOLDER"] = str(run.folder / "spool")
    run.log.unlink()
    send(run, name, *[TERM] * (name == "waits"))
    assert "dropped" not in run.output()
    run.url = url
    run.start(script(run, "recovers"))
    assert run.wait() == 0, run.output()
    run.check_recorded(TRACKED)


def test_without_the_setting_signals_are_left_alone(run: Run) -> None:
    run.settings["TRACKSTORE_FLUSH_ON_SIGNALS"] = "false"
    assert send(run, "waits", TERM) == -TERM
    run.check_recorded(set())
