"""One case or more for every mutation: what it is called with, at a size that can be doubled."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from store.ids import new_id
from tests.support.api import Api, Json

Call = tuple[str, Json]
"""A document and its variables."""
Prepare = Callable[[Api, int], Awaitable[Call]]
SIZES = (20, 40, 80)
CALLS = (5, 10, 20)
"""Calls in one document."""
SMALL = (3, 6, 12)
"""For what is bounded to sixteen."""
INGEST = "mutation ($v: [EntryInput!]!) { ingest(entries: $v) { accepted rejected } }"


@dataclass(frozen=True, slots=True)
class Case:
    """``prepare`` records what must be there, and returns the call that is measured."""

    field: str
    of: str
    prepare: Prepare
    sizes: tuple[int, int, int] = SIZES

    def __str__(self) -> str:
        return f"{self.field}-{self.of}"


def name(word: str) -> str:
    return f"{word}-{new_id()}"


def one(field: str, type: str, selection: str, value: Json) -> Call:
    document = f"mutation ($input: {type}!) {{ {field}(input: $input) {{ {selection} }} }}"
    return document, {"input": value}


async def ingest(api: Api, entries: list[Json]) -> None:
    answer = (await api(INGEST, {"v": entries}))["ingest"]
    assert answer["rejected"] == 0, answer


def to(id: str, command: str, **more: Any) -> Json:
    return {command: {"requestId": id, **more}}


def stages(id: str, command: str, n: int, **more: Any) -> list[Json]:
    return [to(id, command, stage=f"stage {i}", **more) for i in range(n)]


async def request(api: Api, *commands: tuple[str, Json], running: int = 0, planned: int = 0) -> str:
    """A request with so many stages, which run or wait."""
    id = str(new_id())
    plan = [{"name": f"stage {i}"} for i in range(planned)]
    entries: list[Json] = [{"createRequest": {"id": id, "type": "t", "stages": plan}}]
    entries += stages(id, "startStage", running)
    entries += [to(id, command, **values) for command, values in commands]
    await ingest(api, entries)
    return id


# ---------------------------------------------------------------- batches


def batch(make: Callable[[int], Json]) -> Prepare:
    """A batch of n entries that need nothing before them."""

    async def prepare(api: Api, n: int) -> Call:
        del api
        return INGEST, {"v": [make(i) for i in range(n)]}

    return prepare


def commands(command: str, *before: str, **more: Any) -> Prepare:
    """A batch of n commands to n stages of one request, after others to the same stages."""

    async def prepare(api: Api, n: int) -> Call:
        id = await request(api)
        for earlier in before:
            extra = {"message": "m"} if earlier == "failStage" else {}
            await ingest(api, stages(id, earlier, n, **extra))
        return INGEST, {"v": stages(id, command, n, **more)}

    return prepare


def requests(command: str, *before: tuple[str, Json], **more: Any) -> Prepare:
    """A batch of n commands to n requests of three stages."""

    async def prepare(api: Api, n: int) -> Call:
        ids = [str(new_id()) for _ in range(n)]
        created: list[Json] = [{"createRequest": {"id": id, "type": "t"}} for id in ids]
        started = [entry for id in ids for entry in stages(id, "startStage", 3)]
        await ingest(api, created + started)
        for earlier, values in before:
            await ingest(api, [to(id, earlier, **values) for id in ids])
        return INGEST, {"v": [to(id, command, **more) for id in ids]}

    return prepare


async def events_of_one_request(api: Api, n: int) -> Call:
    id = await request(api)
    entries = [to(id, "logEvent", type="e", eventId=str(new_id())) for _ in range(n)]
    return INGEST, {"v": entries}


async def repeated_events(api: Api, n: int) -> Call:
    call = await events_of_one_request(api, n)
    await api(*call)
    return call


async def unknown_stages(api: Api, n: int) -> Call:
    id = await request(api, running=10)
    return INGEST, {"v": [to(id, "completeStage", stage=f"unknown {i}") for i in range(n)]}


async def repeated_consumes(api: Api, n: int) -> Call:
    entries = [{"consume": {"interactionType": "t", "id": str(new_id())}} for _ in range(n)]
    await ingest(api, entries)
    return INGEST, {"v": entries}


async def limited_consumes(api: Api, n: int) -> Call:
    users = [name("user") for _ in range(n)]
    for user in users:
        await api(*limit(user))
    return INGEST, {"v": [
        {"consume": {"interactionType": "t", "labels": {"userId": user}, "id": str(new_id())}}
        for user in users for _ in range(2)
    ]}  # fmt: skip


async def instances_of_a_breaker(api: Api, n: int) -> Call:
    del api
    breaker = name("breaker")
    reports = [{"name": breaker, "state": "OPEN", "instance": f"i{i % 5}"} for i in range(n)]
    return INGEST, {"v": [{"circuitBreaker": report} for report in reports]}


async def ended_sessions(api: Api, n: int) -> Call:
    ids = [name("session") for _ in range(n)]
    await ingest(api, [{"session": {"id": id}} for id in ids])
    return INGEST, {"v": [{"session": {"id": id, "endedAt": "2030-01-01T00:00:00Z"}} for id in ids]}


INGEST_CASES = {
    "operation": batch(lambda i: {"operation": {"kind": "API", "name": f"n{i}",
                                                "interaction": {"type": f"t{i}"}}}),
    "session": batch(lambda _: {"session": {"id": name("session")}}),
    "createRequest": batch(lambda _: {"createRequest": {"type": "t", "stages": [{"name": "a"}]}}),
    "startRequest": requests("startRequest"),
    "startStage": commands("startStage"),
    "progressStage": commands("progressStage", "startStage", fraction=0.5),
    "completeStage": commands("completeStage", "startStage"),
    "failStage": commands("failStage", "startStage", message="m"),
    "retryStage": commands("retryStage", "startStage", "failStage"),
    "retryRequest": requests("retryRequest", ("failRequest", {"message": "m"})),
    "logEvent": events_of_one_request,
    "completeRequest": requests("completeRequest"),
    "failRequest": requests("failRequest", message="m"),
    "cancelRequest": requests("cancelRequest"),
    "consume": batch(lambda i: {"consume": {"interactionType": f"t{i}", "id": str(new_id())}}),
    "circuitBreaker": batch(lambda _: {"circuitBreaker": {"name": name("b"), "state": "OPEN"}}),
}  # fmt: skip
"""By the field of an entry."""
MORE_BATCHES = {
    "repeated events": repeated_events,
    "unknown stages": unknown_stages,
    "repeated consumes": repeated_consumes,
    "limited consumes": limited_consumes,
    "reports of one breaker": instances_of_a_breaker,
    "sessions that end": ended_sessions,
    "completed without a start": commands("completeStage", "startStage", "completeStage"),
}

# ---------------------------------------------------------------- one record with n parts


def with_interactions(field: str, type: str, value: Json) -> Prepare:
    async def prepare(api: Api, n: int) -> Call:
        del api
        interactions = [{"type": f"t{i}"} for i in range(n)]
        return one(field, type, "status", {**value, "interactions": interactions})

    return prepare


async def many_operations(api: Api, n: int) -> Call:
    del api
    document = "mutation ($v: [OperationInput!]!) { trackOperations(operations: $v) { accepted } }"
    return document, {"v": [
        {"kind": "API", "name": f"n{i}", "labels": {"userId": f"u{i}"}, "attributes": {"k": i}}
        for i in range(n)
    ]}  # fmt: skip


async def plan(api: Api, n: int) -> Call:
    del api
    value = {"type": "t", "stages": [{"name": f"s{i}"} for i in range(n)]}
    return one("createRequest", "CreateRequestInput", "request { stages { name } }", value)


def of_request(
    field: str, type: str | None, running: bool, *before: tuple[str, Json], **more: Any
) -> Prepare:
    """One command to a request with n stages; all are read back with their attempts."""
    selection = "request { progress stages { name attempts { attempt } } }"

    async def prepare(api: Api, n: int) -> Call:
        some = {"running": n} if running else {"planned": n}
        id = await request(api, *before, **some)
        if type is not None:
            return one(field, type, selection, {"requestId": id, **more})
        document = (
            f"mutation ($id: UUID!) {{ {field}(input: {{requestId: $id}}) {{ {selection} }} }}"
        )
        return document, {"id": id}

    return prepare


async def retry_of_a_stage(api: Api, n: int) -> Call:
    id = await request(api, ("failStage", {"stage": "stage 0", "message": "m"}), running=n)
    document = """mutation ($id: UUID!) { retryStage(input: {requestId: $id, stage: "stage 0"}) {
        request { stages { name } } } }"""
    return document, {"id": id}


async def event_of_a_long_log(api: Api, n: int) -> Call:
    id = await request(api, *[("logEvent", {"type": "e"})] * n)
    value = {"requestId": id, "type": "e", "eventId": str(new_id())}
    return one("logEvent", "LogEventInput", f"request {{ events(first: {n}) {{ nodes {{ seq }} }} }}",
               value)  # fmt: skip


# ---------------------------------------------------------------- n calls, one after the other


def aliased(call: Callable[[int], str], n: int) -> Call:
    return "mutation { " + " ".join(f"a{i}: {call(i)}" for i in range(n)) + " }", {}


def repeated(call: Callable[[], str]) -> Prepare:
    async def prepare(api: Api, n: int) -> Call:
        del api
        return aliased(lambda _: call(), n)

    return prepare


def limit(user: str) -> Call:
    value = {"subject": "USER", "subjectId": user, "interactionType": "t", "maximum": 9}
    return one("setLimit", "LimitInput", "limit { uuid }", value)


async def limits_that_go(api: Api, n: int) -> Call:
    ids = [(await api(*limit(name("user"))))["setLimit"]["limit"]["uuid"] for _ in range(n)]
    return aliased(
        lambda i: f'deleteLimit(input: {{limitId: "{ids[i]}"}}) {{ status limit {{ uuid }} }}', n
    )


async def limit_with_counters(api: Api, n: int) -> Call:
    """Usage begins with what n counters of the subject hold."""
    user = name("user")
    await ingest(api, [
        {"consume": {"interactionType": "t", "labels": {"userId": user, "companyId": f"c{i}"}}}
        for i in range(n)
    ])  # fmt: skip
    return limit(user)


def settled(field: str, more: str) -> Prepare:
    async def prepare(api: Api, n: int) -> Call:
        ids = []
        for _ in range(n):
            document = (
                'mutation { reserve(input: {interactionType: "r"}) { reservation { uuid } } }'
            )
            ids.append((await api(document))["reserve"]["reservation"]["uuid"])
        return aliased(
            lambda i: f'{field}(input: {{reservationId: "{ids[i]}"{more}}}) {{ allowed }}', n
        )

    return prepare


async def sessions_that_end(api: Api, n: int) -> Call:
    ids = [name("session") for _ in range(n)]
    await ingest(api, [{"session": {"id": id}} for id in ids])
    return aliased(lambda i: f'endSession(input: {{sessionId: "{ids[i]}"}}) {{ status }}', n)


async def price_with_tiers(api: Api, n: int) -> Call:
    del api
    tiers = [{"aboveInputTokens": 1_000 * (i + 1), "inputPer1k": 0.1} for i in range(n)]
    value = {"kind": "MODEL", "name": name("m"), "inputPer1k": 0.25, "tiers": tiers}
    return one("setPrice", "PriceInput", "price { name }", value)


async def priced_again(api: Api, n: int) -> Call:
    model = name("model")
    await ingest(api, [
        {"operation": {"kind": "LLM", "name": model, "llm": {"model": model, "inputTokens": i}}}
        for i in range(n)
    ])  # fmt: skip
    await api(*one("setPrice", "PriceInput", "price { name }",
                   {"kind": "MODEL", "name": model, "inputPer1k": 0.5}))  # fmt: skip
    document = """mutation ($w: OperationFilter) { reprice(input: {where: $w, dryRun: false}) {
        pageInfo { hasNextPage } } }"""
    return document.replace("pageInfo { hasNextPage }", "__typename"), {
        "w": {"name": {"eq": model}}
    }


async def breaker_of_instances(api: Api, n: int) -> Call:
    breaker = name("breaker")
    await ingest(api, [
        {"circuitBreaker": {"name": breaker, "state": "CLOSED", "instance": f"i{i}"}}
        for i in range(n)
    ])  # fmt: skip
    value = {"name": breaker, "state": "OPEN", "instance": "i0"}
    return one("reportCircuitBreaker", "CircuitBreakerInput", "status", value)


KEY = 'createApiKey(input: {name: "k", scopes: [READ]}) { apiKey { uuid } }'


async def keys_that_go(api: Api, n: int) -> Call:
    made = [await api(f"mutation {{ {KEY} }}") for _ in range(n)]
    ids = [answer["createApiKey"]["apiKey"]["uuid"] for answer in made]
    return aliased(lambda i: f'revokeApiKey(input: {{keyId: "{ids[i]}"}}) {{ __typename }}', n)


CASES = [
    *(Case("ingest", field, prepare) for field, prepare in INGEST_CASES.items()),
    *(Case("ingest", of, prepare) for of, prepare in MORE_BATCHES.items()),
    Case("trackOperations", "operations", many_operations),
    Case("trackOperation", "interactions",
         with_interactions("trackOperation", "OperationInput", {"kind": "API", "name": "n"}), SMALL),
    Case("trackApiOperation", "interactions",
         with_interactions("trackApiOperation", "ApiOperationInput", {"route": "r", "method": "GET"}),
         SMALL),
    Case("trackToolOperation", "interactions",
         with_interactions("trackToolOperation", "ToolOperationInput",
                           {"tool": "read", "mode": "overview", "tokensOriginal": 9,
                            "tokensActual": 3}), SMALL),
    Case("trackChat", "interactions",
         with_interactions("trackChat", "ChatInput", {"message": "m"}), SMALL),
    Case("startSession", "calls",
         repeated(lambda: f'startSession(input: {{id: "{name("s")}"}}) {{ status }}'), CALLS),
    Case("endSession", "calls", sessions_that_end, CALLS),
    Case("createRequest", "stages", plan),
    Case("startRequest", "stages", of_request("startRequest", None, False)),
    Case("completeRequest", "stages",
         of_request("completeRequest", "CompleteRequestInput", True)),
    Case("failRequest", "stages",
         of_request("failRequest", "FailRequestInput", True, message="m")),
    Case("retryRequest", "stages",
         of_request("retryRequest", None, True, ("failRequest", {"message": "m"}))),
    Case("cancelRequest", "stages", of_request("cancelRequest", None, True)),
    Case("startStage", "stages", of_request("startStage", "StartStageInput", True, stage="new")),
    Case("progressStage", "stages",
         of_request("progressStage", "ProgressStageInput", True, stage="stage 1", fraction=0.5)),
    Case("completeStage", "stages",
         of_request("completeStage", "CompleteStageInput", True, stage="stage 1")),
    Case("failStage", "stages",
         of_request("failStage", "FailStageInput", True, stage="stage 1", message="m")),
    Case("retryStage", "stages", retry_of_a_stage),
    Case("logEvent", "events", event_of_a_long_log),
    Case("consume", "calls",
         repeated(lambda: f'consume(input: {{interactionType: "c", id: "{new_id()}"}}) {{ allowed }}'),
         CALLS),
    Case("reserve", "calls",
         repeated(lambda: 'reserve(input: {interactionType: "r"}) { allowed }'), CALLS),
    Case("commitReservation", "calls", settled("commitReservation", ", units: 1"), CALLS),
    Case("releaseReservation", "calls", settled("releaseReservation", ""), CALLS),
    Case("setLimit", "counters", limit_with_counters),
    Case("deleteLimit", "calls", limits_that_go, CALLS),
    Case("setPrice", "tiers", price_with_tiers, (2, 4, 8)),
    Case("reprice", "operations", priced_again),
    Case("reportCircuitBreaker", "instances", breaker_of_instances),
    Case("createApiKey", "calls", repeated(lambda: KEY), CALLS),
    Case("revokeApiKey", "calls", keys_that_go, CALLS),
]  # fmt: skip
