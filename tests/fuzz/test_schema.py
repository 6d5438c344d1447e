"""Every field of the schema with generated arguments and selections, by schemathesis."""

import warnings
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schema
from tests.fuzz.conftest import BOUNDED, Target

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis.graphql
    from schemathesis.graphql import nodes

SDL = Path(schema.__file__).with_name("schema.graphql")
NEAR = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001  # UTC is put to it
SCALARS: dict[str, Any] = {
    "UUID": st.uuids(version=None).map(str).map(nodes.String),
    "Long": st.integers(-(2**64), 2**64).map(nodes.Int),
    "DateTime": NEAR.map(lambda at: at.replace(tzinfo=UTC).isoformat()).map(nodes.String),
    "Duration": st.sampled_from(["PT1H", "P1D", "P1Y2M", "PT0S", "-PT1S", "P", ""]).map(
        nodes.String
    ),
    "Number": st.integers(-(2**64), 2**64).map(nodes.Int),
    "TimeRange": st.sampled_from(["24h", "7d", "all", "PT1H", "3 weeks", ""]).map(nodes.String),
    "JSON": st.text(max_size=20).map(nodes.String),
}


@cache
def operations() -> dict[str, Any]:
    """Every root field by its name, as schemathesis sees it."""
    for name, strategy in SCALARS.items():
        schemathesis.graphql.scalar(name, strategy)
    loaded = schemathesis.graphql.from_file(SDL.read_text(encoding="utf-8"))
    results: list[Any] = list(loaded.get_all_operations())
    found = {result.ok().label: result.ok() for result in results}
    return {label: one for label, one in found.items() if not label.startswith("Subscription.")}


def test_every_root_field(target: Target, subtests: pytest.Subtests) -> None:
    assert len(operations()) > 50
    for name, operation in operations().items():
        with subtests.test(name):

            @BOUNDED
            @given(operation.as_strategy())
            def check(case: Any) -> None:
                target.asks(case.body)

            check()
