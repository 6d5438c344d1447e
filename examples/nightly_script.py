"""A script for cron: it tracks its work, and ends when the server has all of it.

``python examples/nightly_script.py FILE...``, with the server's address in TRACKSTORE_URL.
"""

import sys
import time
from pathlib import Path

from trackstore import Tracker


def count_words(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").split())


def main(names: list[str]) -> int:
    with Tracker() as tracker:
        for name in names:
            started, error, words = time.perf_counter(), None, None
            try:
                words = count_words(Path(name))
            except OSError as problem:
                error = str(problem)
            tracker.track_operation(
                kind="TOOL",
                name="count_words",
                tool={"tool_name": "count_words", "file_path": name},
                duration_ms=(time.perf_counter() - started) * 1_000,
                error=error,
                attributes={"words": words},
            )
        left = tracker.flush(timeout=10)
    print(f"{len(names)} files, {left.left} operations not sent")
    return 1 if left.left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
