"""Builds the frame of a bulk load that is plainly in order, column by column.

The same checks as in ``quick``, made once for all operations of a call: a text is looked at once
however often it occurs, a column of numbers by its least and its greatest. Where any value is not
plainly in order there is no frame, and every operation is prepared by itself. Both give the same
rows; a differential test holds them against each other.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import isnan
from operator import attrgetter, sub
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import astuple

from models.types import session_key
from store.auth.access import LabelDefaults, Principal
from store.dialects.insert_plans import is_null
from store.ids import instant_of, is_v7
from store.ingest.usage import MAX_UNITS
from store.operations import fast_path
from store.operations.bulk.frames import Frame, Values
from store.operations.columns import AT
from store.operations.drafts import OperationDraft
from store.pricing.token_counts import MAX_TOKENS, TOKEN_COLUMNS, input_with_cache, parts_fit
from store.validation import EARLIEST, FUTURE, InputBounds

OWN = (
    "kind", "name", "outcome", "id", "occurred_at", "duration_ms", "error", "operation_type",
    "stage", "correlation_id", "trace_id", "client", "session_id", "request_id", "cache_hit",
    "attributes", "labels", "api", "tool", "llm", "interaction", "interactions",
)  # fmt: skip
LABELS = (
    ("organization_id", fast_path.ORGANIZATION), ("namespace_id", fast_path.NAMESPACE),
    ("workspace_id", fast_path.WORKSPACE), ("api_key_id", fast_path.API_KEY), ("user_id", fast_path.USER),
    ("developer_id", fast_path.DEVELOPER), ("company_id", fast_path.COMPANY),
    ("subscription_id", fast_path.SUBSCRIPTION),
)  # fmt: skip
API = ("method", "ip_address", "resource_id", "route", "user_agent", "status_code", "batch_size")
TOOL = (
    "tool_name", "operation_mode", "file_path", "parameters", "tokens_original", "tokens_actual",
    "tokens_prevented",
)  # fmt: skip
LLM = (
    "provider", "model", "message", "response", "input_tokens_exclude_cache", *TOKEN_COLUMNS,
)  # fmt: skip
TOKENS = tuple(AT[name] for name in TOKEN_COLUMNS)
USE = ("type", "units", "counts_against_limits")
LABEL_NAMES = tuple(name for name, _ in LABELS)
take_int = attrgetter("int")
take_zone = attrgetter("tzinfo")
DIGITS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
"""Turns every digit into a zero and everything else into a space."""
LONG_NUMBER = b"0" * 19
"""So many digits may be more than 64 bits."""
encode = msgspec.json.Encoder().encode
split = msgspec.json.Decoder(list[msgspec.Raw]).decode


class NeedsFullValidationError(Exception):
    """Something must be looked at closely."""


class ColumnPreparer:
    def __init__(
        self, principal: Principal, bounds: InputBounds, now: datetime, make_id: Callable[[], UUID]
    ) -> None:
        self._defaults = LabelDefaults.of(principal)
        self._bounds = principal.bounds
        self._limits = bounds
        self._now = now
        self._make_id = make_id

    def frame(self, drafts: Sequence[OperationDraft]) -> Frame | None:
        """Return the frame, or None where the drafts must be prepared one by one."""
        common = dict(zip(OWN, attributes_of(drafts, OWN), strict=True))
        frame = Frame(len(drafts), {})
        try:
            self._common(common, frame)
            self._labels(common["labels"], frame)
            self._api(common, frame)
            self._tool(common, frame)
            self._llm(common, frame)
            self._interaction(common["interaction"], common["interactions"], frame)
            # The identity last: no id is drawn for drafts that are left to the close look.
            self._identity(common["id"], common["occurred_at"], frame)
        except NeedsFullValidationError:
            return None
        return frame

    def _common(self, common: Mapping[str, Values], frame: Frame) -> None:
        frame.columns[fast_path.RECORDED_AT] = (self._now,) * frame.count
        frame.columns[fast_path.KIND] = named(common["kind"])
        frame.columns[fast_path.OUTCOME] = named(common["outcome"])
        for name, position in (
            ("name", fast_path.NAME), ("operation_type", fast_path.OPERATION_TYPE),
            ("stage", fast_path.STAGE), ("correlation_id", fast_path.CORRELATION_ID),
            ("trace_id", fast_path.TRACE_ID), ("client", fast_path.CLIENT),
            ("session_id", fast_path.SESSION_ID),
        ):  # fmt: skip
            self._put_names(frame, position, common[name])
        self._put_texts(frame, fast_path.ERROR, common["error"])
        self._put_json(frame, fast_path.ATTRIBUTES, common["attributes"])
        sessions = frame.columns.get(fast_path.SESSION_ID)
        if sessions is not None:
            frame.columns[fast_path.SESSION_ID] = session_keys(sessions)
        frame.put(fast_path.REQUEST_ID, common["request_id"])
        frame.put(fast_path.CACHE_HIT, common["cache_hit"])
        durations = common["duration_ms"]
        if not is_null(durations):
            check_range(durations, 0, fast_path.MAX_DURATION_MS)
            if None in durations:
                durations = [None if value is None else float(value) for value in durations]
            else:
                durations = list(map(float, durations))
            if isnan(sum(filter(None, durations))):  # what is no number compares with nothing
                raise NeedsFullValidationError
            frame.columns[fast_path.DURATION_MS] = durations

    def _identity(self, ids: Values, times: Values, frame: Frame) -> None:
        if not (all(ids) and all(times)):
            times = [self._instant(i, at) for i, at in zip(ids, times, strict=True)]
        zones = set(map(take_zone, times))
        if None in zones:
            raise NeedsFullValidationError
        frame.columns[fast_path.OCCURRED_AT] = times if zones == {UTC} else in_utc(times)
        first, last = frame.span()
        if not (first >= EARLIEST and last <= self._now + FUTURE):
            raise NeedsFullValidationError
        sent_ids = [i for i in ids if i is not None] if None in ids else ids
        if len(set(map(take_int, sent_ids))) < len(sent_ids):
            raise NeedsFullValidationError  # a repeat within one call
        if len(sent_ids) < len(ids):
            ids = [self._make_id() if i is None else i for i in ids]
        frame.columns[fast_path.ID] = ids

    def _instant(self, id: UUID | None, at: datetime | None) -> datetime:
        if at is not None:
            return at
        if id is None:
            return self._now
        if not is_v7(id):
            raise NeedsFullValidationError
        return instant_of(id)

    def _labels(self, labels: Values, frame: Frame) -> None:
        label_defaults, bounds = self._defaults, self._bounds
        sent_labels = columns_of(labels, LABEL_NAMES)
        defaults = (
            label_defaults.organization_id,
            label_defaults.namespace_id,
            label_defaults.workspace_id,
            label_defaults.api_key_id,
        )
        for (_, position), values, default in zip(
            LABELS, sent_labels, (*defaults, None, None, None, None), strict=True
        ):
            if default is not None and not all(values):
                values = filled(values, default)  # noqa: PLW2901
            self._put_names(frame, position, values)
        organizations = frame.columns.get(fast_path.ORGANIZATION)
        if organizations is None or not all(organizations):
            raise NeedsFullValidationError
        for position, wanted in (
            (fast_path.ORGANIZATION, bounds.organization_id), (fast_path.NAMESPACE, bounds.namespace_id),
            (fast_path.WORKSPACE, bounds.workspace_id),
        ):  # fmt: skip
            if wanted is not None and set(frame.column(position)) != {wanted}:
                raise NeedsFullValidationError

    def _api(self, common: Mapping[str, Values], frame: Frame) -> None:
        if not any(common["api"]):
            return
        method, ip, resource, route, agent, status, size = columns_of(common["api"], API)
        self._put_names(frame, fast_path.METHOD, method)
        self._put_names(frame, fast_path.IP_ADDRESS, ip)
        self._put_names(frame, fast_path.RESOURCE_ID, resource)
        self._put_texts(frame, fast_path.ROUTE, route)
        self._put_texts(frame, fast_path.USER_AGENT, agent)
        check_range(status, fast_path.MIN_STATUS_CODE, fast_path.MAX_STATUS_CODE)
        check_range(size, 0, fast_path.MAX_BATCH_SIZE)
        frame.put(fast_path.STATUS_CODE, status)
        frame.put(fast_path.BATCH_SIZE, size)

    def _tool(self, common: Mapping[str, Values], frame: Frame) -> None:
        if not any(common["tool"]):
            return
        name, mode, path, parameters, before, after, tool_columns = columns_of(common["tool"], TOOL)
        if not is_null(tool_columns):
            raise NeedsFullValidationError
        self._put_names(frame, fast_path.TOOL_NAME, name)
        self._put_names(frame, fast_path.OPERATION_MODE, mode)
        self._put_texts(frame, fast_path.FILE_PATH, path)
        self._put_json(frame, fast_path.PARAMETERS, parameters)
        check_range(before, 0, MAX_TOKENS)
        check_range(after, 0, MAX_TOKENS)
        frame.put(fast_path.TOKENS_ORIGINAL, before)
        frame.put(fast_path.TOKENS_ACTUAL, after)
        if None in before or None in after:
            prevented: Values = [
                None if b is None or a is None else b - a
                for b, a in zip(before, after, strict=True)
            ]
        else:
            prevented = list(map(sub, before, after))
        frame.put(fast_path.TOKENS_PREVENTED, prevented)

    def _llm(self, common: Mapping[str, Values], frame: Frame) -> None:
        if not any(common["llm"]):
            return
        provider, model, message, response, excludes, *counts = columns_of(common["llm"], LLM)
        # Long texts are looked at closely: they are too long for anything else to matter.
        if not (is_null(message) and is_null(response)):
            raise NeedsFullValidationError
        self._put_names(frame, fast_path.PROVIDER, provider)
        self._put_names(frame, fast_path.MODEL, model)
        for values in counts:
            check_range(values, 0, MAX_TOKENS)
        if any(excludes):
            counts[0] = [
                input_with_cache(read, cached, written) if excluded else read
                for excluded, read, cached, written in zip(
                    excludes, counts[0], counts[2], counts[3], strict=True
                )
            ]
            check_range(counts[0], 0, MAX_TOKENS)
        if not (all(map(is_null, counts[2:])) or all(map(parts_fit, zip(*counts, strict=True)))):
            raise NeedsFullValidationError
        for position, values in zip(TOKENS, counts, strict=True):
            frame.put(position, values)

    def _interaction(self, uses: Values, further: Values, frame: Frame) -> None:
        if any(further):
            raise NeedsFullValidationError
        if any(uses):
            types, units, count = columns_of(uses, USE)
            self._put_names(frame, fast_path.INTERACTION_TYPE, types)
            check_range(units, 1, MAX_UNITS)
            frame.put(fast_path.UNITS, units)
            frame.columns[fast_path.COUNTS_AGAINST_LIMITS] = count

    def _put_names(self, frame: Frame, position: int, values: Values) -> None:
        distinct = set(values)
        distinct.discard(None)
        if distinct:
            if "" in distinct:
                raise NeedsFullValidationError
            check_texts(distinct, self._limits.label_length)
            frame.columns[position] = values

    def _put_texts(self, frame: Frame, position: int, values: Values) -> None:
        distinct = set(values)
        distinct.discard(None)
        if distinct:
            check_texts(distinct, self._limits.text_length)
            frame.columns[position] = values

    def _put_json(self, frame: Frame, position: int, values: Values) -> None:
        if is_null(values):
            return
        objects = [value for value in values if value is not None] if None in values else values
        if set(map(type, objects)) != {dict}:
            raise NeedsFullValidationError
        encoded, texts = texts_of(objects)
        limits = self._limits
        if 2 * max(map(len, texts)) > limits.json_bytes:
            raise NeedsFullValidationError
        if deepest(encoded, texts) > limits.json_depth:
            raise NeedsFullValidationError
        frame.columns[position] = texts if objects is values else spread(texts, values)


def texts_of(objects: Values) -> tuple[bytes, list[str]]:
    """Encode JSON objects; raise ``NeedsFullValidationError`` unless every database takes them
    as they are."""
    try:
        encoded = encode(objects)
    except UnicodeEncodeError:
        raise NeedsFullValidationError from None
    # A NUL, what was no finite number, or a number near the end of what is taken.
    is_odd = b"\\u0000" in encoded or b"null" in encoded or LONG_NUMBER in encoded.translate(DIGITS)
    if is_odd and not all(all(map(is_fast_path_member, (*v, *v.values()))) for v in objects):
        raise NeedsFullValidationError
    return encoded, [str(text, "utf-8") for text in split(encoded)]


def deepest(encoded: bytes, texts: Sequence[str]) -> int:
    if encoded.count(b"{") + encoded.count(b"[") == len(texts) + 1:
        return 1  # the brackets of the list and of the objects themselves
    return max(text.count("{") + text.count("[") for text in texts)


def spread(texts: Values, values: Values) -> list[Any]:
    """Return the texts in the places of the values, and nulls where there is none."""
    rest = iter(texts)
    return [None if value is None else next(rest) for value in values]


def is_fast_path_member(member: Any) -> bool:
    return "\0" not in member if type(member) is str else fast_path.is_fast_path_member(member)


def in_utc(times: Values) -> list[datetime]:
    """Convert instants to UTC; raise ``NeedsFullValidationError`` where one is out of range."""
    try:
        return [at.astimezone(UTC) for at in times]
    except OverflowError:
        raise NeedsFullValidationError from None


def filled(values: Values, default: str) -> Values:
    """Replace nulls by ``default``."""
    if is_null(values):
        return (default,) * len(values)
    return [default if value is None else value for value in values]


def session_keys(ids: Values) -> Values:
    changed = {id: key for id in set(ids) if id is not None and (key := session_key(id)) != id}
    return [changed.get(id, id) for id in ids] if changed else ids


def named(members: Values) -> Values:
    first = members[0]
    if members.count(first) == len(members):
        return (first.value,) * len(members)
    return [member.value for member in members]


def columns_of(parts: Values, names: tuple[str, ...]) -> list[Values]:
    if all(parts):
        return attributes_of(parts, names)
    present = [part for part in parts if part is not None]
    if not present:
        return [parts] * len(names)
    return [spread(values, parts) for values in attributes_of(present, names)]


def attributes_of(objects: Sequence[Any], names: tuple[str, ...]) -> list[Values]:
    kinds = set(map(type, objects))
    kind = kinds.pop()
    if kinds or not issubclass(kind, msgspec.Struct):
        return list(zip(*map(attrgetter(*names), objects), strict=True))
    columns = zip(*map(astuple, objects), strict=True)
    columns_by_name = dict(zip(kind.__struct_fields__, columns, strict=True))
    return [columns_by_name[name] for name in names]


def check_texts(texts: set[str], longest: int) -> None:
    if max(map(len, texts)) > longest or not "".join(texts).isprintable():
        raise NeedsFullValidationError


def check_range(values: Values, least: float, greatest: float) -> None:
    numbers = [value for value in values if value is not None] if None in values else values
    if not numbers:
        return
    if not (least <= min(numbers) and max(numbers) <= greatest):
        raise NeedsFullValidationError
