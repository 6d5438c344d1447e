"""Brings items to the server until each has an end: again after failures, in parts around poison."""

import logging
from collections import deque
from collections.abc import Callable, Sequence

from trackstore.backoff import Backoff
from trackstore.delivery.drops import INVALID, Ledger
from trackstore.delivery.outcomes import DUPLICATE, Answered, ItemResult, Later, Outcome, Unfit
from trackstore.delivery.transport import Transport
from trackstore.encoding import check_entry
from trackstore.errors import InvalidItem

Parcel = tuple[int, bytes]
"""A number by which its keeper knows it (0 without a keeper), and the item."""
Parcels = Sequence[Parcel]
MOST_INTERNAL = 3
"""So often a batch may meet a mistake of the server before it is parted, to find what causes it."""

log = logging.getLogger("trackstore")


class Courier:
    """Sends parcels in their order, one batch after the other.

    ``wait`` waits so many seconds (no less than the second number, which the server asked for) and
    says whether to go on; ``settled`` is told which parcels have
    an end; ``doubled`` of items that the server answered as duplicates at their first sending.
    """

    def __init__(
        self,
        transport: Transport,
        ledger: Ledger,
        backoff: Backoff,
        wait: Callable[[float, float], bool],
        settled: Callable[[Parcels], None],
        doubled: Callable[[list[bytes]], None],
    ) -> None:
        self._transport = transport
        self._ledger = ledger
        self._backoff = backoff
        self._wait = wait
        self._settled = settled
        self._doubled = doubled
        self._resent = False
        self._internal = 0

    def deliver(self, parcels: Parcels) -> Parcels:
        """Send until every parcel has an end; gives those left where ``wait`` said to stop."""
        ahead = deque([parcels])
        self._resent, self._internal = False, 0
        while ahead:
            chunk = ahead.popleft()
            outcome = self._try(chunk)
            match outcome:
                case Answered(results, truncated):
                    self._ledger.truncate(truncated)
                    again = self._take(chunk, results)
                    if again:
                        ahead.appendleft(again)
                        if not self._pause(Later("items were refused for now")):
                            break
                case Unfit():
                    ahead.extendleft(reversed(self._parted(chunk, outcome)))
                case Later():
                    self._internal += outcome.is_internal
                    if self._internal >= MOST_INTERNAL:
                        self._internal = 0
                        unfit = Unfit(outcome.code, outcome.problem)
                        ahead.extendleft(reversed(self._parted(chunk, unfit)))
                    else:
                        ahead.appendleft(chunk)
                    if not self._pause(outcome):
                        break
        return [parcel for chunk in ahead for parcel in chunk]

    def _try(self, chunk: Parcels) -> Outcome:
        dropped = self._ledger.take_unreported()
        outcome = self._transport.send([item for _, item in chunk], dropped)
        if not self._transport.was_heard:
            self._ledger.give_back(dropped)
        self._ledger.batches += 1
        return outcome

    def _take(self, chunk: Parcels, results: Sequence[ItemResult]) -> Parcels:
        """Count what an answer says; gives the items that are to be sent again."""
        self._ledger.problem = None
        self._backoff.succeed()
        self._internal = 0
        again = [chunk[result.index] for result in results if result.is_retryable]
        refused = [r for r in results if r.status != DUPLICATE and not r.is_retryable]
        doubled = [result.index for result in results if result.status == DUPLICATE]
        ended = chunk
        if again:
            kept = {result.index for result in results if result.is_retryable}
            ended = [parcel for index, parcel in enumerate(chunk) if index not in kept]
        self._settled(ended)
        for result in refused:
            self._ledger.drop(result.code or "REJECTED", 1, result.reason)
        self._ledger.acknowledge(len(ended) - len(refused), len(doubled))
        if doubled and not self._resent:
            self._doubled([chunk[index][1] for index in doubled])
        self._resent = self._resent or bool(again)
        return again

    def _parted(self, chunk: Parcels, unfit: Unfit) -> list[Parcels]:
        """The chunk without what is surely wrong in it, else in halves; a single item is dropped."""
        if len(chunk) == 1:
            self._drop(chunk, unfit.code, unfit.problem)
            return []
        good = chunk
        if not unfit.is_size:
            named = [chunk[place] for place in unfit.places if place < len(chunk)]
            if named:
                self._drop(named, INVALID, unfit.problem)
            places = set(unfit.places)
            rest = [parcel for place, parcel in enumerate(chunk) if place not in places]
            good = self._without_invalid(rest)
        if len(good) < len(chunk):
            return [good] if good else []
        middle = len(chunk) // 2
        return [chunk[:middle], chunk[middle:]]

    def _without_invalid(self, chunk: Parcels) -> Parcels:
        """What has the types of the schema; the rest is dropped at once, not one call each."""
        good = []
        for parcel in chunk:
            try:
                check_entry(parcel[1])
            except InvalidItem as error:
                self._drop([parcel], INVALID, str(error))
            else:
                good.append(parcel)
        return good

    def _drop(self, parcels: Parcels, reason: str, detail: str) -> None:
        self._settled(parcels)
        self._ledger.drop(reason, len(parcels), detail)

    def _pause(self, failure: Later) -> bool:
        """Wait before the next try; whether there is to be one."""
        if self._ledger.problem is None:
            level = logging.ERROR if failure.is_lasting else logging.WARNING
            log.log(level, "tracking waits for the server: %s", failure.problem)
        self._ledger.problem = failure.problem
        self._ledger.retries += 1
        self._resent = True
        seconds = self._backoff.fail(failure.after)
        return self._wait(seconds, failure.after)
