"""Brings items to the server until each has an end: again after failures, in parts around poison."""

import logging
from collections import deque
from collections.abc import Callable, Sequence

from trackstore.backoff import Backoff
from trackstore.delivery.aside import Aside, Failing, Parcel
from trackstore.delivery.drops import INVALID, Ledger
from trackstore.delivery.outcomes import DUPLICATE, Answered, ItemResult, Later, Outcome, Unfit
from trackstore.delivery.transport import Transport
from trackstore.encoding import check_entry
from trackstore.errors import InvalidItem

Parcels = Sequence[Parcel]
MOST_INTERNAL = 3
"""So often a batch may meet a mistake of the server before it is parted, to find what causes it.

So many kept items may meet one, one after the other, before the rest of them waits for its next turn.
"""

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
        aside: Aside,
    ) -> None:
        self._transport = transport
        self._ledger = ledger
        self._backoff = backoff
        self._wait = wait
        self._settled = settled
        self._doubled = doubled
        self._aside = aside
        self._resent = False
        self._internal = 0

    def deliver(self, parcels: Parcels) -> Parcels:
        """Send until every parcel has an end; gives those left where ``wait`` said to stop."""
        ahead = deque([parcels])
        self._resent, self._internal = False, 0
        while ahead:
            self.retry()
            chunk = self._without_followers(ahead.popleft())
            if chunk is None:
                continue
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
                    ahead.extendleft(reversed(self._after_failure(chunk, outcome)))
                    if not self._pause(outcome):
                        break
        return [parcel for chunk in ahead for parcel in chunk]

    def retry(self, at_once: bool = False) -> None:
        """Try items that the server failed over, where their next turn has come."""
        failures = 0
        for failing in self._aside.due(at_once):
            outcome = self._retry_one(failing)
            if isinstance(outcome, Later):
                failures += 1
                if not outcome.is_internal or failures >= MOST_INTERNAL:
                    break
        self._ledger.failing = self._aside.problem

    def _retry_one(self, failing: Failing) -> Outcome:
        """Try the first item, and those behind it once it is taken."""
        while True:
            chunk = [failing.parcels[0]]
            outcome = self._try(chunk)
            match outcome:
                case Answered(results, truncated):
                    self._ledger.truncate(truncated)
                    again = [r for r in results if r.is_retryable or r.is_internal]
                    if again:
                        outcome = Later(again[0].reason, again[0].code or "", is_internal=True)
                        self._postpone(failing, outcome)
                        return outcome
                    self._aside.settle(failing)
                    self._take(chunk, results)
                case Unfit():
                    self._aside.settle(failing)
                    self._drop(chunk, outcome.code, outcome.problem)
                case Later():
                    if outcome.is_internal:
                        self._postpone(failing, outcome)
                    return outcome
            if not failing.parcels:
                return outcome

    def _postpone(self, failing: Failing, failure: Later) -> None:
        """Keep it for its next turn, or drop it where its time is over."""
        if not self._aside.postpone(failing, failure.problem):
            chunk = [failing.parcels[0]]
            self._aside.settle(failing)
            self._drop(chunk, failure.code, failure.problem)

    def _without_followers(self, chunk: Parcels) -> Parcels | None:
        """The chunk without items that wait behind a kept one of the same record; None for nothing."""
        if not any(map(self._aside.is_behind, chunk)):
            return chunk or None
        rest: list[Parcel] = []
        for place, parcel in enumerate(chunk):
            if self._aside.is_behind(parcel) and not self._aside.append(parcel):
                rest.extend(chunk[place:])  # no room: it is sent out of order rather than lost
                break
            if not self._aside.is_behind(parcel):
                rest.append(parcel)
        return rest or None

    def _after_failure(self, chunk: Parcels, failure: Later) -> list[Parcels]:
        """What to send next: the same, or halves of what the server failed over several times.

        A single item is kept aside, as long as there is room for it.
        """
        self._internal += failure.is_internal
        if self._internal < MOST_INTERNAL:
            return [chunk]
        self._internal = 0
        if len(chunk) > 1:
            middle = len(chunk) // 2
            return [chunk[:middle], chunk[middle:]]
        if not self._aside.add(chunk[0], failure.code, failure.problem):
            return [chunk]
        self._ledger.failing = self._aside.problem
        log.warning("the server fails over an item, which is kept: %s", failure.problem)
        return []

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
        waits = {r.index for r in results if r.is_retryable}
        failed = [r for r in results if r.is_internal]
        for result in failed:
            if not self._aside.add(chunk[result.index], result.code or "", result.reason):
                waits.add(result.index)
        again = [chunk[index] for index in sorted(waits)]
        unsettled = waits | {result.index for result in failed}
        refused = [r for r in results if r.status != DUPLICATE and r.index not in unsettled]
        duplicates = [result.index for result in results if result.status == DUPLICATE]
        ended = chunk
        if unsettled:
            ended = [parcel for index, parcel in enumerate(chunk) if index not in unsettled]
        self._settled(ended)
        for result in refused:
            self._ledger.drop(result.code or "REJECTED", 1, result.reason)
        self._ledger.acknowledge(len(ended) - len(refused), len(duplicates))
        if duplicates and not self._resent:
            self._doubled([chunk[index][1] for index in duplicates])
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
