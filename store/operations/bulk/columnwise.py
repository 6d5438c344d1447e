"""Builds the frame of a bulk load that is plainly in order, column by column.

The same checks as in ``quick``, made once for all operations of a call: a text is looked at once
however often it occurs, a column of numbers by its least and its greatest. Where any value is not
plainly in order there is no frame, and every operation is prepared by itself. Both give the same
rows; a differential test holds them against each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from math import isnan
from operator import attrgetter, sub
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import astuple

from models.field_declarations import Part
from models.operation_fields import MAX_TOKENS, MAX_UNITS
from models.types import session_key
from store.auth.access import LabelDefaults, Principal
from store.dialects.insert_plans import is_null
from store.ids import instant_of, is_v7
from store.operations import fast_path
from store.operations.bulk.frames import Frame, Values
from store.operations.columns import AT
from store.operations.drafts import OperationDraft
from store.operations.field_groups import GROUPS, PartGroups
from store.pricing.token_counts import TOKEN_COLUMNS, input_with_cache, parts_fit
from store.validation import EARLIEST, FUTURE, InputBounds

COMMON, LABELS, API = GROUPS[Part.COMMON], GROUPS[Part.LABELS], GROUPS[Part.API]
TOOL, LLM, INTERACTION = GROUPS[Part.TOOL], GROUPS[Part.LLM], GROUPS[Part.INTERACTION]
TOKENS = tuple(AT[name] for name in TOKEN_COLUMNS)
DEFAULT_LABELS = tuple(field.name for field in fields(LabelDefaults))
take_int = attrgetter("int")
take_zone = attrgetter("tzinfo")
take_value = attrgetter("value")
DIGITS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
"""Turns every digit into a zero and everything else into a space."""
LONG_NUMBER = b"0" * 19
"""So many digits may be more than 64 bits."""
encode = msgspec.json.Encoder().encode


class NeedsFullValidationError(Exception):
    """Something must be looked at closely."""


class ColumnPreparer:
    def __init__(
        self, principal: Principal, bounds: InputBounds, now: datetime, make_id: Callable[[], UUID]
    ) -> None:
        defaults = LabelDefaults.of(principal)
        self._defaults: Mapping[str, str | None] = {
            name: getattr(defaults, name) for name in DEFAULT_LABELS
        }
        self._bounds = principal.bounds
        self._limits = bounds
        self._now = now
        self._make_id = make_id

    def frame(self, drafts: Sequence[OperationDraft]) -> Frame | None:
        """Return the frame, or None where the drafts must be prepared one by one."""
        names = COMMON.draft_names
        common = dict(zip(names, attributes_of(drafts, names), strict=True))
        frame = Frame(len(drafts), {})
        try:
            self._common(common, frame)
            self._labels(common["labels"], frame)
            if any(common["api"]):
                self._put(API, columns_of(common["api"], API), frame)
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
        frame.columns[fast_path.KIND] = list(map(take_value, common["kind"]))
        frame.columns[fast_path.OUTCOME] = list(map(take_value, common["outcome"]))
        self._put(COMMON, common, frame)
        sessions = frame.columns.get(fast_path.SESSION_ID)
        if sessions is not None:
            frame.columns[fast_path.SESSION_ID] = session_keys(sessions)

    def _put(self, groups: PartGroups, columns: Mapping[str, Values], frame: Frame) -> None:
        """Put the columns of a part into the frame, but for those checked by hand."""
        for name, position in groups.names:
            self._put_names(frame, position, columns[name])
        for name, position in groups.texts:
            self._put_texts(frame, position, columns[name])
        for name, position in groups.objects:
            self._put_json(frame, position, columns[name])
        for name, position in groups.plain:
            frame.put(position, columns[name])
        for name, position, low, high in groups.integers:
            check_range(columns[name], low, high)
            frame.put(position, columns[name])
        for name, position, low, high in groups.durations:
            values = columns[name]
            if not is_null(values):
                check_range(values, low, high)
                frame.columns[position] = floats(values)

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
        defaults, bounds = self._defaults, self._bounds
        sent_labels = columns_of(labels, LABELS)
        for name, position in LABELS.names:
            values = sent_labels[name]
            default = defaults.get(name)
            if default is not None and not all(values):
                values = filled(values, default)
            self._put_names(frame, position, values)
        organizations = frame.columns.get(fast_path.ORGANIZATION)
        if organizations is None or not all(organizations):
            raise NeedsFullValidationError
        for position, bound_value in (
            (fast_path.ORGANIZATION, bounds.organization_id), (fast_path.NAMESPACE, bounds.namespace_id),
            (fast_path.WORKSPACE, bounds.workspace_id),
        ):  # fmt: skip
            if bound_value is not None and set(frame.column(position)) != {bound_value}:
                raise NeedsFullValidationError

    def _tool(self, common: Mapping[str, Values], frame: Frame) -> None:
        if not any(common["tool"]):
            return
        columns = columns_of(common["tool"], TOOL)
        if not is_null(columns["tokens_prevented"]):
            raise NeedsFullValidationError
        self._put(TOOL, columns, frame)
        before, after = columns["tokens_original"], columns["tokens_actual"]
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
        columns = columns_of(common["llm"], LLM)
        # Long texts are looked at closely: they are too long for anything else to matter.
        if not (is_null(columns["message"]) and is_null(columns["response"])):
            raise NeedsFullValidationError
        self._put(LLM, columns, frame)
        counts = [columns[name] for name in TOKEN_COLUMNS]
        excludes = columns["input_tokens_exclude_cache"]
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
            columns = columns_of(uses, INTERACTION)
            self._put_names(frame, fast_path.INTERACTION_TYPE, columns["type"])
            check_range(columns["units"], 1, MAX_UNITS)
            frame.put(fast_path.UNITS, columns["units"])
            frame.columns[fast_path.COUNTS_AGAINST_LIMITS] = columns["counts_against_limits"]

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
        texts = texts_of(objects)
        limits = self._limits
        if 2 * max(map(len, texts)) > limits.json_bytes:
            raise NeedsFullValidationError
        if max(text.count("{") + text.count("[") for text in texts) > limits.json_depth:
            raise NeedsFullValidationError
        frame.columns[position] = texts if objects is values else spread(texts, values)


def texts_of(objects: Values) -> list[str]:
    """Encode JSON objects; raise ``NeedsFullValidationError`` unless every database takes them
    as they are."""
    try:
        texts = list(map(encode, objects))
    except UnicodeEncodeError:
        raise NeedsFullValidationError from None
    # A NUL, what was no finite number, or a number near the end of what is taken.
    encoded = b",".join(texts)
    is_odd = b"\\u0000" in encoded or b"null" in encoded or LONG_NUMBER in encoded.translate(DIGITS)
    if is_odd and not all(all(map(is_fast_path_member, (*v, *v.values()))) for v in objects):
        raise NeedsFullValidationError
    return [text.decode() for text in texts]


def spread(texts: Values, values: Values) -> list[Any]:
    """Return the texts in the places of the values, and nulls where there is none."""
    remaining_texts = iter(texts)
    return [None if value is None else next(remaining_texts) for value in values]


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


def columns_of(parts: Values, groups: PartGroups) -> Mapping[str, Values]:
    names = groups.draft_names
    if all(parts):
        return dict(zip(names, attributes_of(parts, names), strict=True))
    present = [value for value in parts if value is not None]
    if not present:
        return dict.fromkeys(names, parts)
    columns = attributes_of(present, names)
    return {name: spread(values, parts) for name, values in zip(names, columns, strict=True)}


def floats(numbers: Values) -> Values:
    if None in numbers:
        converted = [None if value is None else float(value) for value in numbers]
    else:
        converted = list(map(float, numbers))
    if isnan(sum(filter(None, converted))):  # what is no number compares with nothing
        raise NeedsFullValidationError
    return converted


def attributes_of(objects: Sequence[Any], names: tuple[str, ...]) -> list[Values]:
    kinds = set(map(type, objects))
    kind = kinds.pop()
    if kinds or not issubclass(kind, msgspec.Struct):
        return list(zip(*map(attrgetter(*names), objects), strict=True))
    columns = zip(*map(astuple, objects), strict=True)
    columns_by_name = dict(zip(kind.__struct_fields__, columns, strict=True))
    return [columns_by_name[name] for name in names]


def check_texts(texts: set[str], longest: int) -> None:
    if max(map(len, texts)) > longest or not all(map(str.isprintable, texts)):
        raise NeedsFullValidationError


def check_range(values: Values, least: float, greatest: float) -> None:
    numbers = [value for value in values if value is not None] if None in values else values
    if not numbers:
        return
    if not (least <= min(numbers) and max(numbers) <= greatest):
        raise NeedsFullValidationError
