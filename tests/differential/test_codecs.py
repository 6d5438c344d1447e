"""Codecs: made from the input types alone, and never another answer than that of the stock path."""

import json
from typing import Any

import msgspec
import pytest
import strawberry
from graphql import parse
from strawberry.types.base import get_object_definition

from schema.scalars import SCALARS
from server.fast_path.codecs import Codecs, MissingCodecError
from server.fast_path.inputs import CompiledInputs
from server.fast_path.pipeline import COMPILED_INPUTS
from server.graphql.schema import build_schema
from tests.differential.sample_inputs import THINGS, WITHOUT_CODEC, Choice, Thing, described
from tests.differential.values import (
    BOOLEANS,
    DURATIONS,
    IDS,
    INSTANTS,
    JSONS,
    NUMBERS,
    OTHER_KINDS,
    TEXTS,
)

FIELDS = {
    "text": TEXTS,
    "number": NUMBERS,
    "long": NUMBERS,
    "figure": NUMBERS,
    "ratio": NUMBERS,
    "flag": BOOLEANS,
    "own": (*TEXTS, *NUMBERS),
    "key": IDS,
    "at": INSTANTS,
    "wait": DURATIONS,
    "data": JSONS,
    "color": ('"RED"', '"BLUE"', '"red"', '"Color.RED"', '""', "0"),
    "shade": ('"RED"', '"green"'),
    "inner": ('{"label": "x"}', '{"label": "x", "weight": 2}', '{"weight": null, "label": ""}'),
    "later": ("{}", '{"color": "RED"}', '{"color": "red"}'),
    "texts": ("[]", '["a", "b"]', '["a", null]', '["a", 1]', '"a"'),
    "inners": ("[]", '[{"label": "x"}]', '{"label": "x"}', "[null]"),
    "maybes": ("[]", '["a", null]', "null", '"a"'),
    "grid": ("[]", "[[]]", "[[1, 2], [3]]", "[1]", "1", "[[1.0]]", "[[null]]"),
    "someName": ('"x"',),
    "some_name": ('"x"',),
    "called": ('"x"', "null"),
    "other": ('"x"',),
    "given": ('"x"',),
    "filled": ('"x"',),
    "needed": ('"x"',),
    "unset": ('"x"',),
}
PYTHON_NAMES = ("some_name", "other")
"""Names that GraphQL does not know."""
CHOICES = (
    "{}", '{"text": "x"}', '{"text": null}', '{"inner": {"label": "x"}}', '{"texts": []}',
    '{"text": "x", "inner": null}', '{"text": "x", "texts": []}', '{"other": 1}', "null", "[]",
    '{"text": "x", "text": "y"}', '{"text": null, "texts": null}', '{"inner": {}}', '{"texts": "x"}',
)  # fmt: skip


async def stock(field: str, kind: str, value: Any) -> Any:
    """What the stock path hands to a resolver; None where it refuses the value."""
    query = f"query ($v: {kind}!) {{ {field}(value: $v) }}"
    result = await THINGS.execute(query, {"v": value})
    return None if result.errors else (result.data or {})[field]


def read(text: str) -> Any:
    """JSON as the server reads it; None where it does not."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


async def compare(field: str, kind: str, input_type: type, text: str) -> bool:
    """Hold a codec against the stock path; whether the codec takes the value."""
    is_list = kind.startswith("[")
    try:
        decoded = Codecs(THINGS).decoder_of(input_type, is_list).decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    assert described(decoded) == await stock(field, kind, read(text)), text
    return True


@pytest.mark.parametrize("field", FIELDS)
async def test_a_codec_takes_only_what_the_stock_path_takes(field: str) -> None:
    taken = 0
    for value in (*FIELDS[field], *OTHER_KINDS):
        given = {"text": '"x"', field: value}
        text = "{" + ", ".join(f'"{name}": {member}' for name, member in given.items()) + "}"
        taken += await compare("thing", "Thing", Thing, text)
        await compare("things", "[Thing!]", Thing, f"[{text}, {text}]")
    assert (taken > 0) is (field not in PYTHON_NAMES)


@pytest.mark.parametrize("text", CHOICES)
async def test_exactly_one_of_several(text: str) -> None:
    await compare("choice", "Choice", Choice, text)


async def test_ordinary_choices_are_taken() -> None:
    assert await compare("choice", "Choice", Choice, '{"text": "x"}')
    assert not await compare("choice", "Choice", Choice, "{}")


def test_a_new_field_needs_no_second_word() -> None:
    @strawberry.input
    class Before:
        name: str

    @strawberry.input
    class After(Before):
        added_later: int | None = None

    codecs = Codecs(THINGS)
    before, after = (codecs.decoder_of(kind, is_list=False) for kind in (Before, After))
    text = '{"name": "x", "addedLater": 3}'
    assert after.decode(text).added_later == 3
    with pytest.raises(msgspec.DecodeError):
        before.decode(text)


@pytest.mark.parametrize("kind", WITHOUT_CODEC)
def test_what_is_not_known_exactly_has_no_codec(kind: type) -> None:
    codecs = Codecs(THINGS)
    for _ in range(2):
        with pytest.raises(MissingCodecError):
            codecs.decoder_of(kind, is_list=True)


@pytest.mark.parametrize(
    "scalar", [kind for kind in SCALARS if getattr(kind, "__name__", "") != "JSON"]
)
def test_every_scalar_has_a_counterpart(scalar: type) -> None:
    kind = strawberry.input(type("Made", (), {"__annotations__": {"value": scalar}}))
    decoder = Codecs(THINGS).decoder_of(kind, is_list=False)
    with pytest.raises(msgspec.ValidationError):
        decoder.decode('{"value": "no such value"}')


def test_a_type_without_codec_is_left_to_the_stock_path() -> None:
    inputs = CompiledInputs(build_schema(), WITHOUT_CODEC)
    for kind in WITHOUT_CODEC:
        document = parse(f"query ($v: [{kind.__name__}!]!, $w: {kind.__name__}!) {{ any }}")
        assert not inputs.plan(document, None).decoders
        assert get_object_definition(kind, strict=True).from_input is None


def test_all_bulk_inputs_have_codecs() -> None:
    codecs = Codecs(build_schema())
    for kind in COMPILED_INPUTS:
        codecs.decoder_of(kind, is_list=True)
