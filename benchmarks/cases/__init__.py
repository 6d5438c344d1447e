"""List the cases in the order in which they run."""

from collections.abc import Awaitable, Callable

from benchmarks.bench import Bench
from benchmarks.cases import (
    bulk,
    commands,
    consume,
    conversion,
    ingest,
    live,
    memory,
    page,
    peers,
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
    "commands": commands.run,
    "memory": memory.run,
    "startup": startup.run,
}
"""By the names on the command line."""
STANDALONE_CASES: dict[str, Case] = {
    "stats": stats.run,
    "live": live.run,
    "sdk": sdk.run,
    "peers": peers.run,
}
"""Run separately, because each takes about as long as all others together."""
