"""The frame of a bulk load, held against every operation examined by itself."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry import ID

from models.enums import OperationKind, Outcome
from schema.labels import LabelsInput
from schema.operation_inputs import InteractionUseInput, OperationInput, ToolUseInput
from server.fast_path.codecs import Codecs
from server.graphql.schema import build_schema
from store.auth.access import Principal
from store.errors import InvalidInputError
from store.operations.bulk.columnwise import ColumnPreparer
from store.operations.bulk.frames import Frame
from store.operations.prepare import OperationPreparer
from store.validation import InputBounds
from tests.differential.drafts import BOUNDS, drafts
from tests.differential.pair import NOW, own_id
from tests.differential.test_quick_rows import FULL, PRINCIPALS

NUMBERED = st.integers(0, 10**6)


def hold_against(given: list[Any], principal: Principal, bounds: InputBounds = BOUNDS) -> bool:
    """Hold the frame against the examined rows; whether there is a frame."""
    drawn, examined_ids = itertools.count(1), itertools.count(1)
    frame = ColumnPreparer(principal, bounds, NOW, lambda: own_id(next(drawn))).frame(given)
    without_id = sum(draft.id is None for draft in given)
    assert next(drawn) - 1 == (without_id if frame is not None else 0)
    if frame is None:
        return False
    preparer = OperationPreparer(principal, bounds, NOW, lambda: own_id(next(examined_ids)))
    try:
        entries = [preparer.validate(draft) for draft in given]
    except InvalidInputError as error:
        raise AssertionError(f"refused, but for the look at columns: {error}") from None
    assert [(e.message, e.response, e.repaired) for e in entries] == [(None, None, 0)] * len(given)
    wanted = [entry.row for entry in entries]
    assert repr(frame.rows()) == repr(wanted)
    for got, row in zip(frame.rows(), wanted, strict=True):
        assert [type(value) for value in got] == [type(value) for value in row]
    assert repr(Frame.of_rows(wanted).rows()) == repr(wanted)
    ids = [draft.id for draft in given if draft.id is not None]
    assert len(set(ids)) == len(ids)
    return True


@settings(max_examples=600)
@given(data=st.data(), principal=st.sampled_from(list(PRINCIPALS.values())))
def test_one_odd_operation_among_plain_ones(data: st.DataObject, principal: Principal) -> None:
    plain = data.draw(st.lists(st.sampled_from(list(FULL.values())), max_size=4))
    numbered = [replace(d, id=own_id(n + 1, 9), occurred_at=NOW) for n, d in enumerate(plain)]
    odd = data.draw(drafts(FULL[data.draw(st.sampled_from(list(FULL)))]))
    at = data.draw(st.integers(0, len(numbered)))
    hold_against([*numbered[:at], odd, *numbered[at:]], principal)


@given(
    names=st.lists(st.sampled_from(list(FULL)), min_size=1, max_size=20),
    labels=st.lists(st.sampled_from(["own", None]), min_size=20, max_size=20),
    errors=st.lists(st.sampled_from(["", "it failed", None]), min_size=20, max_size=20),
    caches=st.lists(st.sampled_from([True, False, None]), min_size=20, max_size=20),
)
def test_every_mixture_of_kinds_has_a_frame(
    names: list[str], labels: list[Any], errors: list[Any], caches: list[Any]
) -> None:
    given = [
        replace(
            FULL[name],
            id=own_id(n + 1, 9),
            occurred_at=NOW if n % 2 else None,
            outcome=list(Outcome)[n % 2],
            labels=None if n % 3 else LabelsInput(organization_id=ID("own"), user_id=labels[n]),
            error=errors[n],
            cache_hit=caches[n],
        )
        for n, name in enumerate(names)
    ]
    for principal in ("open", "of one organization"):
        assert hold_against(given, PRINCIPALS[principal])


@pytest.mark.parametrize(
    "attributes",
    [
        {}, {"a": None}, {"a": "null"}, {"n": 123456789012345678}, {"n": 2**63 - 1},
        {"n": "1" * 30}, {"a": 1e200}, {"a": "\u2028\x01"}, {"a": [1, {"b": 2}]},
    ],
)  # fmt: skip
def test_json_that_is_in_order_has_a_frame(attributes: dict[str, Any]) -> None:
    given = [replace(FULL["an API call"], attributes=value) for value in (None, attributes)]
    assert hold_against(given, PRINCIPALS["open"])


@pytest.mark.parametrize(
    "attributes",
    [
        [], "text", 1, {"a": "\0"}, {"\0": 1}, {"a": "\ud800"}, {"a": 2**64}, {"a": -(2**64)},
        {"a": float("inf")}, {"a": [float("nan")]}, {"a": [{"b": [{}]}]}, {"a": "x" * 300},
    ],
)  # fmt: skip
def test_json_that_is_not_in_order_has_none(attributes: Any) -> None:
    given = [replace(FULL["an API call"], attributes=value) for value in ({"a": 1}, attributes)]
    assert not hold_against(given, PRINCIPALS["open"])


def test_a_repeat_within_one_call_has_no_frame() -> None:
    one = replace(FULL["an API call"], id=own_id(1, 9))
    assert hold_against([one, replace(one, id=own_id(2, 9))], PRINCIPALS["open"])
    assert not hold_against([one, replace(one, occurred_at=NOW)], PRINCIPALS["open"])


@pytest.mark.parametrize("hours", [(0, 0, 0), (-1, -3, -2), (-3, -2, -1), (0, -1, 0)])
def test_instants_in_any_order_and_zone(hours: tuple[int, int, int]) -> None:
    zones = [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=9))]
    times = [
        (NOW + timedelta(hours=hour)).astimezone(zone)
        for hour, zone in zip(hours, zones, strict=True)
    ]
    given = [replace(FULL["an API call"], occurred_at=at) for at in times]
    assert hold_against(given, PRINCIPALS["open"])
    frame = ColumnPreparer(PRINCIPALS["open"], BOUNDS, NOW, uuid4).frame(given)
    assert frame is not None
    assert frame.span() == (min(times), max(times))
    assert frame.is_in_time is (times == sorted(times))
    assert frame.in_time().is_in_time


@pytest.mark.parametrize(
    "at",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=23))),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=23))),
        datetime(1999, 12, 31, tzinfo=UTC),
        NOW + timedelta(days=400),
    ],
)
def test_instants_out_of_range_have_no_frame(at: datetime) -> None:
    given = [replace(FULL["an API call"], occurred_at=value) for value in (NOW, at)]
    assert not hold_against(given, PRINCIPALS["open"])
    assert not hold_against(given[::-1], PRINCIPALS["open"])


def test_parts_of_every_kind_have_a_frame() -> None:
    use = replace(
        FULL["a tool's use"], interaction=InteractionUseInput(type="t", counts_against_limits=False)
    )
    every = replace(use, api=FULL["an API call"].api, llm=FULL["a model's call"].llm)
    for kind in OperationKind:
        assert hold_against([use, replace(every, kind=kind)], PRINCIPALS["open"])
    told = ToolUseInput(tokens_prevented=1)
    several = [InteractionUseInput(type="t")]
    for other in (replace(use, tool=told), replace(use, interactions=several)):
        assert not hold_against([use, other], PRINCIPALS["open"])


def test_structs_have_the_same_frame() -> None:
    decoder = Codecs(build_schema()).decoder_of(OperationInput, is_list=True)
    items: list[dict[str, Any]] = [
        {"kind": "API", "name": "a", "api": {"route": "r", "statusCode": 200}, "durationMs": 3},
        {"kind": "TOOL", "name": "b", "tool": {"toolName": "read", "tokensOriginal": 5}},
        {"kind": "TOOL", "name": "b", "tool": {"tokensOriginal": 5, "tokensActual": 7}},
        {"kind": "LLM", "name": "c", "llm": {"model": "m", "inputTokens": 4}, "cacheHit": False},
        {"kind": "LLM", "name": "c", "labels": {"userId": "u"}, "outcome": "ERROR", "error": "no"},
        {"kind": "API", "name": "d", "interaction": {"type": "t"}, "attributes": {"a": [1]}},
    ]
    for some in (items, items[1:3], items[3:4]):
        assert hold_against(decoder.decode(msgspec.json.encode(some)), PRINCIPALS["open"])
