"""Every command in every state, against a table that was written by hand, and its documentation."""

from itertools import product
from pathlib import Path

import pytest

from models.enums import RequestStatus, StageStatus
from store.requests.transitions import (
    REQUEST_FINAL,
    REQUEST_TRANSITIONS,
    STAGE_ENDED,
    STAGE_TRANSITIONS,
    RequestCommand,
    StageCommand,
    TransitionResult,
    evaluate_request_command,
    evaluate_stage_command,
    suggest_request_command,
    suggest_stage_command,
)

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "transitions.md"

REQUESTS = """
command    PENDING     RUNNING     STALLED     COMPLETED   FAILED      CANCELLED
start      RUNNING     repeat      repeat      repeat      repeat      repeat
complete   COMPLETED   COMPLETED   COMPLETED   repeat      repeat      repeat
fail       FAILED      FAILED      FAILED      repeat      repeat      repeat
cancel     CANCELLED   CANCELLED   CANCELLED   repeat      repeat      repeat
retry      illegal     repeat      repeat      illegal     RUNNING     illegal
stall      repeat      STALLED     repeat      repeat      repeat      repeat
resume     repeat      repeat      RUNNING     repeat      repeat      repeat
lose       repeat      repeat      FAILED      repeat      repeat      repeat
"""
STAGES = """
command    PENDING     RUNNING     STALLED     COMPLETED   FAILED      CANCELLED   SKIPPED
start      RUNNING     repeat      repeat      repeat      illegal     repeat      repeat
progress   RUNNING     RUNNING     RUNNING     repeat      repeat      repeat      repeat
complete   COMPLETED   COMPLETED   COMPLETED   repeat      repeat      repeat      repeat
fail       FAILED      FAILED      FAILED      repeat      repeat      repeat      repeat
retry      illegal     illegal     illegal     illegal     RUNNING     RUNNING     RUNNING
stall      repeat      STALLED     repeat      repeat      repeat      repeat      repeat
lose       repeat      repeat      FAILED      repeat      repeat      repeat      repeat
reopen     repeat      repeat      repeat      repeat      repeat      PENDING     PENDING
"""
Table = dict[tuple[str, str], str]


def read(text: str) -> Table:
    """A table of words: what each command means in each state."""
    header, *lines = [line.split() for line in text.strip().splitlines()]
    return {
        (command, state): word
        for command, *words in lines
        for state, word in zip(header[1:], words, strict=True)
    }


def documented(heading: str) -> Table:
    """The table of the documentation below a heading."""
    below = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in below.splitlines() if line.startswith("|") and "---" not in line]
    return read("\n".join(line.replace("|", " ").replace("`", "") for line in lines))


def verdict_of(word: str) -> TransitionResult:
    """What a word of the table says; a state is where the command moves to."""
    return TransitionResult(word) if word in ("repeat", "illegal") else TransitionResult.APPLY


@pytest.mark.parametrize(("command", "status"), list(product(RequestCommand, RequestStatus)))
def test_requests(command: RequestCommand, status: RequestStatus) -> None:
    word = read(REQUESTS)[command, status]
    assert evaluate_request_command(command, status) is verdict_of(word)
    assert REQUEST_TRANSITIONS[command].get(status, word) == word


@pytest.mark.parametrize(("command", "status"), list(product(StageCommand, StageStatus)))
def test_stages(command: StageCommand, status: StageStatus) -> None:
    word = read(STAGES)[command, status]
    assert evaluate_stage_command(command, status) is verdict_of(word)
    assert STAGE_TRANSITIONS[command].get(status, word) == word


def test_the_tables_are_complete() -> None:
    assert set(read(REQUESTS)) == set(product(RequestCommand, RequestStatus))
    assert set(read(STAGES)) == set(product(StageCommand, StageStatus))


def test_the_documentation_shows_the_same_tables() -> None:
    assert documented("Requests") == read(REQUESTS)
    assert documented("Stages") == read(STAGES)


def test_only_a_retry_leaves_what_has_ended() -> None:
    left = {(c, status) for c, moves in REQUEST_TRANSITIONS.items() for status in moves}
    assert {pair for pair in left if pair[1] in REQUEST_FINAL} == {
        (RequestCommand.RETRY, RequestStatus.FAILED)
    }
    ended = {(c, status) for c, moves in STAGE_TRANSITIONS.items() for status in moves}
    retries = StageCommand.RETRY, StageCommand.REOPEN
    assert {c for c, status in ended if status in STAGE_ENDED} == set(retries)
    assert StageStatus.COMPLETED not in {status for _, status in ended}


def test_every_state_can_be_reached() -> None:
    requests = {to for moves in REQUEST_TRANSITIONS.values() for to in moves.values()}
    assert requests | {RequestStatus.PENDING} == set(RequestStatus)
    # CANCELLED and SKIPPED are what the end of its request makes of a stage.
    stages = {to for moves in STAGE_TRANSITIONS.values() for to in moves.values()}
    ended = {StageStatus.PENDING, StageStatus.CANCELLED, StageStatus.SKIPPED}
    assert stages | ended == set(StageStatus)


@pytest.mark.parametrize(("command", "status"), list(product(StageCommand, StageStatus)))
def test_what_is_illegal_comes_with_a_suggestion(
    command: StageCommand, status: StageStatus
) -> None:
    if evaluate_stage_command(command, status) is TransitionResult.REJECT:
        suggestion = suggest_stage_command(command, status)
        assert "retr" in suggestion


def test_what_is_illegal_of_a_request_comes_with_a_suggestion() -> None:
    for command, status in product(RequestCommand, RequestStatus):
        if evaluate_request_command(command, status) is TransitionResult.REJECT:
            assert "retr" in suggest_request_command(command, status)
