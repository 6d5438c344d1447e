"""Global ids: whatever key a record has comes back, and garbage is bad input."""

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schema.nodes import GlobalId, Node
from server.settings.model import FIELDS
from store.errors import InvalidInputError
from store.nodes import FIND
from tests.unit.schema.vocabulary import graphql

KEYS = st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(0, 2**63 - 1))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def wrapped(content: Any) -> str:
    """Any JSON in the clothes of a global id."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@given(st.sampled_from(sorted(FIND)), KEYS)
def test_a_global_id_comes_back(type_: str, key: list[Any]) -> None:
    id = GlobalId(type_, tuple(key))
    assert GlobalId.decode(id.encode()) == id
    assert id.encode().isascii()


@pytest.mark.parametrize("character", ["x", "é", "漢", "😀", "\x01", '"'])
def test_the_longest_labels_fit(character: str) -> None:
    longest = max(bound.le for bound in FIELDS["max_label_length"].metadata if hasattr(bound, "le"))
    stage = GlobalId("Stage", (character * longest, "f" * 32, character * longest))
    assert GlobalId.decode(stage.encode()) == stage


@given(st.text() | st.text("abcXYZ019-_=", max_size=80) | JSON.map(wrapped))
@example("")
@example("WzFd")
@example("é")
@example("\ud800")
@example(base64.b64encode(b"[" * 900).decode())
@example("A" * 10**6)
def test_garbage_is_bad_input_or_a_type_and_a_key(id: str) -> None:
    try:
        found = GlobalId.decode(id)
    except InvalidInputError as error:
        assert error.path == ("id",)  # noqa: PT017  either may happen
        return
    assert isinstance(found.type, str)
    assert all(isinstance(part, str | int) for part in found.key)


def test_every_node_can_be_found_by_its_id() -> None:
    interface = graphql().type_map[Node.__name__]
    nodes = {made.name for made in graphql().get_possible_types(interface)}  # type: ignore[arg-type]  # it is one
    assert nodes == set(FIND)
