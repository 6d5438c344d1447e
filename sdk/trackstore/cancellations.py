"""Which requests were called off, learned from the server's answers."""

import logging
from collections import OrderedDict
from uuid import UUID

from trackstore.client import Client
from trackstore.documents import ASK_CANCELLED
from trackstore.encoding import content_of, field_of
from trackstore.errors import ServerUnavailable, TrackstoreError
from trackstore.settings import Settings

STAGE_REPORTS = frozenset({"startStage", "progressStage", "completeStage", "failStage"})
MOST_ASKED = 20
"""Requests that are asked about after one batch at most; the next report asks again."""
MOST_KEPT = 10_000
ASK_SECONDS = 5.0

log = logging.getLogger("trackstore")


class Cancellations:
    """Called-off requests, by their ids.

    A report about a stage that the server answers as a duplicate came too late: its request has
    ended. Whether it was called off says the answer to a heartbeat, which any key may send.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._found: OrderedDict[UUID, None] = OrderedDict()

    def __contains__(self, request_id: UUID) -> bool:
        return request_id in self._found

    def look(self, doubled: list[bytes]) -> None:
        """Ask about the requests of reports that came too late. Never raises."""
        asked: dict[UUID, tuple[str, int]] = {}
        for item in doubled:
            if field_of(item) in STAGE_REPORTS:
                content = content_of(item)
                # The attempt of the report: a heartbeat without one would speak for a later one.
                place = content["stage"], content.get("attempt") or 1
                asked.setdefault(UUID(content["requestId"]), place)
        unknown = [pair for pair in asked.items() if pair[0] not in self._found][:MOST_ASKED]
        if not unknown:
            return
        with Client(settings=self._settings) as client:
            for id, place in unknown:
                if not self._ask(client, id, *place):
                    return

    def _ask(self, client: Client, id: UUID, stage: str, attempt: int) -> bool:
        """Whether the server can be asked at all."""
        try:
            data = client.query(
                ASK_CANCELLED,
                {"input": {"requestId": str(id), "stage": stage, "attempt": attempt}},
                timeout=ASK_SECONDS,
            )
        except TrackstoreError as error:
            log.debug("whether request %s was called off is not known: %s", id, error)
            return not isinstance(error, ServerUnavailable)
        if data["progressStage"]["cancelRequested"]:
            self._found[id] = None
        if len(self._found) > MOST_KEPT:
            self._found.popitem(last=False)
        return True
