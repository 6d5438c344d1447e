"""One window of events before one audience: how late they came, what it cost, whether it was carried."""

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
"""After the end of the window by which everything has come where a server keeps up."""
HEADS = (
    "", "events/s", "carried", "p50 ms", "p99 ms", "ratio p99", "from sending: p50", "p99",
    "CPU, cores", "CPU per 1,000 sent, ms", "ratio CPU", "KiB each", "reach",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spread:
    """What one window showed. Milliseconds; ``cpu`` is the server's processor seconds."""

    p50: float
    p99: float
    sent_p50: float
    sent_p99: float
    cpu: float
    seconds: float
    deliveries: int
    carried: bool
    sample: str


async def spread(stage: Stage, audience: Audience, count: int, rate: float, each: int) -> Spread:
    """Publish so many events at that rate; everybody must get each once, in order."""
    begun, used = time.time_ns(), cpu_seconds(stage.server.pid)
    window = await pace(stage.publish, stage.rooms, count, rate)
    receipts = await audience.collect(stage.name, window.until)
    used = cpu_seconds(stage.server.pid) - used
    if stage.commits is not None:
        window.correct(await stage.commits(window))
    committed, sent = latencies(window, receipts)
    last = max(receipts.times)
    late = (last - begun) / NANOSECONDS - count / rate
    assert len(committed) == count * each
    return Spread(
        p50=quantile(committed, 0.5),
        p99=quantile(committed, 0.99),
        sent_p50=quantile(sent, 0.5),
        sent_p99=quantile(sent, 0.99),
        cpu=used,
        seconds=(last - begun) / NANOSECONDS,
        deliveries=len(committed),
        carried=late < LATE_SECONDS,
        sample=receipts.sample,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: a stage at one rate, all its windows, and those of the plain fan-out."""

    name: str
    rate: float
    windows: Sequence[Spread]
    plain: Sequence[Spread]
    kib: float
    reach: str = ""

    def cells(self) -> Sequence[str]:
        """As text; medians of the windows, ratios within each round."""
        own = self.windows
        late = [a.p99 / b.p99 for a, b in zip(own, self.plain, strict=False)]
        dear = [
            (a.cpu / a.deliveries) / (b.cpu / b.deliveries)
            for a, b in zip(own, self.plain, strict=False)
            if b.cpu
        ]
        is_plain = own is self.plain
        return (
            self.name,
            f"{self.rate:g}",
            "yes" if all(w.carried for w in own) else "no: saturated",
            number(median(w.p50 for w in own)),
            number(median(w.p99 for w in own)),
            "" if is_plain else ratio(median(late)),
            number(median(w.sent_p50 for w in own)),
            number(median(w.sent_p99 for w in own)),
            ratio(median(w.cpu / w.seconds for w in own)),
            number(median(1_000_000 * w.cpu / w.deliveries for w in own)),
            "" if is_plain or not dear else ratio(median(dear)),
            number(self.kib),
            self.reach,
        )
