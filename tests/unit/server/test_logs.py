"""Logs: one line per event, for people or programs, and never a secret."""

import io
import json
import logging
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars

from server.observability.logs import MAX_FIELD_CHARS, configure_logging

KEY = "tsk_0199a5a000007000800000000000000a_Zm9v-YmFy_secret"


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The objects that were written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_has_one_object_per_line(log_stream: io.StringIO) -> None:
    configure_logging(format="json", stream=log_stream)
    with bound_contextvars(correlation_id="c-1"):
        logging.getLogger("store.ingest.writer").info(
            "flushed %d", 3, extra={"entries": 3, "ms": 1.5}
        )
    (line,) = lines(log_stream)
    assert line["event"] == "flushed 3"
    assert (line["level"], line["logger"]) == ("info", "store.ingest.writer")
    assert (line["correlation_id"], line["entries"], line["ms"]) == ("c-1", 3, 1.5)
    assert line["timestamp"].endswith("Z")


def test_an_exception_stays_on_the_line_without_local_variables(log_stream: io.StringIO) -> None:
    configure_logging(format="json", stream=log_stream)
    document = "mutation { hush }"
    try:
        raise ValueError(f"{len(document)} characters")
    except ValueError:
        logging.getLogger("x").exception("it failed")
    (line,) = lines(log_stream)
    assert "ValueError: 17 characters" in line["exception"]
    assert "hush" not in log_stream.getvalue()


@pytest.mark.parametrize("format", ["json", "console"])
def test_secrets_are_hidden(log_stream: io.StringIO, format: str) -> None:
    configure_logging(format=format, stream=log_stream)
    log = logging.getLogger("x")
    log.info("connecting to postgresql://me:hush@h/d as %s", KEY)
    log.info("headers", extra={"authorization": "Basic hush", "header": "Bearer hush"})
    try:
        raise ValueError(f"refused {KEY}")
    except ValueError:
        log.exception("it failed")
    assert "hush" not in log_stream.getvalue()
    assert "Zm9v" not in log_stream.getvalue()
    assert "tsk_0199a5a000007000800000000000000a_***" in log_stream.getvalue()


def test_a_text_is_cut(log_stream: io.StringIO) -> None:
    configure_logging(format="json", stream=log_stream)
    logging.getLogger("x").info("x" * (MAX_FIELD_CHARS + 1))
    (line,) = lines(log_stream)
    assert line["event"].endswith("x... (cut)")


def test_auto_takes_json_where_nobody_looks(log_stream: io.StringIO) -> None:
    configure_logging(stream=log_stream)
    logging.getLogger("x").warning("once")
    assert lines(log_stream)[0]["event"] == "once"


def test_configuring_again_replaces_the_first(log_stream: io.StringIO) -> None:
    configure_logging(format="json", stream=log_stream)
    configure_logging("warning", "json", log_stream)
    logging.getLogger("x").info("not this")
    logging.getLogger("x").warning("once")
    assert [line["event"] for line in lines(log_stream)] == ["once"]


def test_the_console_is_plain_where_it_is_no_terminal(log_stream: io.StringIO) -> None:
    configure_logging(format="console", stream=log_stream)
    logging.getLogger("x").info("hello", extra={"entries": 3})
    assert "hello" in log_stream.getvalue()
    assert "entries=3" in log_stream.getvalue()
    assert "\x1b" not in log_stream.getvalue()
