"""Any record by its type and key, within a principal's bounds; neighbours are loaded together."""

from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any
from uuid import UUID

from models.enums import AccessScope
from models.types import from_microseconds, session_key
from store.auth.access import Principal
from store.database import Row
from store.errors import InvalidInputError
from store.loaders import Loaders
from store.validation import LONG_MAX

Parts = tuple[Any, ...]
Find = Callable[[Loaders, Parts], Coroutine[Any, Any, Row | None]]


def parse_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def parse_integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LONG_MAX:
        raise TypeError("whole number expected")
    return value


async def _operation(loaders: Loaders, parts: Parts) -> Row | None:
    organization, moment, id = parts
    return await loaders.operation.load(
        (parse_text(organization), from_microseconds(parse_integer(moment)), UUID(hex=id))
    )


async def _request(loaders: Loaders, parts: Parts) -> Row | None:
    organization, id = parts
    return await loaders.request.load((parse_text(organization), UUID(hex=id)))


async def _session(loaders: Loaders, parts: Parts) -> Row | None:
    organization, id = parts
    return await loaders.session.load((parse_text(organization), session_key(parse_text(id))))


async def _stage(loaders: Loaders, parts: Parts) -> Row | None:
    organization, request_id, name = parse_text(parts[0]), UUID(hex=parts[1]), parse_text(parts[2])
    if await loaders.request.load((organization, request_id)) is None:
        return None
    return await loaders.stage.load((organization, request_id, name))


async def _event(loaders: Loaders, parts: Parts) -> Row | None:
    organization, request_id, seq = (
        parse_text(parts[0]),
        UUID(hex=parts[1]),
        parse_integer(parts[2]),
    )
    if await loaders.request.load((organization, request_id)) is None:
        return None
    return await loaders.event_by_seq.load((organization, request_id, seq))


async def _limit(loaders: Loaders, parts: Parts) -> Row | None:
    organization, id = parts
    return await loaders.limit.load((parse_text(organization), UUID(hex=id)))


async def _interaction(loaders: Loaders, parts: Parts) -> Row | None:
    organization, month, key = parts
    return await loaders.interaction.load(
        (parse_text(organization), date.fromisoformat(month), UUID(hex=key))
    )


async def _breaker(loaders: Loaders, parts: Parts) -> Row | None:
    organization, name = parts
    return await loaders.breaker.load((parse_text(organization), parse_text(name)))


async def _api_key(loaders: Loaders, parts: Parts) -> Row | None:
    organization, id = parts
    return await loaders.api_key.load((parse_text(organization), UUID(hex=id)))


FIND: dict[str, Find] = {
    "Operation": _operation,
    "Request": _request,
    "Session": _session,
    "Stage": _stage,
    "Event": _event,
    "Limit": _limit,
    "Interaction": _interaction,
    "CircuitBreaker": _breaker,
    "ApiKey": _api_key,
}


async def load_node(loaders: Loaders, principal: Principal, type: str, key: Parts) -> Row | None:
    """Return the record, or None where there is none within the principal's bounds."""
    if type == "ApiKey" and not principal.may(AccessScope.ADMIN):
        return None
    try:
        return await FIND[type](loaders, key)
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise InvalidInputError(
            "Invalid global id. Pass the id of a record unchanged.", ("id",)
        ) from error
