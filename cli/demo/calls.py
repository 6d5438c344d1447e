"""Synthetic operations: API calls, tools in all modes, language models."""

from typing import Any

from cli.demo import sample_data
from cli.demo.simulation import Actor, DemoOrganization, Simulation
from store.ids import new_id

ANSWER_SECONDS = 0.5
"""Virtual time until the server has answered; batches are sent more often."""


def labels_of(simulation: Simulation, organization: DemoOrganization) -> dict[str, str]:
    workspace = simulation.pick(*sample_data.WORKSPACES, weights=sample_data.WORKSPACE_WEIGHTS)
    return {
        "organizationId": organization.name,
        "workspaceId": workspace,
        "userId": simulation.pick(*sample_data.USERS),
    }


def api_call(simulation: Simulation, organization: DemoOrganization) -> Actor:
    """Call the memory API. Writes consume premium units first, and may be denied."""
    method, route, operation_type, status, usual, _ = simulation.pick(
        *sample_data.ROUTES, weights=tuple(row[-1] for row in sample_data.ROUTES)
    )
    labels = labels_of(simulation, organization)
    batch = simulation.random.randint(5, 40) if operation_type == "add_memory_batch" else 1
    error = None
    if method == "POST":
        result = simulation.send(
            "consume",
            id=str(new_id()),
            interactionType="premium",
            operationType=f"{operation_type}_v1",
            units=batch,
            labels=labels,
        )
        yield ANSWER_SECONDS
        if result.is_denied:
            simulation.count("denied")
            status, usual, error = 429, 3.0, result.message
    if error is None and simulation.random.random() < 0.04:
        status, error, _ = simulation.pick(
            *sample_data.FAILED_RESPONSES,
            weights=tuple(row[-1] for row in sample_data.FAILED_RESPONSES),
        )
    client = simulation.pick(*sample_data.CLIENTS)
    simulation.operation(
        kind="API",
        name=f"{method} {route}",
        operationType=operation_type,
        outcome="ERROR" if status >= 500 else "OK",
        error=error,
        durationMs=simulation.milliseconds(usual),
        labels=labels,
        client=client,
        api={
            "route": route,
            "method": method,
            "statusCode": status,
            "ipAddress": f"198.51.100.{simulation.random.randint(1, 254)}",
            "userAgent": sample_data.USER_AGENTS[client],
            "batchSize": batch,
            "resourceId": f"mem_{simulation.random.getrandbits(32):08x}" if status < 300 else None,
        },
        interaction={"type": "mini"} if method == "GET" else None,
        attributes={"region": simulation.pick("eu-west", "us-east", weights=(3, 2))},
    )


def coding_session(simulation: Simulation, organization: DemoOrganization) -> Actor:
    id = str(new_id())
    client = simulation.pick(*sample_data.TOOL_CLIENTS)
    labels = labels_of(simulation, organization)
    simulation.send(
        "session", id=id, client=client, name=f"{labels['userId']} at work", labels=labels
    )
    simulation.sessions[id] = labels
    for _ in range(simulation.random.randint(4, 14)):
        yield simulation.random.uniform(0.2, 1.5)
        tool_use(simulation, labels, client, sessionId=id)
    simulation.sessions.pop(id)
    simulation.send("session", id=id, endedAt=simulation.time(), labels=labels)


def tool_use(simulation: Simulation, labels: dict[str, str], client: str, **fields: Any) -> None:
    mode, (least, most), _ = simulation.pick(
        *sample_data.MODES, weights=tuple(row[-1] for row in sample_data.MODES)
    )
    original = int(simulation.random.lognormvariate(8, 0.8))
    tool = "search" if mode in ("semantic", "tri_index", "references") else "read"
    simulation.operation(
        kind="TOOL",
        name=tool,
        durationMs=simulation.milliseconds(14 if tool == "read" else 55),
        labels=labels,
        client=client,
        cacheHit=simulation.random.random() < 0.2,
        tool={
            "toolName": tool,
            "operationMode": mode,
            "filePath": simulation.pick(*sample_data.FILES),
            "parameters": {"depth": simulation.random.randint(1, 3)},
            "tokensOriginal": original,
            "tokensActual": round(original * simulation.random.uniform(least, most)),
        },
        **fields,
    )


def chat(simulation: Simulation, organization: DemoOrganization) -> Actor:
    yield simulation.random.uniform(0.1, 0.6)
    model_call(
        simulation,
        labels_of(simulation, organization),
        "chat",
        client=simulation.pick(*sample_data.CLIENTS),
    )


def model_call(simulation: Simulation, labels: dict[str, str], name: str, **fields: Any) -> None:
    """Call a model; one call in forty goes to a model without a price."""
    model = simulation.pick(
        *(row[0] for row in sample_data.MODELS),
        weights=tuple(row[-1] for row in sample_data.MODELS),
    )
    if simulation.random.random() < 1 / 40:
        model = sample_data.UNPRICED_MODEL
    question, answer = simulation.pick(*sample_data.QUESTIONS)
    tokens = int(simulation.random.lognormvariate(6.5, 0.9))
    written = int(simulation.random.lognormvariate(5, 0.7))
    cached = tokens * 3 // 4 if simulation.random.random() < 0.3 else 0
    failed = simulation.random.random() < 0.02
    simulation.operation(
        kind="LLM",
        name=name,
        outcome="ERROR" if failed else "OK",
        error="the model stopped answering" if failed else None,
        durationMs=simulation.milliseconds(200 + written * 9),
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
