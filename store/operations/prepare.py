"""From a draft to an entry: every value checked, labels filled, derived numbers computed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from models import OperationText, table_of
from models.field_declarations import Part
from models.operation_fields import MAX_UNITS, OPERATION_FIELD
from store.auth.access import Principal, fill_labels
from store.errors import InvalidInputError
from store.ids import instant_of, is_v7
from store.ingest.entries import Entry, ItemStatus, Lane
from store.ingest.usage import MAX_INTERACTIONS
from store.maintenance.partitions import month_of
from store.operations.bulk.batches import OperationBatch
from store.operations.bulk.columnwise import ColumnPreparer
from store.operations.bulk.frames import Frame
from store.operations.columns import COLUMNS, TABLE
from store.operations.drafts import (
    InteractionUseDraft,
    LlmCallDraft,
    OperationDraft,
    ToolUseDraft,
)
from store.operations.fast_path import (
    ID,
    INTERACTION_TYPE,
    OCCURRED_AT,
    FastPathPreparer,
    Row,
)
from store.operations.field_checks import check_integer, check_labels, check_part
from store.pricing.token_counts import (
    TOKEN_COLUMNS,
    TokenCounts,
    input_with_cache,
    part_problems,
)
from store.scheduling.slices import slices_of
from store.validation import Checker, InputBounds, Path

NO_TEXTS = (None, None)
UNITS = OPERATION_FIELD["units"]
TOOL_TOKENS = ("tokens_original", "tokens_actual", "tokens_prevented")
MIN_COLUMNAR_BATCH_ITEMS = 8
"""Fewer operations take longer column by column than one by one."""


class OperationEntry(Entry):
    """A checked operation: its row in the order of ``COLUMNS``, costs still open, long texts apart."""

    __slots__ = ("message", "response", "row")

    def __init__(
        self,
        row: Row,
        texts: tuple[str | None, str | None] = NO_TEXTS,
        repaired: int = 0,
        truncated: int = 0,
    ) -> None:
        self.result = None
        self.row = row
        self.message, self.response = texts
        self.repaired = repaired
        self.truncated = truncated

    @property
    def id(self) -> UUID:
        id: UUID = self.row[ID]
        return id

    @property
    def key(self) -> tuple[str, datetime, UUID]:
        return tuple(self.row[:3])

    @property
    def is_accepted(self) -> bool:
        return self.result is not None and self.result.status is ItemStatus.ACCEPTED

    @property
    def lane(self) -> Lane:
        return Lane.OPERATIONS if self.row[INTERACTION_TYPE] is None else Lane.LIMITS

    @property
    def on_fast_path(self) -> bool:
        return self.message is None and self.response is None and self.row[INTERACTION_TYPE] is None

    def partitions(self) -> tuple[tuple[Table, int], ...]:
        month = month_of(self.row[OCCURRED_AT])
        if self.message is None and self.response is None:
            return ((TABLE, month),)
        return ((TABLE, month), (table_of(OperationText), month))


class OperationPreparer:
    def __init__(
        self,
        principal: Principal,
        bounds: InputBounds,
        now: datetime,
        make_id: Callable[[], UUID],
    ) -> None:
        self._principal = principal
        self._bounds = bounds
        self._now = now
        self._make_id = make_id
        self._quick = FastPathPreparer(principal, bounds, now, make_id)
        self._columns = ColumnPreparer(principal, bounds, now, make_id)

    async def prepare_all(self, drafts: Sequence[OperationDraft]) -> OperationBatch | None:
        """Prepare all drafts as one entry; None if they must be prepared one by one."""
        if len(drafts) < MIN_COLUMNAR_BATCH_ITEMS:
            return None
        frames: list[Frame] = []
        async for turn in slices_of(drafts):
            frame = self._columns.frame(turn)
            if frame is None:
                return None
            frames.append(frame)
        frame = Frame.joined(frames)
        if len(frames) > 1 and has_repeated_ids(frame):
            return None
        return OperationBatch(frame)

    def prepare(self, draft: OperationDraft) -> OperationEntry:
        """Return the entry of one draft; raise ``InvalidInputError`` with every problem of it."""
        row = self._quick.row(draft)
        return OperationEntry(row) if row is not None else self.validate(draft)

    def validate(self, draft: OperationDraft) -> OperationEntry:
        check = Checker(self._bounds, self._now)
        values: dict[str, Any] = {"recorded_at": self._now}
        self._identity(draft, values, check)
        self._labels(draft, values, check)
        check_part(Part.COMMON, draft, values, check)
        texts = self._details(draft, values, check)
        values |= interaction_values(draft, check)
        check.raise_if_any()
        row = list(map(values.get, COLUMNS))
        return OperationEntry(row, texts, check.repaired, check.truncated)

    def _identity(self, draft: OperationDraft, values: dict[str, Any], check: Checker) -> None:
        occurred_at = check.instant(draft.occurred_at, "occurredAt")
        if draft.id is None:
            values["id"] = self._make_id()
            values["occurred_at"] = occurred_at or self._now
            return
        values["id"] = draft.id
        values["occurred_at"] = occurred_at
        if draft.occurred_at is not None:
            return
        if not is_v7(draft.id):
            check.refuse(
                "this id carries no time: send a UUIDv7, or occurredAt beside it", "occurredAt"
            )
            return
        values["occurred_at"] = check.instant(instant_of(draft.id), "id")

    def _labels(self, draft: OperationDraft, values: dict[str, Any], check: Checker) -> None:
        labels, problem = fill_labels(draft.labels, self._principal)
        if problem is not None:
            check.problems.append(problem)
        values.update(check_labels(labels, check))

    def _details(
        self, draft: OperationDraft, values: dict[str, Any], check: Checker
    ) -> tuple[str | None, str | None]:
        if draft.api is not None:
            check_part(Part.API, draft.api, values, check)
        if draft.tool is not None:
            check_part(Part.TOOL, draft.tool, values, check)
            values |= token_values(draft.tool, check)
        if draft.llm is None:
            return NO_TEXTS
        llm_values(draft.llm, values, check)
        return values.pop("message", None), values.pop("response", None)


def has_repeated_ids(frame: Frame) -> bool:
    return len({id.int for id in frame.columns[ID]}) < frame.count


def token_values(tool: ToolUseDraft, check: Checker) -> dict[str, int | None]:
    """Return the tokens of a tool call: prevented = original - actual, negative where it cost more.

    Of the three numbers two give the third one; where all three are given they must agree.
    """
    before = len(check.problems)
    original, actual, prevented = (
        check_integer(check, OPERATION_FIELD[name], getattr(tool, name)) for name in TOOL_TOKENS
    )
    if prevented is None or len(check.problems) > before:
        if original is not None and actual is not None:
            prevented = original - actual
    elif original is not None and actual is not None:
        if prevented != original - actual:
            check.refuse(
                f"{prevented} is not tokensOriginal - tokensActual = {original} - {actual} = "
                f"{original - actual}: correct one of the three or leave one out",
                *OPERATION_FIELD["tokens_prevented"].path,
            )
    elif original is not None:
        actual = check_integer(check, OPERATION_FIELD["tokens_actual"], original - prevented)
    elif actual is not None:
        original = check_integer(check, OPERATION_FIELD["tokens_original"], actual + prevented)
    return dict(zip(TOOL_TOKENS, (original, actual, prevented), strict=True))


def interaction_values(draft: OperationDraft, check: Checker) -> dict[str, Any]:
    uses: list[tuple[Path, InteractionUseDraft]] = []
    if draft.interaction is not None:
        uses.append((("interaction",), draft.interaction))
    uses += [(("interactions", n), use) for n, use in enumerate(draft.interactions or ())]
    if len(uses) > MAX_INTERACTIONS:
        check.refuse(
            f"{len(uses)} interactions, at most {MAX_INTERACTIONS} of one operation",
            *uses[-1][0][:1],
        )
        return {}
    interactions = [
        {
            "type": check.required_name(use.type, *path, "type"),
            "units": check.integer(
                use.units, *path, "units", minimum=UNITS.minimum, maximum=MAX_UNITS
            ),
            "counts_against_limits": use.counts_against_limits,
        }
        for path, use in uses
    ]
    if not interactions:
        return {}
    first, *further = interactions
    return {
        "interaction_type": first["type"],
        "units": first["units"],
        "counts_against_limits": first["counts_against_limits"],
        "further_interactions": further or None,
    }


def llm_values(llm: LlmCallDraft, values: dict[str, Any], check: Checker) -> None:
    check_part(Part.LLM, llm, values, check)
    counts = TokenCounts(
        *(check_integer(check, OPERATION_FIELD[name], getattr(llm, name)) for name in TOKEN_COLUMNS)
    )
    if llm.input_tokens_exclude_cache:
        total = input_with_cache(
            counts.input_tokens, counts.cached_input_tokens, counts.cache_write_input_tokens
        )
        counts = counts._replace(
            input_tokens=check_integer(check, OPERATION_FIELD["input_tokens"], total)
        )
    for column, message in part_problems(counts):
        check.refuse(message, *OPERATION_FIELD[column].path)
    values.update(counts._asdict())


__all__ = ["InvalidInputError", "OperationEntry", "OperationPreparer"]
