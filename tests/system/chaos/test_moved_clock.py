"""The clock of another process can be moved while it runs, and elapsed time stays as it is."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system.chaos.moved_clock import MovedClock

HOUR = 3600
PROGRAM = """
import sys, time, datetime
for line in sys.stdin:
    print(time.time(), datetime.datetime.now().timestamp(), time.monotonic(), flush=True)
"""


def test_moves_the_clock_of_a_running_process(tmp_path: Path) -> None:
    clock = MovedClock.build(tmp_path)
    if clock is None:
        pytest.fail("no C compiler: install cc, gcc or clang", pytrace=False)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=clock.environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for offset in (0, HOUR, -2 * HOUR, 0):
            clock.move(offset)
            process.stdin.write("now\n")
            process.stdin.flush()
            seen = [float(number) for number in process.stdout.readline().split()]
            expected = [time.time() + offset, time.time() + offset, time.monotonic()]
            assert seen == pytest.approx(expected, abs=60)
