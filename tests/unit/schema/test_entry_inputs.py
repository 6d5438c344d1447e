"""Every kind of entry that a batch may hold is prepared for the writer, and written by somebody."""

from typing import Any
from uuid import UUID

import pytest
import strawberry

from resolvers.ingest import PREPARE, prepare_entry, set_field
from schema.circuit_breakers import CircuitBreakerInput
from schema.enums import BreakerState, OperationKind
from schema.ingest import EntryInput
from schema.limits import ConsumeInput
from schema.operation_inputs import OperationInput
from schema.request_inputs import (
    CancelRequestInput,
    CompleteRequestInput,
    CompleteStageInput,
    CreateRequestInput,
    FailRequestInput,
    FailStageInput,
    LogEventInput,
    ProgressStageInput,
    RetryRequestInput,
    RetryStageInput,
    StartRequestInput,
    StartStageInput,
)
from schema.sessions import SessionInput
from store.auth.access import open_principal
from store.circuit_breakers import BreakerEntry
from store.ids import new_id, utc_now
from store.ingest.entries import Entry
from store.ingest_session import IngestSession
from store.limits.entries import ConsumeEntry
from store.operations.prepare import OperationEntry
from store.requests.entries import CommandEntry, CreateEntry
from store.sessions import SessionEntry
from store.validation import InputBounds
from tests.unit.schema.vocabulary import definition_of

ID = UUID("0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f")
STAGE: dict[str, Any] = {"request_id": ID, "stage": "fetch"}
SAMPLES: dict[str, tuple[Any, type[Entry]]] = {
    "operation": (OperationInput(kind=OperationKind.API, name="n"), OperationEntry),
    "session": (SessionInput(), SessionEntry),
    "create_request": (CreateRequestInput(type="t"), CreateEntry),
    "start_request": (StartRequestInput(request_id=ID), CommandEntry),
    "start_stage": (StartStageInput(**STAGE), CommandEntry),
    "progress_stage": (ProgressStageInput(**STAGE), CommandEntry),
    "complete_stage": (CompleteStageInput(**STAGE), CommandEntry),
    "fail_stage": (FailStageInput(**STAGE, message="m"), CommandEntry),
    "retry_stage": (RetryStageInput(**STAGE), CommandEntry),
    "retry_request": (RetryRequestInput(request_id=ID), CommandEntry),
    "log_event": (LogEventInput(request_id=ID, type="t"), CommandEntry),
    "complete_request": (CompleteRequestInput(request_id=ID), CommandEntry),
    "fail_request": (FailRequestInput(request_id=ID, message="m"), CommandEntry),
    "cancel_request": (CancelRequestInput(request_id=ID), CommandEntry),
    "consume": (ConsumeInput(interaction_type="mini"), ConsumeEntry),
    "circuit_breaker": (CircuitBreakerInput(name="b", state=BreakerState.OPEN), BreakerEntry),
}
FIELDS = {field.python_name for field in definition_of(EntryInput).fields}


def test_every_field_is_prepared() -> None:
    assert set(PREPARE) == FIELDS
    assert set(SAMPLES) == FIELDS


@pytest.mark.parametrize("name", SAMPLES)
def test_a_preparer_makes_an_entry_of_its_kind(name: str) -> None:
    item, kind = SAMPLES[name]
    ingest_session = IngestSession(open_principal("acme"), InputBounds(), utc_now, new_id)
    entry = EntryInput(**{name: item})
    assert set_field(entry) == (name, item)
    assert type(prepare_entry(ingest_session, entry)) is kind


def test_what_is_not_given_is_unset() -> None:
    """Null is not the same: an input of exactly one field may not hold it."""
    for field in definition_of(EntryInput).fields:
        assert field.default is strawberry.UNSET
