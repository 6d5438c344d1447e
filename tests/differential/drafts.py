"""Drafts of operations at and beyond every bound, as hypothesis makes them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st

from models.enums import OperationKind, Outcome
from models.operation_fields import MAX_DURATION_MS, MAX_TOKENS
from schema.labels import LabelsInput
from schema.operation_inputs import (
    ApiCallInput,
    InteractionUseInput,
    LlmCallInput,
    OperationInput,
    ToolUseInput,
)
from store.pricing.token_counts import TOKEN_COLUMNS
from store.validation import EARLIEST, FUTURE, LONG_MAX, LONG_MIN, InputBounds
from tests.differential.pair import NOW, NOW_MS, own_id

T = TypeVar("T")

BOUNDS = InputBounds(
    label_length=40, text_length=45, long_text_length=50, json_bytes=300, json_depth=3
)
"""Small, so that values of a few characters lie on both sides of each."""

ODD_CHARACTERS = (
    "\x00\x01\t\n\x7f\x85\xa0\xad\u061c\u200b\u2028\u202e\ud800\udfff\ue000\ufeff\ufffd\uffff"
)
CHARACTERS = st.sampled_from(
    'aZ9 _-/"\\\u00e9\u0301\u00df\u3042\U0001f600\U0010ffff'
) | st.sampled_from(ODD_CHARACTERS)
PLAIN = st.sampled_from(["a", "name", "\u00e9\u3042\U0001f600", "a b/c"])


def text_around(limit: int) -> st.SearchStrategy[str]:
    """Text that is ordinary, empty, odd, or as long as may be, give or take one character."""
    lengths = st.sampled_from([0, 1, limit - 1, limit, limit + 1])
    long = st.builds(lambda c, n: c * n, CHARACTERS, lengths)
    return PLAIN | long | st.text(CHARACTERS, max_size=limit + 1)


NAMES, TEXTS = text_around(BOUNDS.label_length), text_around(BOUNDS.text_length)
WHOLE = st.sampled_from(
    [-1, 0, 1, 99, 100, 599, 600, 10**9, 10**9 + 1, MAX_TOKENS, MAX_TOKENS + 1, LONG_MAX, LONG_MIN]
) | st.integers(-5, 700)
NUMBERS = (
    st.sampled_from([0, -0.0, 1, MAX_DURATION_MS, MAX_DURATION_MS + 1, -1e-300, 10**400, True])
    | st.floats()
    | st.floats(0, 1e9)
)
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda n: timezone(timedelta(minutes=n)))
EDGES = [
    EARLIEST,
    NOW + FUTURE,
    NOW,
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
]
STEPS = st.sampled_from([timedelta(), timedelta(microseconds=1), timedelta(microseconds=-1)])


def moved(instant: datetime, step: timedelta) -> datetime:
    """An instant and what lies next to it, within the years that there are."""
    try:
        return instant + step
    except OverflowError:
        return instant


INSTANTS: st.SearchStrategy[datetime] = st.builds(
    moved, st.sampled_from(EDGES), STEPS
) | st.datetimes(timezones=OFFSETS | st.just(UTC))
OTHER_ZONES = st.builds(lambda at, zone: at.replace(tzinfo=zone), INSTANTS, st.none() | OFFSETS)


def id_of(milliseconds: int, version: int, variant: int) -> UUID:
    """An id of this time and kind."""
    return UUID(int=milliseconds << 80 | version << 76 | variant << 62 | 7)


MILLISECONDS = st.sampled_from(
    [
        0,
        NOW_MS,
        NOW_MS + 24 * 3_600_000,
        NOW_MS + 24 * 3_600_000 + 1,
        946_684_799_999,
        946_684_800_000,
        253_402_300_799_999,
        253_402_300_800_000,
        2**48 - 1,
    ]
)
IDS = st.builds(id_of, MILLISECONDS, st.integers(0, 15), st.integers(0, 3)) | st.uuids()
SOME_IDS = st.none() | st.just(own_id(1, 9)) | IDS

LEAVES = (
    st.none()
    | st.booleans()
    | st.text(CHARACTERS, max_size=6)
    | st.sampled_from([0, -1, 2**53, LONG_MAX, LONG_MAX + 1, LONG_MIN, LONG_MIN - 1, 10**40])
    | st.floats()
    | st.sampled_from([1e300, 1e301, -1e300, 5e-324, -0.0, 1.0])
)
JSON_VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(CHARACTERS, max_size=3), inner)
    ),
    max_leaves=6,
)
SIZES = st.integers(0, 60) | st.integers(270, 310)
JSONS = (
    st.none()
    | st.dictionaries(PLAIN, LEAVES, max_size=4)
    | st.builds(lambda c, n: {"a": c * n}, CHARACTERS, SIZES)
    | st.builds(lambda n: {f"k{k}": k for k in range(n)}, st.integers(0, 45))
    | JSON_VALUES
)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value, or none."""
    return st.none() | strategy


