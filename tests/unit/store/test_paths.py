"""Attribute paths: keys joined by dots, with whatever stands inside the keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.types import clean_text
from store.errors import InvalidInputError
from store.query.filters import MAX_PATH_STEPS, parse_path

KEYS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1)


def written(keys: list[str]) -> str:
    """The path of these keys."""
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in keys)


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("plan", ("plan",)),
        ("plan.name", ("plan", "name")),
        (r"v1\.0.size", ("v1.0", "size")),
        (r"a\\.b", ("a\\", "b")),
        (r"\a", ("a",)),
        ("0.1", ("0", "1")),
        ("Größe.😀", ("Größe", "😀")),
        ("a b.$.\"c'", ("a b", "$", "\"c'")),
        ("a\0b", ("a\ufffdb",)),
        ("a.b.c.d.e.f.g.h", tuple("abcdefgh")),
    ],
)
def test_paths(path: str, keys: tuple[str, ...]) -> None:
    assert parse_path(path) == keys


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "a.b.c.d.e.f.g.h.i", "a\\", "a.\\"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(InvalidInputError, match="Use 1 to 8 keys joined by dots"):
        parse_path(path)


@given(KEYS.filter(lambda keys: len(keys) <= MAX_PATH_STEPS))
def test_any_keys_can_be_written(keys: list[str]) -> None:
    assert parse_path(written(keys)) == tuple(clean_text(key) for key in keys)


@given(st.text())
def test_any_text_is_a_path_or_bad_input(text: str) -> None:
    try:
        keys = parse_path(text)
    except InvalidInputError:
        return
    assert all(keys)
    assert 1 <= len(keys) <= MAX_PATH_STEPS
    assert parse_path(written(list(keys))) == keys
