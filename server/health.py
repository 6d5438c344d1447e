"""Whether the process lives, and whether it should be sent requests; for load balancers."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migrations.standing import NEWEST, REVISIONS, revisions_of
from store.database import DatabaseFailure
from store.errors import StoreError
from store.store import Store

BOUND_SECONDS = 2.0
"""How long the database may take to answer; load balancers give up after a few seconds."""
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


class NotReady(Exception):
    """A condition does not hold; the text says why."""


class Health:
    """The health of one application."""

    def __init__(self, store: Store, bound_seconds: float = BOUND_SECONDS) -> None:
        self._store = store
        self._bound = bound_seconds
        self._draining = False

    def start_draining(self) -> None:
        """From now on not ready: the server finishes what it has and stops."""
        self._draining = True

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
        except DatabaseFailure:
            note = "the database refused a plain question: see the log"
        except (NotReady, StoreError) as error:
            note = str(error)
        return Check(name, ok, round((time.perf_counter() - started) * 1000, 1), note)

    async def _serving(self) -> None:
        if self._draining:
            raise NotReady("the server is stopping")

    async def _database(self) -> None:
        await self._store.ping()

    async def _schema(self) -> str | None:
        """Behind is not ready; ahead is: servers of the last version serve until they are replaced."""
        async with self._store.database.read() as connection:
            heads = await connection.run_sync(revisions_of)
        if NEWEST in heads:
            return None
        if not heads:
            raise NotReady("the database has no tables: run `trackstore migrate`")
        if heads[0] not in REVISIONS:
            return "the tables are newer than this server: replace it soon"
        raise NotReady("the tables are older than this server: run `trackstore migrate`")
