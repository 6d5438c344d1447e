"""Bounds of exports."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from store.setting_types import HOUR_SECONDS


@dataclass(frozen=True, slots=True)
class ExportBounds:
    at_once: Annotated[
        int,
        Field(
            validation_alias="max_exports",
            ge=1,
            le=1_000,
            description="Exports of one organization under way at once in each process; further ones "
            "are refused with OVERLOADED.",
        ),
    ] = 4
    total: Annotated[
        int,
        Field(
            validation_alias="max_exports_total",
            ge=1,
            le=10_000,
            description="Exports of all organizations under way at once in each process.",
        ),
    ] = 32
    rows: Annotated[
        int,
        Field(
            validation_alias="max_export_rows",
            ge=1,
            le=10**12,
            description="Rows of one export; a larger one is cut off visibly.",
        ),
    ] = 10_000_000
    stall_seconds: Annotated[
        float,
        Field(
            validation_alias="export_stall_seconds",
            gt=0,
            le=HOUR_SECONDS,
            description="How long an export waits for a caller that stops reading.",
        ),
    ] = 60.0
