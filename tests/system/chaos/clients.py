"""Client processes seen from the run: started, let work, held, and their journals read."""

import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue

from tests.system.chaos.client import Configuration
from tests.system.chaos.journal import JournalReader, Line
from tests.system.chaos.traffic.gate import Tenant

START_SECONDS = 60.0
PAUSE_SECONDS = 400.0
"""Longer than a client takes to give its last piece of work up."""
ROOT = Path(__file__).resolve().parents[3]


class ClientProcess:
    """One client process of a run."""

    def __init__(self, configuration: Configuration) -> None:
        self.name = configuration.name
        self._reader = JournalReader(Path(configuration.journal))
        self._log = Path(configuration.journal).with_suffix(".log")
        self._answers: Queue[str] = Queue()
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.system.chaos.client"],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()
        self._send(configuration.line())

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line.strip())

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _wait(self, command: str, seconds: float) -> None:
        try:
            answer = self._answers.get(timeout=seconds)
        except Empty:
            answer = "nothing"
        if answer != command:
            state = self._process.poll()
            raise RuntimeError(
                f"client {self.name} (exit {state}) answered {answer!r} to {command!r}:\n"
                f"{self._log.read_text()[-3000:]}"
            )

    def go(self, plan_line: str) -> None:
        """Let it work."""
        self._send(f"go {plan_line}")
        self._wait("go", START_SECONDS)

    def ask_to_pause(self) -> None:
        """Ask it to finish what it began; ``wait_until_paused`` waits for it."""
        self._send("pause")

    def wait_until_paused(self) -> None:
        """Return when nothing of it is under way."""
        self._wait("pause", PAUSE_SECONDS)

    def lines(self) -> list[Line]:
        """What it has written into its journal since the last time."""
        return list(self._reader.read())

    def end(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        if self._process.poll() is None:
            self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()


def start_clients(
    parts: list[str], seed: int, urls: list[str], tenants: list[Tenant],
    cursors: dict[str, dict[str, str]], folder: Path,
) -> list[ClientProcess]:  # fmt: skip
    """Start one client process for each part."""
    found = []
    for number, part in enumerate(parts):
        name = f"{part}{number}"
        journal = str(folder / f"{name}.jsonl")
        configuration = Configuration(
            part, name, str(seed), urls, tenants, journal, str(folder), cursors
        )
        found.append(ClientProcess(configuration))
    return found
