"""Limit calls of trackers: ``consume``, ``reserve``, ``commit`` and ``release``."""

import asyncio
from abc import abstractmethod
from datetime import timedelta
from typing import Any, TypedDict, Unpack, get_args
from uuid import UUID

from trackstore.call_repair import suggestion
from trackstore.calls import Json
from trackstore.entries import Consume
from trackstore.errors import InvalidItemError, ServerUnavailableError
from trackstore.ids import new_id
from trackstore.labels import LABELS, LabelDefaults
from trackstore.limit_calls import (
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
from trackstore.normalization import normalize
from trackstore.results import Consumption, Reservation
from trackstore.values import Problems, describe_value, number, read_uuid, spelling

DEFAULT_RESERVATION_TTL = timedelta(minutes=10)
ANSWER_TIMEOUT_SECONDS = 5.0
"""Total time of a limit call, including retries."""


class ConsumeArguments(TypedDict, total=False):
    """Labels of a use, and alternative names.

    A label that is passed must not be None: without the id, the limits of that level would not be
    checked. Only the organization may be None, which means that of the API key.
    """

    organization_id: str | None
    namespace_id: str
    workspace_id: str
    user_id: str
    developer_id: str
    api_key_id: str
    company_id: str
    subscription_id: str
    operation: str | None
    batch_size: int


def unavailable_policy(value: Any) -> IfUnavailable:
    word = spelling(value).lower()
    for known in get_args(IfUnavailable):
        if word == known:
            answer: IfUnavailable = known
            return answer
    raise InvalidItemError(
        f"if_unavailable: {describe_value(value)} is not one of raise, allow, deny."
    )


def reservation_id(reservation: Any) -> UUID:
    """Return the id of a reservation, also from the answer of ``reserve``.

    Raises ``InvalidItemError`` if nothing was set aside, and for an invalid id.
    """
    if not isinstance(reservation, Reservation):
        id = read_uuid(reservation)
        if id is None:
            problem = f"{describe_value(reservation)} is not the id of units that were set aside."
            raise InvalidItemError(
                f"reservation: {problem} Pass the answer of reserve(), or its id."
            )
        return id
    if reservation.id is not None:
        return reservation.id
    if reservation.allowed:
        raise InvalidItemError(
            "reservation: the server was unavailable, so nothing was set aside. Count the units "
            "that were used with consume()."
        )
    raise InvalidItemError("reservation: it was denied, so there is nothing to commit or release.")


def duration_of(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    problems: Problems = []
    seconds = number(1, 86_400)(value, problems)
    if seconds is None:
        raise InvalidItemError(f"ttl: {problems[0][1]} Pass a timedelta or seconds.")
    return timedelta(seconds=seconds)


class Limits(LabelDefaults):
    """Limits without a server: everything is allowed and reported as unknown."""

    def consume(
        self,
        interaction_type: str,
        units: int = 1,
        *,
        operation_type: str | None = None,
        id: UUID | None = None,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
        if_unavailable: IfUnavailable = "raise",
        **labels: Unpack[ConsumeArguments],
    ) -> Consumption:
        """Use units if every applicable limit allows it, all or nothing, and count them.

        Waits up to ``timeout`` seconds for the answer, retrying meanwhile; with the same ``id``
        (default: a new one) a repeat counts once. ``if_unavailable`` decides if the server is
        unavailable: ``raise`` (``ServerUnavailableError``), ``allow`` or ``deny``. ``operation``
        and ``batch_size`` are alternative names of ``operation_type`` and ``units``.

        Raises ``InvalidItemError`` for invalid arguments and for a label that is None: leaving it
        out would check other limits. Raises ``ServerRefusedError`` for an error of the server.
        """
        consume = self._build_consume(interaction_type, units, operation_type, id, labels)
        return self._consume(consume, timeout, unavailable_policy(if_unavailable))

    def reserve(
        self,
        interaction_type: str,
        units: int = 1,
        *,
        ttl: timedelta = DEFAULT_RESERVATION_TTL,
        operation_type: str | None = None,
        id: UUID | None = None,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
        if_unavailable: IfUnavailable = "raise",
        **labels: Unpack[ConsumeArguments],
    ) -> Reservation:
        """Set units aside for ``ttl`` (1 second to 1 day), for work whose usage is known at its end.

        ``commit`` or ``release`` ends it. ``ttl`` is a ``timedelta`` or seconds. Otherwise like
        ``consume``.
        """
        consume = self._build_consume(interaction_type, units, operation_type, id, labels)
        return self._reserve(consume, duration_of(ttl), timeout, unavailable_policy(if_unavailable))

    def _build_consume(
        self, interaction_type: Any, units: Any, operation_type: Any, id: Any, passed: Any
    ) -> Consume:
        labels = dict(passed)
        if "batch_size" in labels:
            units = labels.pop("batch_size")
        if "operation" in labels:
            operation_type = labels.pop("operation")
        unknown = [name for name in labels if name not in LABELS]
        if unknown:
            raise InvalidItemError(f"consume: {unknown[0]}: {suggestion(unknown[0], LABELS)}")
        for name, value in labels.items():
            if value is None and name != "organization_id":
                raise InvalidItemError(
                    f"consume: {name}: None is not an id, and limits by {name} would not be checked. "
                    f"Pass the id, or leave {name} out."
                )
        consume = Consume(
            interaction_type=interaction_type,
            units=units,
            operation_type=operation_type,
            id=new_id() if id is None else id,
            labels=self.labels_with(labels),
        )
        normalized, problems = normalize(consume, in_place=True)
        if problems:
            summary = "; ".join(f"{path}: {problem}" for path, problem in problems)
            raise InvalidItemError(f"consume: {summary}")
        assert isinstance(normalized, Consume)
        return normalized

    def commit(
        self, id: UUID | str | Reservation, units: int, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        """Use the units of a reservation that were needed, and give the rest back. Idempotent.

        ``id`` is the answer of ``reserve``, or its id. Raises ``InvalidItemError`` if nothing was
        set aside, ``ServerUnavailableError`` or ``ServerRefusedError``.
        """
        del timeout
        reservation_id(id)
        return assumed("allow", units)

    def release(
        self, id: UUID | str | Reservation, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        """Give all units of a reservation back. Otherwise like ``commit``."""
        del timeout
        reservation_id(id)
        return assumed("allow", 0)

    async def aconsume(
        self,
        interaction_type: str,
        units: int = 1,
        *,
        operation_type: str | None = None,
        id: UUID | None = None,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
        if_unavailable: IfUnavailable = "raise",
        **labels: Unpack[ConsumeArguments],
    ) -> Consumption:
        """Run ``consume`` without blocking the event loop."""
        return await asyncio.to_thread(
            self.consume,
            interaction_type,
            units,
            operation_type=operation_type,
            id=new_id() if id is None else id,
            timeout=timeout,
            if_unavailable=if_unavailable,
            **labels,
        )

    async def areserve(
        self,
        interaction_type: str,
        units: int = 1,
        *,
        ttl: timedelta = DEFAULT_RESERVATION_TTL,
        operation_type: str | None = None,
        id: UUID | None = None,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
        if_unavailable: IfUnavailable = "raise",
        **labels: Unpack[ConsumeArguments],
    ) -> Reservation:
        """Run ``reserve`` without blocking the event loop."""
        return await asyncio.to_thread(
            self.reserve,
            interaction_type,
            units,
            ttl=ttl,
            operation_type=operation_type,
            id=new_id() if id is None else id,
            timeout=timeout,
            if_unavailable=if_unavailable,
            **labels,
        )

    async def acommit(
        self, id: UUID | str | Reservation, units: int, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        """Run ``commit`` without blocking the event loop."""
        return await asyncio.to_thread(self.commit, id, units, timeout=timeout)

    async def arelease(
        self, id: UUID | str | Reservation, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        """Run ``release`` without blocking the event loop."""
        return await asyncio.to_thread(self.release, id, timeout=timeout)

    def _consume(
        self, consume: Consume, timeout: float, if_unavailable: IfUnavailable
    ) -> Consumption:
        del timeout, if_unavailable
        return assumed("allow", consume.units)

    def _reserve(
        self, consume: Consume, ttl: timedelta, timeout: float, if_unavailable: IfUnavailable
    ) -> Reservation:
        del ttl, timeout, if_unavailable
        return Reservation(assumed("allow", consume.units), consume.id)


class RemoteLimits(Limits):
    @abstractmethod
    def _call_server(self, call: Call, timeout: float) -> Json: ...

    def commit(
        self, id: UUID | str | Reservation, units: int, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        return consumption_of(self._call_server(commit_call(reservation_id(id), units), timeout))

    def release(
        self, id: UUID | str | Reservation, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        return consumption_of(self._call_server(release_call(reservation_id(id)), timeout))

    def _consume(
        self, consume: Consume, timeout: float, if_unavailable: IfUnavailable
    ) -> Consumption:
        try:
            return consumption_of(self._call_server(consume_call(consume), timeout))
        except ServerUnavailableError:
            if if_unavailable == "raise":
                raise
            return assumed(if_unavailable, consume.units)

    def _reserve(
        self, consume: Consume, ttl: timedelta, timeout: float, if_unavailable: IfUnavailable
    ) -> Reservation:
        try:
            return reservation_of(self._call_server(reserve_call(consume, ttl), timeout))
        except ServerUnavailableError:
            if if_unavailable == "raise":
                raise
            return Reservation(assumed(if_unavailable, consume.units))
