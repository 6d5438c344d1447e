"""The programs in examples/ run against a real server, and what they track is in its store."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.house.checkout import ROOT
from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import ONCE

pytestmark = ONCE

PATIENCE_SECONDS = 30.0
USER = {"X-User": "u_1", "X-Workspace": "ws_12"}

OPERATIONS = """
query Operations($where: OperationFilter) {
  operations(first: 50, where: $where, orderBy: {field: OCCURRED_AT, direction: ASC}) {
    nodes {
      name kind operationType outcome error statusCode route resourceId batchSize interactionType units
      countsAgainstLimits
      userId workspaceId client requestId stage sessionId toolName operationMode tokensPrevented
      model inputTokens correlationId attributes
    }
  }
}
"""
REQUEST = """
query Request($id: UUID!) {
  request(id: $id) {
    type title status progress result userId attributes
    stages { name status output attempts { attempt status errorMessage } }
    events(first: 100) { nodes { type severity stage message data } }
  }
}
"""


def asked(server: ServerProcess, query: str, **variables: Any) -> Any:
    body = {"query": query, "variables": variables}
    answer = httpx.post(f"{server.url}/graphql", json=body, timeout=10).json()
    assert "errors" not in answer, answer
    (data,) = answer["data"].values()
    return data


def operations(server: ServerProcess, number: int, **where: Any) -> list[dict[str, Any]]:
    # What is in the store, as soon as so many operations are.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        nodes: list[dict[str, Any]] = asked(server, OPERATIONS, where=where)["nodes"]
        if len(nodes) >= number or time.monotonic() > deadline:
            assert len(nodes) == number, nodes
            return [{k: v for k, v in node.items() if v is not None} for node in nodes]
        time.sleep(0.05)


def environment(server: ServerProcess) -> dict[str, str]:
    variables = {k: v for k, v in os.environ.items() if not k.startswith("TRACKSTORE_")}
    return {
        **variables,
        "TRACKSTORE_URL": server.url,
        "TRACKSTORE_INTERVAL_SECONDS": "0.05",
        "PYTHONPATH": str(ROOT),
    }


def run(server: ServerProcess, *command: str, told: str = "") -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment(server),
        input=told,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def serving(server: ServerProcess, *command: str, health: str) -> Iterator[httpx.Client]:
    """Run a web service of an example, until the block ends; it is stopped as in production."""
    # What runs in the background of a shell ignores Ctrl-C, and so would what it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment(server),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    try:
        address = next(
            word.strip("() ")
            for line in process.stdout
            for word in line.split()
            if word.startswith("http://127.0.0.1:")
        )
        with httpx.Client(base_url=address, timeout=10) as http:
            http.get(health)
            yield http
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)


def test_e2_the_pipeline_retries_its_failing_stage(server: ServerProcess) -> None:
    printed = run(server, "examples/video_pipeline.py").split()
    request = asked(server, REQUEST, id=printed[-1])
    assert (request["status"], request["progress"]) == ("COMPLETED", 1.0)
    assert (request["title"], request["userId"]) == ("Fractions, grade 5", "student_7")
    assert request["attributes"]["grade"] == 5
    assert request["result"]["script_text"] == "Today: Fractions, grade 5."
    assert [(s["name"], s["status"]) for s in request["stages"]] == [
        (name, "COMPLETED")
        for name in (
            "validation", "rag_retrieval", "script_generation", "video_generation",
            "video_processing", "notification",
        )
    ]  # fmt: skip
    video = request["stages"][3]
    assert [(a["attempt"], a["status"], a["errorMessage"]) for a in video["attempts"]] == [
        (1, "FAILED", "all renderers are busy"),
        (2, "COMPLETED", None),
    ]
    events = request["events"]["nodes"]
    assert len([e for e in events if e["type"] == "stage.progressed"]) == 3
    logged = [(e["severity"], e["stage"], e["message"]) for e in events if e["type"] == "log"]
    assert logged == [
        ("INFO", "validation", "topic accepted"),
        ("WARNING", "video_processing", "no subtitles for this language"),
    ]
    chat, mail = operations(server, 2, requestId={"in": [printed[-1]]})
    assert (chat["stage"], chat["model"], chat["inputTokens"]) == (
        "script_generation",
        "writer-1",
        120,
    )
    assert (mail["stage"], mail["toolName"]) == ("notification", "mail")


def test_a2_a7_the_memory_service_records_by_its_rules(server: ServerProcess) -> None:
    command = ("-m", "uvicorn", "examples.memory_service:app", "--port", "0")
    headers = {**USER, "X-Correlation-ID": "memory-1", "X-Client-Type": "test"}
    with serving(server, *command, health="/health") as http:
        assert http.post("/v1/memory", json={"text": "a"}, headers=headers).status_code == 201
        batch = [{"text": "b"}, {"text": "c"}]
        assert http.post("/v1/memory/batch", json=batch, headers=headers).status_code == 201
        assert http.get("/v1/memory/mem_3", headers=headers).json()["text"] == "c"
        assert http.get("/v1/memory/mem_9", headers=headers).status_code == 404
        assert http.get("/v1/memory/mem_1").status_code == 200  # nobody's: not recorded
    records = operations(server, 4, workspaceId={"eq": "ws_12"})
    summary = [
        (o["name"], o["operationType"], o["statusCode"], o.get("resourceId")) for o in records
    ]
    assert summary == [
        ("POST v1/memory", "add_memory", 201, "mem_1"),
        ("POST v1/memory/batch", "add_memory_batch", 201, "mem_3"),
        ("GET v1/memory/{memory_id}", "get_memory", 200, "mem_3"),
        ("GET v1/memory/{memory_id}", "get_memory", 404, "mem_9"),
    ]
    assert {(o["correlationId"], o["client"], o["userId"]) for o in records} == {
        ("memory-1", "test", "u_1")
    }
    counted = [(o["interactionType"], o["units"], o["countsAgainstLimits"]) for o in records]
    assert counted == [
        ("memory_operation", 1, True),
        ("memory_operation", 2, True),
        ("api_operation", 1, False),
        ("api_operation", 1, False),
    ]
    usage = 'query { interactions(where: {interactionType: {eq: "memory_operation"}}) { nodes { units } } }'
    assert sum(node["units"] for node in asked(server, usage)["nodes"]) == 3


def test_b1_b3_the_chat_service_knows_nothing_of_tracking(server: ServerProcess) -> None:
    command = ("-m", "flask", "--app", "examples.chat_service", "run", "--port", "0")
    headers = {"X-User": "u_chat"}
    with serving(server, *command, health="/") as http:
        body = {"user_id": "u_chat", "message": "good day"}
        assert (
            http.post("/chat", json=body, headers=headers).json()["response"]
            == "You said: good day"
        )
        body["message"] = "a bomb"
        assert http.post("/chat", json=body, headers=headers).status_code == 502
        body["message"] = "word by word"
        assert http.post("/chat/stream", json=body, headers=headers).text.split()[-1] == "word"
        records = operations(server, 5, userId={"eq": "u_chat"})
    chats = [o for o in records if o["kind"] == "LLM"]
    assert [(o["outcome"], o.get("error"), o.get("inputTokens")) for o in chats] == [
        ("OK", None, 6),
        ("ERROR", "the model refused", None),
    ]
    # A call is recorded when its thread closes the answer: the next one may have begun by then.
    calls = [o for o in records if o["kind"] == "API"]
    assert sorted((o["name"], o["statusCode"], o.get("error")) for o in calls) == [
        ("POST chat", 200, None),
        ("POST chat", 502, "the model refused"),
        ("POST chat/stream", 200, None),
    ]
    answered = {o["statusCode"]: o["correlationId"] for o in calls if o["name"] == "POST chat"}
    assert [chat["correlationId"] for chat in chats] == [answered[200], answered[502]]


def test_c1_the_tool_server_measures_what_its_modes_save(
    server: ServerProcess, tmp_path: Path
) -> None:
    code = tmp_path / "code.py"
    code.write_text("class A:\n    def f(self):\n" + "        pass\n" * 100, encoding="utf-8")
    calls: list[dict[str, Any]] = [
        {"method": "initialize", "params": {"clientInfo": {"name": "test-editor"}}},
        {"method": "tools/list"},
        call("read", path=str(code)),
        call("read", path=str(code), mode="overview"),
        call("search", path=str(code), pattern="def "),
        call("read", path=str(tmp_path / "none.py")),
        call("write", path=str(code)),
    ]
    lines = "".join(
        json.dumps({"jsonrpc": "2.0", "id": n, **c}) + "\n" for n, c in enumerate(calls)
    )
    answers = [
        json.loads(line) for line in run(server, "examples/tool_server.py", told=lines).splitlines()
    ]
    assert [a["id"] for a in answers] == list(range(7))
    assert answers[3]["result"]["content"][0]["text"] == "class A:\n    def f(self):"
    assert ["error" in a for a in answers] == [False] * 5 + [True, True]
    records = operations(server, 4, client={"eq": "test-editor"})
    assert [(o["toolName"], o["operationMode"], o["outcome"]) for o in records] == [
        ("read", "full", "OK"),
        ("read", "overview", "OK"),
        ("search", "symbol", "OK"),
        ("read", "full", "ERROR"),
    ]
    saved = [o["tokensPrevented"] for o in records]
    assert saved[0] == saved[3] == 0
    assert saved[1] > 300
    assert len({o["sessionId"] for o in records}) == 1


def call(tool: str, **arguments: str) -> dict[str, Any]:
    return {"method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def test_the_script_ends_when_the_server_has_everything(
    server: ServerProcess, tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("three short words", encoding="utf-8")
    names = [str(text), str(tmp_path / "none.txt")]
    printed = run(server, "examples/nightly_script.py", *names)
    assert printed == "2 files, 0 operations not sent\n"
    counted, missing = operations(server, 2, name={"eq": "count_words"})
    assert (counted["outcome"], counted["attributes"]) == ("OK", {"words": 3})
    assert (missing["outcome"], "No such file" in missing["error"]) == ("ERROR", True)
