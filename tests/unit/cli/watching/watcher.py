"""``trackstore watch`` as a program of its own, in a pipe or at a terminal."""

import json
import os
import pty
import re
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.processes import COMMAND, start_command

PATIENCE_SECONDS = 60.0
SIZE = (40, 120)
"""Lines and columns of the terminal."""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def until(true: Callable[[], Any], what: str) -> None:
    """Return once it is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@contextmanager
def interruptible() -> Iterator[None]:
    """Programs that are started inside can be interrupted, also where the tests themselves cannot."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Watcher:
    """One that writes into files."""

    def __init__(self, folder: Path, url: str, *arguments: str) -> None:
        self._output, self._errors = folder / "watched.txt", folder / "watched-errors.txt"
        with self._output.open("w") as output, self._errors.open("w") as errors:
            self.process = start_command(
                ["watch", *arguments, "--server", url], folder, output, errors
            )

    def lines(self) -> list[str]:
        """What it has printed; the last line may still be written."""
        return self._output.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()

    def events(self) -> list[dict[str, Any]]:
        """The same, as JSON."""
        return [json.loads(line) for line in self.lines()]

    def errors(self) -> str:
        """What it has said beside."""
        return self._errors.read_text(encoding="utf-8")

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def watching(folder: Path, url: str, *arguments: str) -> Iterator[Watcher]:
    """Watch for the time of the block."""
    watcher = Watcher(folder, url, *arguments)
    try:
        yield watcher
    except BaseException as error:
        error.add_note(f"the watcher said: {watcher.errors()}")
        raise
    finally:
        if watcher.process.poll() is None:
            watcher.process.kill()
            watcher.process.wait()


class Terminal:
    """A terminal with a watcher in it."""

    def __init__(self, url: str, *arguments: str) -> None:
        command = [COMMAND, "watch", *arguments, "--server", url]
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, SIZE)
        with interruptible():
            self.process = subprocess.Popen(
                command,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                env={**os.environ, "TERM": "xterm"},
            )
        os.close(slave)
        self._chunks: list[bytes] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        """Take what is drawn at all times: a terminal that is not read holds its program up."""
        with suppress(OSError):  # the program has ended
            while chunk := os.read(self._master, 65_536):
                self._chunks.append(chunk)

    def text(self) -> str:
        """All that was ever drawn, without colours."""
        return ESCAPES.sub("", b"".join(self._chunks).decode(errors="replace"))

    def shows(self, text: str) -> None:
        """Return once it was drawn."""
        until(lambda: text in self.text(), f"{text!r} is not shown")

    def wait(self) -> int:
        """The exit code."""
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return code

    def close(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(PATIENCE_SECONDS)
        os.close(self._master)


@contextmanager
def terminal(url: str, *arguments: str) -> Iterator[Terminal]:
    """Watch at a terminal for the time of the block."""
    made = Terminal(url, *arguments)
    try:
        yield made
    except BaseException as error:
        error.add_note(f"the terminal showed: {made.text()[-4_000:]}")
        raise
    finally:
        made.close()
