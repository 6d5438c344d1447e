"""Answer health checks of load balancers: liveness and readiness."""

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

MAX_CHECK_SECONDS = 2.0
"""Time for the database to answer; load balancers give up after a few seconds."""
PROBE_INTERVAL_SECONDS = 3.0
"""At most one write is tried per interval."""
MAX_PROBE_SECONDS = 15.0
"""A hanging write is abandoned after this time, and another one is tried."""
MISSING_TABLES = "The database has no tables. Run `trackstore migrate`."
UNAVAILABLE = 503
NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    ms: float
    note: str | None = None

    def as_json(self) -> dict[str, object]:
        content: dict[str, object] = {"name": self.name, "ok": self.ok, "ms": self.ms}
        return content | ({"note": self.note} if self.note else {})


class NotReadyError(Exception):
    pass


class Health:
    def __init__(self, store: Store, bound_seconds: float = MAX_CHECK_SECONDS) -> None:
        self._store = store
        self._bound = bound_seconds
        self._draining = False
        self._probe: asyncio.Task[str | None] | None = None
        self._probed_at = float("-inf")

    def start_draining(self) -> None:
        self._draining = True
        if self._probe is not None:
            self._probe.cancel()

    async def livez(self, request: Request) -> Response:
        """Answer GET /livez; ignores the database, whose absence no restart fixes."""
        del request
        return JSONResponse({"status": "alive"}, headers=NO_STORE)

    async def readyz(self, request: Request) -> Response:
        """Answer GET /readyz: 200 if requests can be served, else 503 with the reasons."""
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
        return JSONResponse(body, status_code=status, headers=NO_STORE)

    async def _check(self, name: str, check: Callable[[], Awaitable[str | None]]) -> Check:
        started = time.perf_counter()
        ok = False
        try:
            async with asyncio.timeout(self._bound):
                note = await check()
            ok = True
        except TimeoutError:
            note = f"The database did not answer within {self._bound:g} s."
        except DatabaseFailureError:
            note = "The database refused a simple query. See the log."
        except NotReadyError as error:
            note = str(error)
        except StoreError as error:
            note = reason_of(error)
        return Check(name, ok, round((time.perf_counter() - started) * 1000, 1), note)

    async def _serving(self) -> None:
        if self._draining:
            raise NotReadyError("The server is stopping.")

    async def _database(self) -> None:
        await self._store.ping()

    async def _schema(self) -> str | None:
        """Refuse older tables; accept newer ones, so that the former version serves until replaced."""
        dialect = self._store.database.dialect
        async with self._store.database.read() as connection:
            heads = await connection.run_sync(revisions_of)
            is_hidden = not heads and await dialect.probes.hides_tables(connection)
        if NEWEST in heads:
            return None
        if not heads:
            dialect.connections.reopen()  # open connections may use another schema afterwards
            raise NotReadyError(SCHEMA_AWAY if is_hidden else MISSING_TABLES)
        if heads[0] not in REVISIONS:
            return "The tables are newer than this server. Upgrade it soon."
        raise NotReadyError("The tables are older than this server. Run `trackstore migrate`.")

    async def _writing(self) -> str | None:
        """Check that a write succeeded recently; otherwise try one and roll it back."""
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
                raise NotReadyError("The server is stopping.") from None
            raise

    @staticmethod
    def _probe_seconds(probe: asyncio.Task[str | None]) -> float:
        """Return how long to reuse a probe; a hanging one is replaced after a while."""
        return PROBE_INTERVAL_SECONDS if probe.done() else MAX_PROBE_SECONDS


def _take_exception(task: asyncio.Task[str | None]) -> None:
    """Mark the exception as retrieved, since no check may await the probe any more."""
    if not task.cancelled():
        task.exception()
