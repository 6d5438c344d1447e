"""A service that renders videos, for content_pipeline.py; it can simulate failures.

Run it with ``uvicorn examples.video_service:app``; calls are tracked under the correlation id of
the caller. ``POST /failures/3`` makes the next three jobs fail.
"""

from fastapi import FastAPI, HTTPException, Request

from trackstore import TrackingRules
from trackstore.integrations.asgi import TrackingMiddleware

PERCENT_PER_POLL = 40

app = FastAPI()
app.add_middleware(TrackingMiddleware, rules=TrackingRules(requires=()))
app.state.failures = 0
progress: dict[str, int] = {}


@app.post("/failures/{number}")
def fail_next(number: int) -> dict[str, int]:
    app.state.failures = number
    return {"failures": number}


@app.post("/generate")
def generate(request: Request) -> dict[str, str | None]:
    if app.state.failures > 0:
        app.state.failures -= 1
        raise HTTPException(503, "No renderer is free")
    job_id = f"job_{len(progress) + 1}"
    progress[job_id] = 0
    return {"job_id": job_id, "correlation_id": request.headers.get("X-Correlation-ID")}


@app.get("/jobs/{job_id}")
def status(job_id: str) -> dict[str, str | int]:
    """Return the status of a job, which advances with each call."""
    progress[job_id] = min(100, progress[job_id] + PERCENT_PER_POLL)
    if progress[job_id] < 100:
        return {"status": "processing", "progress": progress[job_id]}
    return {"status": "completed", "progress": 100, "video_url": f"https://cdn.test/{job_id}.mp4"}
