"""What is measured: one module per case, in the order they run."""

from collections.abc import Awaitable, Callable

from benchmarks.bench import Bench
from benchmarks.cases import (
    bulk,
    consume,
    conversion,
    ingest,
    live,
    memory,
    page,
    sdk,
    single,
    startup,
    stats,
)
from benchmarks.report import Section

Case = Callable[[Bench], Awaitable[list[Section]]]

CASES: dict[str, Case] = {
    "bulk": bulk.run,
    "conversion": conversion.run,
    "single": single.run,
    "ingest": ingest.run,
    "page": page.run,
    "consume": consume.run,
    "memory": memory.run,
    "startup": startup.run,
}
"""By the names that the command takes."""
APART: dict[str, Case] = {"stats": stats.run, "live": live.run, "sdk": sdk.run}
"""Cases that are a run of their own: they take about as long as all others together."""
