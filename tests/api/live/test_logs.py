"""The log of one request as a stream: what is told late or out of order is read."""

import asyncio
from typing import Any
from uuid import UUID

from server.live.sharing import SharedExecution
from store.commit_events import RequestChanged
from store.requests.logs import LogPage
from subscriptions.logs import LogStream
from subscriptions.streams import Item
from subscriptions.subscriber import Policy, Subscriber

KEY = ("acme", UUID(int=1))


class Log:
    """A log that is read slowly, and whoever is told that something was missed."""

    def __init__(self) -> None:
        self.last = 1
        self.reading = asyncio.Event()
        self.go_on = asyncio.Event()
        self.missed: list[Any] = []

    def request(self, last: int) -> Any:
        """The request when the log had so many events."""
        return {"organization_id": "acme", "id": KEY[1], "status": "RUNNING", "last_seq": last}

    def move(self, *seqs: int) -> RequestChanged:
        """A commit of these events."""
        return RequestChanged(self.request(seqs[-1]), [{"seq": seq} for seq in seqs])

    async def read(self, key: Any, after: int | None, limit: int) -> LogPage:
        """As the log is when the read begins."""
        del key, limit
        last = self.last
        self.reading.set()
        await self.go_on.wait()
        events = [{"seq": seq} for seq in range((after or 0) + 1, last + 1)]
        return LogPage(self.request(last), events, False)

    def subscribe_to_log(self, stream: LogStream) -> None:
        """Nobody is told."""

    def unsubscribe_from_log(self, stream: LogStream) -> None:
        """Nobody is told."""

    def fetch_missed(self, key: Any) -> None:
        """Something was missed."""
        self.missed.append(key)


async def encoded(item: Item) -> str:
    """An answer."""
    return str(item.place)


async def test_a_commit_of_another_server_before_one_of_this_one() -> None:
    """2 is committed elsewhere while the log is read, 3 here: nobody goes past 2."""
    log: Any = Log()
    stream = LogStream(log, KEY, log)
    shared = SharedExecution(stream, encoded, lambda: None)
    items = Subscriber(shared, 0, Policy.READ).items()
    first = asyncio.ensure_future(anext(items))
    await log.reading.wait()
    log.last = 3
    stream.apply(log.move(3))  # of 2 nothing was heard
    log.go_on.set()
    found = [await first, await anext(items), await anext(items)]
    assert [item.value for item in found] == ["1", "2", "3"]
    following = asyncio.ensure_future(anext(items))
    for _ in range(20):
        await asyncio.sleep(0)
    stream.apply(log.move(5))  # of 4 nothing was heard
    assert log.missed == [KEY]
    stream.apply(log.move(4, 5))  # it was fetched
    assert [(await following).value, (await anext(items)).value] == ["4", "5"]
    await items.aclose()  # type: ignore[attr-defined]  # a generator
