"""Conditions for many keys, each within what one statement can take as parameters."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_

from store.dialects import chunks


def conditions_of(
    columns: tuple[ColumnElement[Any], ColumnElement[Any]],
    keys: Iterable[tuple[str | None, Any]],
) -> Iterator[ColumnElement[bool]]:
    """Yield conditions that together hold for all rows with the keys (organization, id).

    They may hold for a row with the organization of one key and the id of another. Where the
    organization of any key is unknown, all are found by id. Each condition takes keys that follow
    those of the one before, so that rows are locked in the same order by everybody.
    """
    organization, id = columns
    distinct_keys = set(keys)
    if any(key[0] is None for key in distinct_keys):
        for ids in chunks(sorted({key[1] for key in distinct_keys})):
            yield id.in_(ids)
        return
    for batch in chunks(sorted(distinct_keys)):
        organizations = sorted({key[0] or "" for key in batch})
        yield and_(organization.in_(organizations), id.in_(sorted({key[1] for key in batch})))