def changed(base: T, fields: dict[str, st.SearchStrategy[Any]], most: int) -> st.SearchStrategy[T]:
    """``base`` with some of its fields drawn again, at most so many."""
    names = st.lists(st.sampled_from(sorted(fields)), unique=True, max_size=most)
    drawn = names.flatmap(lambda chosen: st.fixed_dictionaries({n: fields[n] for n in chosen}))
    return drawn.map(lambda values: replace(base, **values))  # type: ignore[type-var]


LABELS = changed(
    LabelsInput(),
    {
        "organization_id": st.sampled_from(["own", "other"]) | NAMES,
        "namespace_id": st.sampled_from(["own", "other"]) | NAMES,
        "workspace_id": st.sampled_from(["own", "other"]) | NAMES,
        **dict.fromkeys(("user_id", "developer_id", "api_key_id"), NAMES),
        **dict.fromkeys(("company_id", "subscription_id"), NAMES),
    },
    most=8,
)
API = changed(
    ApiCallInput(),
    {
        **dict.fromkeys(("method", "ip_address", "resource_id"), NAMES),
        **dict.fromkeys(("route", "user_agent"), TEXTS),
        **dict.fromkeys(("status_code", "batch_size"), WHOLE),
    },
    most=3,
)
TOOL = changed(
    ToolUseInput(),
    {
        **dict.fromkeys(("tool_name", "operation_mode"), NAMES),
        "file_path": TEXTS,
        "parameters": JSONS,
        **dict.fromkeys(("tokens_original", "tokens_actual", "tokens_prevented"), WHOLE),
    },
    most=4,
)
LLM = changed(
    LlmCallInput(),
    {
        **dict.fromkeys(("provider", "model"), NAMES),
        **dict.fromkeys(TOKEN_COLUMNS, WHOLE),
        "input_tokens_exclude_cache": st.booleans(),
        **dict.fromkeys(("message", "response"), some(text_around(BOUNDS.long_text_length))),
    },
    most=4,
)
COUNTED = InteractionUseInput(type="mini")
USES = st.builds(
    InteractionUseInput, type=PLAIN | NAMES, units=WHOLE, counts_against_limits=st.booleans()
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(OperationKind),
    "outcome": st.sampled_from(Outcome),
    "id": SOME_IDS,
    "occurred_at": st.none() | INSTANTS | OTHER_ZONES,
    **dict.fromkeys(("name", "operation_type", "stage", "correlation_id"), NAMES),
    **dict.fromkeys(("trace_id", "client"), NAMES),
    "error": TEXTS,
    "duration_ms": NUMBERS,
    "cache_hit": some(st.booleans()),
    "session_id": NAMES | some(IDS.map(str)) | some(IDS.map(lambda id: str(id).upper())),
    "request_id": some(IDS),
    "labels": some(LABELS),
    "api": some(API),
    "tool": some(TOOL),
    "llm": some(LLM),
    "interaction": some(USES),
    "interactions": some(st.lists(USES, max_size=3)) | st.just([COUNTED] * 17),
    "attributes": JSONS,
}
"""For every field of an operation, the values it may be tried with."""


def drafts(base: OperationInput) -> st.SearchStrategy[OperationInput]:
    """``base`` with up to four odd fields."""
    return changed(base, FIELDS, most=4)
