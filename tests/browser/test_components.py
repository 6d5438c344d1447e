"""The components' own tests, which run on Node.js."""

import subprocess

from tests.browser.browser import FOLDER, NODE, require_packages

SECONDS = 120


def test_components() -> None:
    require_packages()
    done = subprocess.run(
        [NODE, "node_modules/vitest/vitest.mjs", "run", "--reporter=default"],
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
