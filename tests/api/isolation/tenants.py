"""A tenant that has recorded everything that can be recorded, in every field there is."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from store.ids import new_id
from tests.api.isolation.documents import Filler, document, schema
from tests.support.absent_arguments import without_absent_arguments
from tests.support.api import Api, Json

SUBJECTS = {
    "COMPANY": "companyId",
    "SUBSCRIPTION": "subscriptionId",
    "NAMESPACE": "namespaceId",
    "WORKSPACE": "workspaceId",
    "USER": "userId",
    "API_KEY": "apiKeyId",
}
"""The label behind each level of limits, but the organization itself."""
LIMIT = 1_000_000_000


def make_id() -> str:
    return str(new_id())


@dataclass
class Tenant:
    """An organization with one namespace and workspace; every text of it begins with its mark."""

    mark: str
    number: int
    filler: Filler = field(init=False)
    sent: list[tuple[str, Json]] = field(default_factory=list)
    answers: list[Json] = field(default_factory=list)
    api: Api | None = None

    def __post_init__(self) -> None:
        names = schema().get_type("LabelsInput")
        labels = {name: f"{self.mark}-{name}" for name in names.fields}  # type: ignore[union-attr]
        now = datetime.now(UTC).isoformat()
        self.filler = Filler(self.mark, self.number, now, labels)
        self.ids: dict[str, str] = {}

    @property
    def organization(self) -> str:
        return self.filler.labels["organizationId"]

    def id(self, name: str) -> str:
        """An id of the tenant's own, by what it names."""
        return self.ids.setdefault(name, make_id())

    async def send(self, name: str, **variables: Any) -> Any:
        """One mutation, kept to be tried by others."""
        assert self.api is not None
        self.sent.append((name, variables))
        data = await self.api(
            without_absent_arguments(document("mutation", name, self.mark), variables), variables
        )
        self.answers.append(data)
        return data[name]

    def operations(self, what: str) -> list[Json]:
        """One draft of each kind, with every field of its kind."""
        refers = {
            "sessionId": self.id("session"),
            "requestId": self.id("request"),
            "stage": f"{self.mark}-stage",
            "outcome": "ERROR",
        }
        api = self.filler.fill("ApiCallInput", statusCode=503)
        fill = self.filler.fill
        kinds: list[Json] = [
            {"kind": "API", "without": "tool llm", "api": api},
            {"kind": "TOOL", "without": "api llm"},
            {"kind": "LLM", "without": "api tool"},
        ]
        return [
            fill("OperationInput", id=self.id(f"{what}-{kind['kind']}"), **refers, **kind)
            for kind in kinds
        ]

    def command(self, kind: str, request: str = "request", **more: Any) -> Json:
        """A command to one of the tenant's requests, with an event id of its own."""
        fields = schema().get_type(kind).fields  # type: ignore[union-attr]
        given: Json = {"requestId": self.id(request), "eventId": make_id(), **more}
        if "stage" in fields:
            given.setdefault("stage", f"{self.mark}-stage")
        if "attempt" in fields:
            given.setdefault("attempt", 1)
        return self.filler.fill(kind, **given)

    async def record_everything(self, api: Api) -> None:
        """Use every mutation, with every field of its inputs."""
        self.api = api
        await self.record_rules()
        await self.record_requests()
        await self.record_operations()
        await self.record_uses()
        await self.record_in_one_batch()
        mine = {"organizationId": {"eq": self.organization}}
        told = await self.send("reprice", input={"where": mine, "dryRun": False, "after": None})
        rest = {"where": mine, "dryRun": False, "after": told["endCursor"]}
        await self.send("reprice", input=rest)
        await self.send("endSession", input={"sessionId": self.id("session")})

    async def record_rules(self) -> None:
        """Limits on every level, prices, keys."""
        fill, own = self.filler.fill, {"organizationId": self.organization}
        limits = [{"subject": "ORGANIZATION"}]
        limits += [{"subject": s, "subjectId": self.filler.labels[n]} for s, n in SUBJECTS.items()]
        made: list[Json] = []
        for limit in limits:
            given = {"zone": "UTC", "maximum": LIMIT, **own, **limit}
            left_out = "" if "subjectId" in limit else "subjectId"
            made.append(
                await self.send("setLimit", input=fill("LimitInput", without=left_out, **given))
            )
        spare = fill(
            "LimitInput", zone="UTC", interactionType=f"{self.mark}-spare", without="subjectId",
            **own, subject="ORGANIZATION",
        )  # fmt: skip
        gone = (await self.send("setLimit", input=spare))["limit"]["uuid"]
        self.ids["limit"] = made[-1]["limit"]["uuid"]
        await self.send("deleteLimit", input={"limitId": gone})
        self.sent[-1] = ("deleteLimit", {"input": {"limitId": self.ids["limit"]}})
        price: Json = {"inputPer1k": 0.5, "outputPer1k": 0.25, "cachedInputPer1k": 0.125}
        more: Json = dict.fromkeys(("cacheWriteInputPer1k", "reasoningPer1k"), 0.25)
        more |= dict.fromkeys(("audioInputPer1k", "audioOutputPer1k"), 0.75)
        tier = {"aboveInputTokens": self.number, **price, **more}
        for kind, given in (("MODEL", {**more, "tiers": [tier]}), ("TOOL", {})):
            left_out = "" if given else " ".join([*more, "tiers"])
            draft = fill("PriceInput", without=left_out, kind=kind, **own, **price, **given)
            await self.send("setPrice", input=draft)
        parts = {n: self.filler.labels[n] for n in ("namespaceId", "workspaceId")}
        key = fill("ApiKeyInput", **own, **parts, expiresAt="2999-01-01T00:00:00Z")
        self.ids["key"] = (await self.send("createApiKey", input=key))["apiKey"]["uuid"]
        await self.send("revokeApiKey", input={"keyId": self.ids["key"]})
        # The key that others will try to revoke is one that still works.
        living = (await self.send("createApiKey", input=key))["apiKey"]["uuid"]
        self.ids["living-key"] = living
        self.sent[-2:] = [
            ("createApiKey", {"input": key}),
            ("revokeApiKey", {"input": {"keyId": living}}),
        ]

    async def record_requests(self) -> None:
        """A session, and requests that end in every way."""
        session = self.filler.fill("SessionInput", id=self.id("session"), without="endedAt")
        await self.send("startSession", input=session)
        open_session = self.filler.fill(
            "SessionInput", id=self.id("open session"), without="endedAt"
        )
        await self.send("startSession", input=open_session)
        # Others will try to end what still goes on.
        over = {**open_session, "endedAt": self.filler.now}
        self.sent += [
            ("startSession", {"input": over}),
            ("endSession", {"input": {"sessionId": open_session["id"]}}),
        ]
        stages = [
            self.filler.fill("PlannedStageInput", name=f"{self.mark}-{name}", maxAttempts=9)
            for name in ("stage", "later")
        ]
        for name in ("request", "failed", "cancelled", "running"):
            request = self.filler.fill("CreateRequestInput", id=self.id(name), stages=stages)
            await self.send("createRequest", input=request)
        await self.send("startRequest", input=self.command("StartRequestInput"))
        await self.send("startStage", input=self.command("StartStageInput"))
        progress: Json = {"fraction": 0.5, "done": self.number, "total": 2 * self.number}
        await self.send("progressStage", input=self.command("ProgressStageInput", **progress))
        await self.send("failStage", input=self.command("FailStageInput"))
        await self.send("retryStage", input=self.command("RetryStageInput", force=False))
        await self.send("completeStage", input=self.command("CompleteStageInput", attempt=2))
        await self.send("logEvent", input=self.command("LogEventInput"))
        await self.send("completeRequest", input=self.command("CompleteRequestInput"))
        await self.send("startStage", input=self.command("StartStageInput", "failed"))
        await self.send("failStage", input=self.command("FailStageInput", "failed"))
        await self.send("failRequest", input=self.command("FailRequestInput", "failed"))
        again = self.command("RetryRequestInput", "failed", force=False, startStage=True)
        await self.send("retryRequest", input=again)
        await self.send("failStage", input=self.command("FailStageInput", "failed", attempt=2))
        await self.send("failRequest", input=self.command("FailRequestInput", "failed"))
        cancelled = self.command("CancelRequestInput", "cancelled", reason=f"{self.mark}-reason")
        await self.send("cancelRequest", input=cancelled)
        await self.send("startStage", input=self.command("StartStageInput", "running"))
        await self.send(
            "progressStage", input=self.command("ProgressStageInput", "running", **progress)
        )

    async def record_operations(self) -> None:
        """Operations by every mutation that records them."""
        fill = self.filler.fill
        for draft in self.operations("single"):
            await self.send("trackOperation", input=draft)
        await self.send("trackOperations", operations=self.operations("bulk"))
        refers = {"sessionId": self.id("session"), "requestId": self.id("request")}
        api = fill("ApiOperationInput", id=self.id("api"), statusCode=404, **refers)
        await self.send("trackApiOperation", input=api)
        tool = fill("ToolOperationInput", id=self.id("tool"), **refers)
        await self.send("trackToolOperation", input=tool)
        chat = {"id": self.id("chat"), "userId": self.filler.labels["userId"], **refers}
        chat_fields = schema().get_type("ChatInput").fields  # type: ignore[union-attr]
        parts = " ".join(name for name in chat_fields if "Tokens" in name)
        for left_out in ("tokens", parts):
            draft = fill("ChatInput", without=left_out, **chat | {"id": self.id(left_out)})
            await self.send("trackChat", input=draft)

    async def record_uses(self) -> None:
        """Uses of limits, and breakers."""
        fill = self.filler.fill
        await self.send("consume", input=fill("ConsumeInput", id=self.id("consume")))
        for name in ("committed", "released", "held"):
            draft = fill("ReserveInput", id=self.id(name), ttl="PT20M")
            await self.send("reserve", input=draft)
        draft = fill(
            "ReserveInput", id=self.id("apart"), interactionType=f"{self.mark}-apart", ttl="PT20M"
        )
        await self.send("reserve", input=draft)
        units = self.number - 1
        await self.send(
            "commitReservation", input={"reservationId": self.id("committed"), "units": units}
        )
        await self.send("releaseReservation", input={"reservationId": self.id("released")})
        # Others will try those that are still held.
        held = self.id("held")
        self.sent += [
            ("commitReservation", {"input": {"reservationId": held, "units": units}}),
            ("releaseReservation", {"input": {"reservationId": held}}),
        ]  # fmt: skip
        for state in ("CLOSED", "OPEN"):
            given: Json = {"organizationId": self.organization, "state": state}
            given["totalFailures"] = 7
            breaker = fill("CircuitBreakerInput", **given)
            if state == "CLOSED":
                breaker["occurredAt"] = "2026-01-01T00:00:00Z"
            await self.send("reportCircuitBreaker", input=breaker)

    async def record_in_one_batch(self) -> None:
        """Every kind of entry of ``ingest``."""
        fill, batch = self.filler.fill, "batch"
        stages = [fill("PlannedStageInput", name=f"{self.mark}-stage", maxAttempts=9)]
        breaker: Json = {"organizationId": self.organization, "totalFailures": 7}
        entries: list[Json] = [{"operation": draft} for draft in self.operations(batch)]
        for name in (batch, "batch-failed", "batch-cancelled"):
            create = fill("CreateRequestInput", id=self.id(name), stages=stages)
            entries.append({"createRequest": create})
        over = {"id": self.id("batch-session"), "endedAt": self.filler.now}
        entries += [
            {"session": fill("SessionInput", **over)},
            {"startRequest": self.command("StartRequestInput", batch)},
            {"startStage": self.command("StartStageInput", batch)},
            {"progressStage": self.command("ProgressStageInput", batch, fraction=0.5)},
            {"failStage": self.command("FailStageInput", batch)},
            {"retryStage": self.command("RetryStageInput", batch)},
            {"completeStage": self.command("CompleteStageInput", batch, attempt=2)},
            {"logEvent": self.command("LogEventInput", batch)},
            {"completeRequest": self.command("CompleteRequestInput", batch)},
            {"failRequest": self.command("FailRequestInput", "batch-failed")},
            {"retryRequest": self.command("RetryRequestInput", "batch-failed")},
            {"cancelRequest": self.command("CancelRequestInput", "batch-cancelled")},
            {"consume": fill("ConsumeInput", id=self.id("batch-consume"))},
            {"circuitBreaker": fill("CircuitBreakerInput", name=f"{self.mark}-other", **breaker)},
        ]
        told = await self.send("ingest", entries=entries)
        assert told["accepted"] == len(entries), told
