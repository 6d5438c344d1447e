"""What the rollups hold, in the words of questions: which parts, which dimensions, which rollup."""

import hashlib
from collections.abc import Iterator

from sqlalchemy import Column

from models.rollups import (
    EXTREMES,
    FLAGS,
    HISTOGRAMS,
    NUMBERS,
    OPERATION_ROLLUPS,
    ROLLUPS,
    ROWS,
    Rollup,
    answered_count_column,
    number_column,
    true_count_column,
)
from store.aggregation.measures import Fold, Part
from store.auth.access import TenantBounds
from store.histograms import BIN_COUNT_DIGITS, COUNT_WIDTHS_BYTES, MIN_VALUE, RELATIVE_ERROR
from store.query.filters import AllOf, AnyOf, Compare, CompareAttribute, Condition, Not

TABLE = OPERATION_ROLLUPS


def fingerprint() -> str:
    lanes = (RELATIVE_ERROR, MIN_VALUE, BIN_COUNT_DIGITS, COUNT_WIDTHS_BYTES)
    definitions = (ROLLUPS, FLAGS, sorted(EXTREMES), HISTOGRAMS, NUMBERS, *lanes)
    return hashlib.sha256(repr(definitions).encode()).hexdigest()[:16]


def column_name(part: Part) -> str | None:
    """Return the column that holds a mergeable part; None where none does."""
    of = part.of
    if part.fold is Fold.ROWS:
        return ROWS
    if not isinstance(of, str):
        return None
    match part.fold:
        case Fold.TRUE_COUNT:
            return true_count_column(of) if of in FLAGS else None
        case Fold.ANSWERED_COUNT:
            return answered_count_column(of) if of in FLAGS else None
        case Fold.SUM | Fold.NON_NULL_COUNT:
            return number_column(of, part.fold.value) if of in NUMBERS else None
        case Fold.MIN | Fold.MAX:
            return number_column(of, part.fold.value) if of in EXTREMES else None
        case _:
            return None


def can_answer(part: Part) -> bool:
    if part.fold is Fold.QUANTILE:
        return part.of in HISTOGRAMS
    return column_name(part) is not None


def column_of(part: Part) -> Column[object]:
    name = column_name(part)
    assert name is not None
    return TABLE.columns[name]


def stored_parts() -> dict[str, Part]:
    parts = [Part(Fold.ROWS)]
    for flag, partial in FLAGS.items():
        parts.append(Part(Fold.TRUE_COUNT, flag))
        if partial:
            parts.append(Part(Fold.ANSWERED_COUNT, flag))
    for number in NUMBERS:
        parts += [Part(Fold.NON_NULL_COUNT, number), Part(Fold.SUM, number)]
        if number in EXTREMES:
            parts += [Part(Fold.MIN, number), Part(Fold.MAX, number)]
    return {column_of(part).name: part for part in parts}


def counted_parts() -> dict[str, Part]:
    counts = [Part(Fold.ROWS), *(Part(Fold.NON_NULL_COUNT, number) for number in HISTOGRAMS)]
    return {column_of(part).name: part for part in counts}


def find_rollup(rollups: tuple[Rollup, ...], needed: set[str]) -> Rollup | None:
    return next((r for r in rollups if needed.issubset(r.dimensions)), None)


def bounded_by(bounds: TenantBounds) -> Iterator[str]:
    for name in ("organization_id", "namespace_id", "workspace_id"):
        if getattr(bounds, name) is not None:
            yield name


def fields_of(where: Condition | None) -> Iterator[str]:
    match where:
        case None:
            return
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from fields_of(part)
        case Not(part):
            yield from fields_of(part)
        case Compare(field=field) | CompareAttribute(field=field):
            yield field
