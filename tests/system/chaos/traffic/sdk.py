"""The Python client as a service uses it: it never waits, and everything arrives once."""

import asyncio
from uuid import UUID

from store.ids import new_id
from tests.system.chaos.traffic.gate import Site
from trackstore import AsyncClient, Settings, Tracker
from trackstore.errors import ServerRefusedError, ServerUnavailableError

THINKING_SECONDS = 0.1
FLUSH_SECONDS = 60.0
AWAY_SECONDS = 240.0
WATCHED_EVERY = 10
"""One request in so many is watched while it runs."""


async def track(site: Site) -> None:
    """Track operations and requests; half of the trackers keep what waits on disk."""
    spool = site.folder / f"spool-{site.name}" if site.dice.random() < 0.5 else None
    settings = Settings(
        url=site.dice.choice(site.urls), api_key=site.tenant.key, interval_seconds=0.1,
        timeout_seconds=6.0, connect_seconds=2.0, longest_delay_seconds=1.0, spool_folder=spool,
    ).checked()  # fmt: skip
    tracker = Tracker(settings=settings)
    watching: set[asyncio.Task[None]] = set()
    number = 0
    while True:
        async with site.gate:
            while site.gate.is_open:
                number += 1
                if number % 5 == 0:
                    request = _request(site, tracker)
                    if number % (5 * WATCHED_EVERY) == 0:
                        watching.add(asyncio.create_task(_watch(site, settings, request)))
                _operation(site, tracker)
                await asyncio.sleep(site.dice.uniform(0, THINKING_SECONDS))
            left = await asyncio.to_thread(tracker.flush, FLUSH_SECONDS)
            stats = tracker.stats()
            site.journal.write(
                "tracker", name=site.name, left=left.left, problem=left.problem,
                tracked=stats.tracked, queued=stats.queued, dropped=dict(stats.dropped),
            )  # fmt: skip
            await asyncio.gather(*watching)
            watching.clear()


def _operation(site: Site, tracker: Tracker) -> None:
    id, units = new_id(), site.dice.randint(1, 3)
    tracker.track_operation(
        kind="API", name="sdk", id=id, interaction={"type": "calls", "units": units}
    )
    site.journal.write(
        "tracked", organization=site.tenant.organization, operation=str(id), units=units
    )


def _request(site: Site, tracker: Tracker) -> UUID:
    """Track a whole request; its commands travel in the order in which they were given."""
    request = tracker.request("sdk", stages=["one", "two"])
    with request:
        for name in ("one", "two"):
            with request.stage(name) as stage:
                stage.progress(0.5)
    site.journal.write("request", organization=site.tenant.organization, request=str(request.id))
    return request.id


async def _watch(site: Site, settings: Settings, request: UUID) -> None:
    """Watch a request to its end, through whatever happens to the connection."""
    async with AsyncClient(settings=settings) as client:
        seqs: list[int] = []
        problem = "nothing"
        deadline = asyncio.get_running_loop().time() + AWAY_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            after = seqs[-1] if seqs else 0
            try:
                async for progress in client.watch(request, after_seq=after):
                    seqs += [progress.event.seq] if progress.event is not None else []
                break
            except ServerUnavailableError as error:
                problem = str(error)
                await asyncio.sleep(0.2)
            except ServerRefusedError as error:
                if error.code != "NOT_FOUND":  # the tracker has not sent it yet
                    site.journal.write("strange", name=site.name, message=f"watch: {error}")
                    return
                problem = str(error)
                await asyncio.sleep(0.2)
        site.journal.write(
            "watched", organization=site.tenant.organization, request=str(request), seqs=seqs,
            problem=problem,
        )  # fmt: skip
