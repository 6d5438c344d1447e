"""Measure one window of events before one audience: latency, cost, and whether it was sustained."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.audience import Audience
from benchmarks.pace import NANOSECONDS, latencies, pace, quantile
from benchmarks.processes import cpu_seconds
from benchmarks.report import number, ratio
from benchmarks.stages import Stage

LATE_SECONDS = 0.5
"""Delay after the window within which a server that keeps up has delivered everything."""
HEADS = (
    "", "events/s", "carried", "p50 ms", "p99 ms", "ratio p99", "from sending: p50", "p99",
    "CPU, cores", "CPU per 1,000 sent, ms", "ratio CPU", "KiB each", "reach",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spread:
    """Hold the results of one window in milliseconds; ``cpu`` is the server's processor seconds."""

    p50: float
    p99: float
    sent_p50: float
    sent_p99: float
    cpu: float
    seconds: float
    deliveries: int
    carried: bool
    sample: str


async def spread(
    stage: Stage, audience: Audience, count: int, rate: float, per_room: int
) -> Spread:
    """Publish events at a rate; everyone must receive each once, in order."""
    started, used = time.time_ns(), cpu_seconds(stage.server.pid)
    window = await pace(stage.publish, stage.rooms, count, rate)
    receipts = await audience.collect(stage.name, window.until)
    used = cpu_seconds(stage.server.pid) - used
    if stage.commits is not None:
        window.correct(await stage.commits(window))
    committed, sent_latencies = latencies(window, receipts)
    last_receipt = max(receipts.times)
    delay = (last_receipt - started) / NANOSECONDS - count / rate
    assert len(committed) == count * per_room
    return Spread(
        p50=quantile(committed, 0.5),
        p99=quantile(committed, 0.99),
        sent_p50=quantile(sent_latencies, 0.5),
        sent_p99=quantile(sent_latencies, 0.99),
        cpu=used,
        seconds=(last_receipt - started) / NANOSECONDS,
        deliveries=len(committed),
        carried=delay < LATE_SECONDS,
        sample=receipts.sample,
    )


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    rate: float
    windows: Sequence[Spread]
    plain: Sequence[Spread]
    kib: float
    reach: str = ""

    def cells(self) -> Sequence[str]:
        windows = self.windows
        p99_ratios = [a.p99 / b.p99 for a, b in zip(windows, self.plain, strict=False)]
        dear = [
            (a.cpu / a.deliveries) / (b.cpu / b.deliveries)
            for a, b in zip(windows, self.plain, strict=False)
            if b.cpu
        ]
        is_plain = windows is self.plain
        return (
            self.name,
            f"{self.rate:g}",
            "yes" if all(w.carried for w in windows) else "no: saturated",
            number(median(w.p50 for w in windows)),
            number(median(w.p99 for w in windows)),
            "" if is_plain else ratio(median(p99_ratios)),
            number(median(w.sent_p50 for w in windows)),
            number(median(w.sent_p99 for w in windows)),
            ratio(median(w.cpu / w.seconds for w in windows)),
            number(median(1_000_000 * w.cpu / w.deliveries for w in windows)),
            "" if is_plain or not dear else ratio(median(dear)),
            number(self.kib),
            self.reach,
        )
