"""When clients work and when they rest, and what every task of a client process knows."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.system.chaos.journal import Journal

Plan = dict[str, Any]
"""What the parent says about a round: its number, and the limits that it has set for it."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization and a key of it."""

    organization: str
    key: str


class Gate:
    """Lets tasks begin their next piece of work, or holds them until the next round."""

    def __init__(self) -> None:
        self._is_open = asyncio.Event()
        self._busy = 0
        self._is_idle = asyncio.Condition()
        self.plan: Plan = {}

    @property
    def is_open(self) -> bool:
        """Whether a piece of work may begin."""
        return self._is_open.is_set()

    def open(self, plan: Plan) -> None:
        """Begin a round."""
        self.plan = plan
        self._is_open.set()

    async def close(self) -> None:
        """End a round; returns when every piece of work that was begun is done."""
        self._is_open.clear()
        async with self._is_idle:
            await self._is_idle.wait_for(lambda: self._busy == 0)

    async def wait(self) -> Plan:
        """Return the plan of the round as soon as it is open."""
        await self._is_open.wait()
        return self.plan

    async def __aenter__(self) -> Plan:
        """Begin a piece of work."""
        while True:
            plan = await self.wait()
            if self.is_open:
                self._busy += 1
                return plan

    async def __aexit__(self, *_: object) -> None:
        """Say that it is done."""
        async with self._is_idle:
            self._busy -= 1
            self._is_idle.notify_all()


@dataclass(frozen=True, slots=True)
class Site:
    """What one task of a client process works with."""

    name: str
    urls: list[str]
    tenant: Tenant
    dice: random.Random
    journal: Journal
    gate: Gate
    folder: Path
    cursors: dict[str, str] = field(default_factory=dict)


Role = Callable[[Site], Coroutine[Any, Any, None]]
