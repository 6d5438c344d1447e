"""Measure delivery by the client, from call to acknowledgement; prints JSON.

``python -m benchmarks.sdk_sender URL OPERATIONS [SPOOL_FOLDER]``.
"""

import json
import sys
import time
from pathlib import Path

from benchmarks.sdk_caller import tracked
from trackstore import Settings, Tracker

FLUSH_SECONDS = 300.0


def main() -> None:
    url, operations = sys.argv[1], int(sys.argv[2])
    folder = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    settings = Settings(
        url=url, queue_items=10**7, queue_bytes=2**33, spool_folder=folder, spool_bytes=2**33
    )
    tracker = Tracker(settings=settings.checked())
    call = tracked(tracker)
    started, processor = time.perf_counter(), time.process_time()
    for _ in range(operations):
        call()
    tracked_after = time.perf_counter() - started
    assert tracker.flush(FLUSH_SECONDS).is_done
    seconds = time.perf_counter() - started
    stats = tracker.stats()
    assert stats.acknowledged == operations, stats
    report = {
        "seconds": seconds,
        "tracked_after": tracked_after,
        "processor": time.process_time() - processor,
        "batches": stats.batches,
    }
    print(json.dumps(report))  # noqa: T201 the program's answer
    tracker.close()


if __name__ == "__main__":
    main()
