"""Whether the process lives, and whether it should be sent requests; for load balancers."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migrations.revision import NEWEST, REVISIONS, revisions_of
from store.database import DatabaseFailureError
from store.dialects import SCHEMA_AWAY
from store.errors import StoreError
from store.maintenance.readiness import reason_of
from store.store import Store

BOUND_SECONDS = 2.0
"""How long the database may take to answer; load balancers give up after a few seconds."""
PROBE_SECONDS = 3.0
"""A write is tried at most so often, however many ask."""
HUNG_PROBE_SECONDS = 15.0
"""A write that does not come back is given up after this, and another one is tried."""
NO_TABLES = "the database has no tables: run `trackstore migrate`"
UNAVAILABLE = 503
NOT_CACHED = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: whether it holds, how long finding out took, and what is wrong or worth saying."""

    name: str
    ok: bool
    ms: float
    note: str | None = None

    def as_json(self) -> dict[str, object]:
        """The same for the answer."""
        found: dict[str, object] = {"name": self.name, "ok": self.ok, "ms": self.ms}
        return found | ({"note": self.note} if self.note else {})


class NotReadyError(Exception):
    """A condition does not hold; the text says why."""


class Health:
    """The health of one application."""

    def __init__(self, store: Store, bound_seconds: float = BOUND_SECONDS) -> None:
        self._store = store
        self._bound = bound_seconds
        self._draining = False
        self._probe: asyncio.Task[str | None] | None = None
        self._probed_at = float("-inf")

    def start_draining(self) -> None:
        """From now on not ready: the server finishes what it has and stops."""
        self._draining = True
        if self._probe is not None:
            self._probe.cancel()

    async def livez(self, request: Request) -> Response:
        """GET /livez: the process answers. Says nothing of the database, whose absence no restart mends."""
        del request
        return JSONResponse({"status": "alive"}, headers=NOT_CACHED)

    async def readyz(self, request: Request) -> Response:
        """GET /readyz: 200 where requests can be served, else 503 with the reasons."""
        del request
        checks = [
            await self._check("serving", self._serving),
            await self._check("database", self._database),
        ]
        if checks[-1].ok:
            checks.append(await self._check("schema", self._schema))
        if checks[-1].ok and not self._draining:
            checks.append(await self._check("writing", self._writing))
        reasons = [check.note for check in checks if not check.ok]
        body: dict[str, object] = {"status": "unready" if reasons else "ready"}
        if reasons:
            body["reasons"] = reasons
        body["checks"] = [check.as_json() for check in checks]
        status = UNAVAILABLE if reasons else 200
        return JSONResponse(body, status_code=status, headers=NOT_CACHED)

    async def _check(self, name: str, look: Callable[[], Awaitable[str | None]]) -> Check:
        started = time.perf_counter()
        ok = False
        try:
            async with asyncio.timeout(self._bound):
                note = await look()
            ok = True
        except TimeoutError:
            note = f"the database did not answer within {self._bound:g} s"
        except DatabaseFailureError:
            note = "the database refused a plain question: see the log"
        except NotReadyError as error:
            note = str(error)
        except StoreError as error:
            note = reason_of(error)
        return Check(name, ok, round((time.perf_counter() - started) * 1000, 1), note)

    async def _serving(self) -> None:
        if self._draining:
            raise NotReadyError("the server is stopping")

    async def _database(self) -> None:
        await self._store.ping()

    async def _schema(self) -> str | None:
        """Behind is not ready; ahead is: servers of the last version serve until they are replaced."""
        dialect = self._store.database.dialect
        async with self._store.database.read() as connection:
            heads = await connection.run_sync(revisions_of)
            is_hidden = not heads and await dialect.hides_tables(connection)
        if NEWEST in heads:
            return None
        if not heads:
            dialect.reopen()  # connections that are open may look elsewhere when this has ended
            raise NotReadyError(SCHEMA_AWAY if is_hidden else NO_TABLES)
        if heads[0] not in REVISIONS:
            return "the tables are newer than this server: replace it soon"
        raise NotReadyError("the tables are older than this server: run `trackstore migrate`")

    async def _writing(self) -> str | None:
        """Whether a write worked lately; if nothing is known, one is tried and rolled back."""
        verdict = self._store.activity.verdict()
        if isinstance(verdict, str):
            raise NotReadyError(verdict)
        if verdict:
            return None
        now = time.monotonic()
        if self._probe is None or now - self._probed_at > self._probe_seconds(self._probe):
            if self._probe is not None:
                self._probe.cancel()
            self._probed_at = now
            self._probe = asyncio.create_task(self._store.write_probe.run(), name="write-probe")
            self._probe.add_done_callback(_take_exception)
        try:
            return await asyncio.shield(self._probe)
        except asyncio.CancelledError:
            if self._probe.cancelled():
                raise NotReadyError("the server is stopping") from None
            raise

    @staticmethod
    def _probe_seconds(probe: asyncio.Task[str | None]) -> float:
        """How long a probe stands; one that does not end is not joined by others for a while."""
        return PROBE_SECONDS if probe.done() else HUNG_PROBE_SECONDS


def _take_exception(task: asyncio.Task[str | None]) -> None:
    """Nobody may have waited for it until its end."""
    if not task.cancelled():
        task.exception()
