"""Tracks which requests were cancelled, as learned from the server's answers."""

import logging
from collections import OrderedDict
from uuid import UUID

from trackstore.client import Client
from trackstore.documents import ASK_CANCELLED
from trackstore.encoding import content_of, field_of
from trackstore.errors import ServerUnavailableError, TrackstoreError
from trackstore.settings import Settings

STAGE_REPORTS = frozenset({"startStage", "progressStage", "completeStage", "failStage"})
MAX_CHECKED_REQUESTS = 20
"""Requests checked after one batch; the next report checks the others."""
MAX_CANCELLED_REQUESTS = 10_000
CHECK_SECONDS = 5.0

log = logging.getLogger("trackstore")


class Cancellations:
    """Ids of cancelled requests.

    A stage report that the server answers as a duplicate came too late: its request has ended. The
    answer to a heartbeat, which any key may send, says whether it was cancelled.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cancelled: OrderedDict[UUID, None] = OrderedDict()

    def __contains__(self, request_id: UUID) -> bool:
        return request_id in self._cancelled

    def check(self, duplicates: list[bytes]) -> None:
        """Check the requests of duplicate reports. Never raises."""
        attempts: dict[UUID, tuple[str, int]] = {}
        for item in duplicates:
            if field_of(item) in STAGE_REPORTS:
                content = content_of(item)
                # The attempt of the report: a heartbeat without one would speak for a later one.
                place = content["stage"], content.get("attempt") or 1
                attempts.setdefault(UUID(content["requestId"]), place)
        unknown = [pair for pair in attempts.items() if pair[0] not in self._cancelled][
            :MAX_CHECKED_REQUESTS
        ]
        if not unknown:
            return
        with Client(settings=self._settings) as client:
            for id, place in unknown:
                if not self._call_server(client, id, *place):
                    return

    def _call_server(self, client: Client, id: UUID, stage: str, attempt: int) -> bool:
        try:
            data = client.query(
                ASK_CANCELLED,
                {"input": {"requestId": str(id), "stage": stage, "attempt": attempt}},
                timeout=CHECK_SECONDS,
            )
        except TrackstoreError as error:
            log.debug("cancellation check of request %s failed: %s", id, error)
            return not isinstance(error, ServerUnavailableError)
        if data["progressStage"]["cancelRequested"]:
            self._cancelled[id] = None
        if len(self._cancelled) > MAX_CANCELLED_REQUESTS:
            self._cancelled.popitem(last=False)
        return True
