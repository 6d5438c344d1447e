"""Whether units may be used: the one thing that a tracker asks the server, and waits for."""

import asyncio
from abc import abstractmethod
from datetime import timedelta
from typing import Unpack
from uuid import UUID

from trackstore.answers import Consumption, Reservation
from trackstore.calls import Json
from trackstore.consuming import (
    Call,
    IfUnavailable,
    assumed,
    commit_call,
    consume_call,
    consumption_of,
    release_call,
    reservation_of,
    reserve_call,
)
from trackstore.entries import Consume
from trackstore.errors import ServerUnavailable
from trackstore.ids import new_id
from trackstore.labelling import LabelArguments, Labelling

RESERVED_FOR = timedelta(minutes=10)
ANSWER_SECONDS = 5.0
"""How long a question about a limit may take, all tries together."""


class Limits(Labelling):
    """Limits where no server is asked: everything is allowed, and said not to be known."""

    def consume(
        self,
        interaction_type: str,
        units: int = 1,
        *,
        operation_type: str | None = None,
        id: UUID | None = None,
        timeout: float = ANSWER_SECONDS,
        if_unavailable: IfUnavailable = "raise",
        **labels: Unpack[LabelArguments],
    ) -> Consumption:
        """Use units if every limit that applies allows it, all or nothing, and count them.

        Waits for the answer, ``timeout`` seconds at most, and tries again meanwhile; with the same
        ``id`` (default: a new one) a repeat counts once. Where the server cannot be asked,
        ``if_unavailable`` decides: ``raise`` (``ServerUnavailable``), ``allow`` or ``deny``.
        Raises ``ServerRefused`` for what the server does not take.
        """
        asked = Consume(
            interaction_type=interaction_type,
            units=units,
            operation_type=operation_type,
            id=id or new_id(),
            labels=self.labels_with(labels),
        )
        return self._consume(asked, timeout, if_unavailable)

    def reserve(
        self,
        interaction_type: str,
        units: int = 1,
        *,
        ttl: timedelta = RESERVED_FOR,
        operation_type: str | None = None,
        id: UUID | None = None,
        timeout: float = ANSWER_SECONDS,
        if_unavailable: IfUnavailable = "raise",
        **labels: Unpack[LabelArguments],
    ) -> Reservation:
        """Set units aside for ``ttl`` (1 second to 1 day), for work whose use is known at its end.

        ``commit`` or ``release`` ends it. Otherwise as ``consume``.
        """
        asked = Consume(
            interaction_type=interaction_type,
            units=units,
            operation_type=operation_type,
            id=id or new_id(),
            labels=self.labels_with(labels),
        )
        return self._reserve(asked, ttl, timeout, if_unavailable)

    def commit(self, id: UUID, units: int, *, timeout: float = ANSWER_SECONDS) -> Consumption:
        """Use what was really needed of a reservation; the rest is given back. May be repeated.

        Raises ``ServerUnavailable`` or ``ServerRefused``.
        """
        del id, timeout
        return assumed("allow", units)

    def release(self, id: UUID, *, timeout: float = ANSWER_SECONDS) -> Consumption:
        """Give all units of a reservation back. Otherwise as ``commit``."""
        del id, timeout
        return assumed("allow", 0)

    async def aconsume(
        self,
        interaction_type: str,
        units: int = 1,
        *,
        operation_type: str | None = None,
        id: UUID | None = None,
        timeout: float = ANSWER_SECONDS,
        if_unavailable: IfUnavailable = "raise",
        **labels: Unpack[LabelArguments],
    ) -> Consumption:
        """``consume`` without blocking the event loop."""
        return await asyncio.to_thread(
            self.consume,
            interaction_type,
            units,
            operation_type=operation_type,
            id=id or new_id(),
            timeout=timeout,
            if_unavailable=if_unavailable,
            **labels,
        )

    async def areserve(
        self,
        interaction_type: str,
        units: int = 1,
        *,
        ttl: timedelta = RESERVED_FOR,
        operation_type: str | None = None,
        id: UUID | None = None,
        timeout: float = ANSWER_SECONDS,
        if_unavailable: IfUnavailable = "raise",
        **labels: Unpack[LabelArguments],
    ) -> Reservation:
        """``reserve`` without blocking the event loop."""
        return await asyncio.to_thread(
            self.reserve,
            interaction_type,
            units,
            ttl=ttl,
            operation_type=operation_type,
            id=id or new_id(),
            timeout=timeout,
            if_unavailable=if_unavailable,
            **labels,
        )

    async def acommit(
        self, id: UUID, units: int, *, timeout: float = ANSWER_SECONDS
    ) -> Consumption:
        """``commit`` without blocking the event loop."""
        return await asyncio.to_thread(self.commit, id, units, timeout=timeout)

    async def arelease(self, id: UUID, *, timeout: float = ANSWER_SECONDS) -> Consumption:
        """``release`` without blocking the event loop."""
        return await asyncio.to_thread(self.release, id, timeout=timeout)

    def _consume(
        self, asked: Consume, timeout: float, if_unavailable: IfUnavailable
    ) -> Consumption:
        del timeout, if_unavailable
        return assumed("allow", asked.units)

    def _reserve(
        self, asked: Consume, ttl: timedelta, timeout: float, if_unavailable: IfUnavailable
    ) -> Reservation:
        del ttl, timeout, if_unavailable
        return Reservation(assumed("allow", asked.units), asked.id)


class AskedLimits(Limits):
    """Limits as the server keeps them."""

    @abstractmethod
    def _ask(self, call: Call, timeout: float) -> Json:
        """The data of the answer; raises ``ServerUnavailable`` or ``ServerRefused``."""

    def commit(self, id: UUID, units: int, *, timeout: float = ANSWER_SECONDS) -> Consumption:
        """Use what was really needed of a reservation; the rest is given back."""
        return consumption_of(self._ask(commit_call(id, units), timeout))

    def release(self, id: UUID, *, timeout: float = ANSWER_SECONDS) -> Consumption:
        """Give all units of a reservation back."""
        return consumption_of(self._ask(release_call(id), timeout))

    def _consume(
        self, asked: Consume, timeout: float, if_unavailable: IfUnavailable
    ) -> Consumption:
        try:
            return consumption_of(self._ask(consume_call(asked), timeout))
        except ServerUnavailable:
            if if_unavailable == "raise":
                raise
            return assumed(if_unavailable, asked.units)

    def _reserve(
        self, asked: Consume, ttl: timedelta, timeout: float, if_unavailable: IfUnavailable
    ) -> Reservation:
        try:
            return reservation_of(self._ask(reserve_call(asked, ttl), timeout))
        except ServerUnavailable:
            if if_unavailable == "raise":
                raise
            return Reservation(assumed(if_unavailable, asked.units))
