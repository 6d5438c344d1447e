"""Finished calls of the demonstration: of an API, of tools with all modes, of language models."""

from typing import Any

from cli.demo import names
from cli.demo.scene import Actor, Company, Scene
from store.ids import new_id

ANSWER_SECONDS = 0.5
"""Until an answer of the server is there: batches go out more often than this."""


def labels_of(scene: Scene, company: Company) -> dict[str, str]:
    """A user of one of the company's workspaces."""
    workspace = scene.pick(*names.WORKSPACES, weights=names.WORKSPACE_WEIGHTS)
    return {
        "organizationId": company.name,
        "workspaceId": workspace,
        "userId": scene.pick(*names.USERS),
    }


def api_call(scene: Scene, company: Company) -> Actor:
    """A call of the memory API: writes use up premium units first, and may be denied."""
    method, route, operation_type, status, usual, _ = scene.pick(
        *names.ROUTES, weights=tuple(row[-1] for row in names.ROUTES)
    )
    labels = labels_of(scene, company)
    batch = scene.chance.randint(5, 40) if operation_type == "add_memory_batch" else 1
    error = None
    if method == "POST":
        receipt = scene.send(
            "consume",
            id=str(new_id()),
            interactionType="premium",
            operationType=f"{operation_type}_v1",
            units=batch,
            labels=labels,
        )
        yield ANSWER_SECONDS
        if receipt.is_denied:
            scene.count("denied")
            status, usual, error = 429, 3.0, receipt.message
    if error is None and scene.chance.random() < 0.04:
        status, error, _ = scene.pick(
            *names.TROUBLES, weights=tuple(row[-1] for row in names.TROUBLES)
        )
    client = scene.pick(*names.CLIENTS)
    scene.operation(
        kind="API",
        name=f"{method} {route}",
        operationType=operation_type,
        outcome="ERROR" if status >= 500 else "OK",
        error=error,
        durationMs=scene.milliseconds(usual),
        labels=labels,
        client=client,
        api={
            "route": route,
            "method": method,
            "statusCode": status,
            "ipAddress": f"198.51.100.{scene.chance.randint(1, 254)}",
            "userAgent": names.USER_AGENTS[client],
            "batchSize": batch,
            "resourceId": f"mem_{scene.chance.getrandbits(32):08x}" if status < 300 else None,
        },
        interaction={"type": "mini"} if method == "GET" else None,
        attributes={"region": scene.pick("eu-west", "us-east", weights=(3, 2))},
    )


def coding_session(scene: Scene, company: Company) -> Actor:
    """Somebody works with the code tools for a while: a session of tool operations."""
    id = str(new_id())
    client = scene.pick(*names.TOOL_CLIENTS)
    labels = labels_of(scene, company)
    scene.send("session", id=id, client=client, name=f"{labels['userId']} at work", labels=labels)
    scene.sessions[id] = labels
    for _ in range(scene.chance.randint(4, 14)):
        yield scene.chance.uniform(0.2, 1.5)
        tool_use(scene, labels, client, sessionId=id)
    scene.sessions.pop(id)
    scene.send("session", id=id, endedAt=scene.time(), labels=labels)


def tool_use(scene: Scene, labels: dict[str, str], client: str, **fields: Any) -> None:
    """One use of read or search, with what its mode saves."""
    mode, (least, most), _ = scene.pick(*names.MODES, weights=tuple(row[-1] for row in names.MODES))
    original = int(scene.chance.lognormvariate(8, 0.8))
    tool = "search" if mode in ("semantic", "tri_index", "references") else "read"
    scene.operation(
        kind="TOOL",
        name=tool,
        durationMs=scene.milliseconds(14 if tool == "read" else 55),
        labels=labels,
        client=client,
        cacheHit=scene.chance.random() < 0.2,
        tool={
            "toolName": tool,
            "operationMode": mode,
            "filePath": scene.pick(*names.FILES),
            "parameters": {"depth": scene.chance.randint(1, 3)},
            "tokensOriginal": original,
            "tokensActual": round(original * scene.chance.uniform(least, most)),
        },
        **fields,
    )


def chat(scene: Scene, company: Company) -> Actor:
    """One exchange with a model."""
    yield scene.chance.uniform(0.1, 0.6)
    model_call(scene, labels_of(scene, company), "chat", client=scene.pick(*names.CLIENTS))


def model_call(scene: Scene, labels: dict[str, str], name: str, **fields: Any) -> None:
    """A call of a model; one in forty goes to one that has no price."""
    model = scene.pick(
        *(row[0] for row in names.MODELS), weights=tuple(row[-1] for row in names.MODELS)
    )
    if scene.chance.random() < 1 / 40:
        model = names.UNPRICED_MODEL
    question, answer = scene.pick(*names.QUESTIONS)
    tokens = int(scene.chance.lognormvariate(6.5, 0.9))
    written = int(scene.chance.lognormvariate(5, 0.7))
    cached = tokens * 3 // 4 if scene.chance.random() < 0.3 else 0
    failed = scene.chance.random() < 0.02
    scene.operation(
        kind="LLM",
        name=name,
        outcome="ERROR" if failed else "OK",
        error="the model stopped answering" if failed else None,
        durationMs=scene.milliseconds(200 + written * 9),
        labels=labels,
        cacheHit=cached > 0,
        llm={
            "provider": "demo",
            "model": model,
            "inputTokens": tokens,
            "outputTokens": 0 if failed else written,
            "cachedInputTokens": cached,
            "message": question,
            "response": None if failed else answer,
        },
        **fields,
    )
