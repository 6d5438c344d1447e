"""A Celery application whose tasks track; its broker is a folder, and its worker queues the tasks."""

import os
from pathlib import Path

from celery import Celery, signals  # type: ignore[import-not-found]  # it is in the newest frameworks only

from trackstore import get_tracker

FOLDER = Path(os.environ["JOBS_FOLDER"])
app = Celery("jobs", broker="filesystem://")
app.conf.update(
    broker_transport_options={
        "data_folder_in": str(FOLDER),
        "data_folder_out": str(FOLDER),
        "polling_interval": 0.05,
    },
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
)


@app.task  # type: ignore[untyped-decorator]  # for the same reason
def track(run: str, number: int) -> None:
    """Track one operation, and leave a file that says so."""
    get_tracker().track_operation(
        kind="TOOL", name="task", workspace_id=run, correlation_id=str(number)
    )
    (FOLDER.parent / f"done-{number}").touch()


@signals.worker_ready.connect  # type: ignore[untyped-decorator]  # for the same reason
def submit(**_: object) -> None:
    """Queue the tasks of a run."""
    for number in range(int(os.environ["JOBS_COUNT"])):
        track.delay(os.environ["JOBS_RUN"], number)
