"""The rule that all cases follow: what doubles the input at most doubles the work that it adds."""

from collections.abc import Sequence
from dataclasses import asdict

from tests.api.scaling.work import Work

FACTOR = 2.15
"""Of the work that is added: a loop within a loop would make it four."""
SLACK = Work(statements=8, rows_sent=8, rows_read=8, steps=400)
"""What may come in between: a look at the clock, a batch that is one larger."""


def check_linear(works: Sequence[Work]) -> None:
    """Compare the work at three sizes, each twice the one before."""
    counts = [asdict(work) for work in works]
    for what, slack in asdict(SLACK).items():
        small, medium, large = (count[what] for count in counts)
        first, second = max(0, medium - small), large - medium
        assert second <= FACTOR * first + slack, (what, small, medium, large)
