"""Counts what was written about requests since the server started, for metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

from store.requests.state import RequestState


@dataclass(slots=True)
class RequestStats:
    """``late`` are messages that came after their attempt or request had ended."""

    late: int = 0
    stalled: int = 0
    resumed: int = 0
    lost: int = 0

    def count(self, states: Sequence[RequestState]) -> None:
        for state in states:
            self.late += state.late
            self.lost += state.lost
            for event in state.events:
                self.stalled += event["type"] == "request.stalled"
                self.resumed += event["type"] == "request.resumed"
