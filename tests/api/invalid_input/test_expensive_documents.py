"""No document of a kilobyte costs more than a moment before it is answered."""

import pytest

from tests.api.invalid_input.expensive_documents import DOCUMENTS, SIZE, Calls, ask, doubled
from tests.support.api import Api

MOST_CALLS = 400_000
"""Function calls, counted by a profiler; what is refused takes 100,000 of them and 20 ms at most."""


async def test_steps_are_bounded(api: Api, subtests: pytest.Subtests) -> None:
    await ask(api, "{ viewer { name } }")
    for name, document in DOCUMENTS.items():
        assert len(document) <= SIZE
        with subtests.test(name), Calls() as calls:
            await ask(api, document)
        assert calls.count < MOST_CALLS, (name, calls.count)


async def test_steps_grow_with_the_document_and_not_with_what_it_spreads(api: Api) -> None:
    """Twice the fragments are a million times the fields, and about twice the steps."""
    short = doubled("Viewer", "a:name", "{viewer{...f0}}")
    half = short[: short.index("fragment f12 ")] + "fragment f12 on Viewer{a:name}"
    found = []
    for document in (half, short):
        with Calls() as calls:
            answer = (await ask(api, document))[1]
        assert "aliases (maximum 30)" in answer
        found.append(calls.count)
    assert found[1] < 3 * found[0]
