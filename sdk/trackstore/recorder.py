"""What every tracker can do: the real one, the one that only records, the one that does nothing.

``Recorder`` builds each entry and hands it to ``record``, the one thing that trackers do in their
own way. So the middlewares, the decorators, the events and the plain calls record the same things.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, Unpack
from uuid import UUID

from trackstore.answers import Flushed, Stats
from trackstore.context import NOWHERE, current
from trackstore.entries import (
    ApiCall,
    BreakerState,
    CircuitBreaker,
    Entry,
    Interaction,
    Json,
    Kind,
    LlmCall,
    Operation,
    Outcome,
    Session,
    Stage,
    ToolUse,
)
from trackstore.ids import new_id
from trackstore.labelling import LABELS, LabelArguments
from trackstore.limits import Limits
from trackstore.notices import Notices
from trackstore.requests import RequestHandle
from trackstore.sessions import SessionHandle


class SharedArguments(LabelArguments, total=False):
    """What any operation may carry beside its own facts.

    ``id`` (UUIDv7, default: a new one), ``occurred_at`` (aware; default: the time inside the id),
    ``duration_ms``, ``error`` (text), ``outcome`` (default: ERROR with an error text, else OK),
    ``cache_hit``, ``interaction`` (a type, or type and units: the call counts against limits) and
    free ``attributes``. ``request_id``, ``stage``, ``session_id``, ``correlation_id`` and
    ``trace_id`` are taken from the context where they are left out.
    """

    id: UUID | None
    occurred_at: datetime | None
    operation_type: str | None
    outcome: Outcome | None
    error: str | None
    duration_ms: float | None
    session_id: UUID | None
    request_id: UUID | None
    stage: str | None
    correlation_id: str | None
    trace_id: str | None
    client: str | None
    cache_hit: bool | None
    interaction: Interaction | str | None
    attributes: Mapping[str, Any] | None


class OperationArguments(SharedArguments, total=False):
    """What ``track_operation`` takes: one of ``api``, ``tool`` and ``llm``, by the kind."""

    api: ApiCall | Mapping[str, Any] | None
    tool: ToolUse | Mapping[str, Any] | None
    llm: LlmCall | Mapping[str, Any] | None


API_OPERATION = "api_operation"
"""What a call counts as that counts against the plan without saying how."""
API_FACTS = {"status_code", "ip_address", "user_agent", "batch_size", "resource_id"}
LLM_FACTS = {
    "provider", "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_input_tokens",
    "reasoning_tokens", "audio_input_tokens", "audio_output_tokens", "input_tokens_exclude_cache",
}  # fmt: skip
TIES = ("session_id", "request_id", "stage", "correlation_id", "trace_id")
"""What is taken from the context."""


def plain(attributes: Mapping[str, Any] | None) -> Json | None:
    """An object as it is sent."""
    return None if attributes is None else dict(attributes)


def api_call(value: ApiCall | Mapping[str, Any]) -> ApiCall:
    """The part of an API call, from its names."""
    return value if isinstance(value, ApiCall) else ApiCall(**value)


def tool_use(value: ToolUse | Mapping[str, Any]) -> ToolUse:
    """The part of a tool call, from its names."""
    return value if isinstance(value, ToolUse) else ToolUse(**value)


def llm_call(value: LlmCall | Mapping[str, Any]) -> LlmCall:
    """The part of a model call, from its names."""
    return value if isinstance(value, LlmCall) else LlmCall(**value)


def interaction(value: Interaction | str) -> Interaction:
    """What a call counts against: one unit where only the type is said."""
    return value if isinstance(value, Interaction) else Interaction(type=value)


SHAPES: Mapping[str, Callable[[Any], Any]] = {
    "api": api_call,
    "tool": tool_use,
    "llm": llm_call,
    "interaction": interaction,
}
"""What may be given in a shorter form than it is sent in."""


class Recorder(Limits, ABC):
    """Base of all trackers.

    Nothing here raises because of delivery, and nothing waits for it, but ``consume`` and its kin,
    which ask the server (here they allow everything), and ``flush`` and ``close``.
    """

    notices: Notices
    """What it has to say about its callers' input: counted, and warned of once."""
    is_strict = False
    """Whether it raises ``InvalidItem`` for what the server would refuse: in tests."""

    def __new__(cls, *args: Any, **named: Any) -> Self:
        """Give each tracker notices of its own, whether or not a subclass calls ``__init__``."""
        del args, named
        tracker = super().__new__(cls)
        tracker.notices = Notices()
        return tracker

    # ------------------------------------------------------------------ what each does its own way

    @abstractmethod
    def record(self, entry: Entry) -> None:
        """Take one entry. Never raises, but ``InvalidItem`` where the tracker is strict."""

    @abstractmethod
    def refuse(self, field: str, error: Exception) -> None:
        """Count what could not even be made an entry; raises ``InvalidItem`` if strict."""

    @abstractmethod
    def flush(self, timeout: float = 5.0) -> Flushed:
        """Send what was tracked so far; returns after ``timeout`` seconds at the latest."""

    @abstractmethod
    def close(self, timeout: float = 5.0) -> Flushed:
        """Flush and take nothing more; returns after ``timeout`` seconds at the latest."""

    @abstractmethod
    def stats(self) -> Stats:
        """What became of everything that was tracked."""

    def is_cancelled(self, request_id: UUID) -> bool:
        """Whether the server said that this request was called off, as far as is known here."""
        del request_id
        return False

    # ------------------------------------------------------------------ operations

    def track_operation(
        self, *, kind: Kind, name: str, **facts: Unpack[OperationArguments]
    ) -> UUID:
        """Record one finished call; gives its id. Never waits, never raises.

        ``kind`` is API, TOOL or LLM; ``name`` the route, tool or model call as people will group
        it. What cannot be sent is counted as dropped with its reason (``stats().dropped``).
        """
        known: dict[str, Any] = facts  # type: ignore[assignment]
        id: UUID = known.pop("id", None) or new_id()
        try:
            self.record(self._operation(id, kind, name, known))
        except (TypeError, ValueError, AttributeError) as error:
            self.refuse(Operation.field, error)
        return id

    def track_api_operation(
        self,
        *,
        route: str,
        method: str,
        counts_against_plan: bool = False,
        **facts: Any,
    ) -> UUID:
        """Record a finished API call in the words of an API; gives its id.

        Beside what ``track_operation`` takes: ``status_code``, ``ip_address``, ``user_agent``,
        ``batch_size`` and ``resource_id``. ``counts_against_plan`` counts one unit of
        ``api_operation``. Without an ``outcome`` it is ERROR with an error text or a status
        from 500.
        """
        if counts_against_plan and facts.get("interaction") is None:
            facts["interaction"] = API_OPERATION
        parts = {name: facts.pop(name) for name in API_FACTS & facts.keys()}
        status = parts.get("status_code")
        if facts.get("outcome") is None and isinstance(status, int) and status >= 500:
            facts["outcome"] = "ERROR"
        api = {"route": route, "method": method, **parts}
        name = f"{method} {route}" if method else route
        return self.track_operation(kind="API", name=name, api=api, **facts)

    def track_tool_operation(
        self,
        *,
        tool: str,
        mode: str | None = None,
        tokens_original: int | None = None,
        tokens_actual: int | None = None,
        file_path: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        **facts: Unpack[SharedArguments],
    ) -> UUID:
        """Record a tool call and the tokens it saved; gives its id.

        ``client`` says which program used it (its tool id). Any names are taken.
        """
        use = {
            "tool_name": tool,
            "operation_mode": mode,
            "tokens_original": tokens_original,
            "tokens_actual": tokens_actual,
            "file_path": file_path,
            "parameters": parameters,
        }
        return self.track_operation(kind="TOOL", name=tool, tool=use, **facts)

    def track_chat(
        self,
        *,
        message: str | None,
        response: str | None = None,
        model: str | None = None,
        email: str | None = None,
        tokens: int | None = None,
        name: str = "chat",
        **facts: Any,
    ) -> UUID:
        """Record one exchange of a chat; gives its id.

        Beside what ``track_operation`` takes: ``provider`` and the token counts of ``LlmCall``
        (``input_tokens``, ``output_tokens``, ``cached_input_tokens`` ...). ``tokens`` is the total
        where input and output are not known apart: it counts as input. ``email`` becomes the
        attribute of that name.
        """
        parts = {name: facts.pop(name) for name in LLM_FACTS & facts.keys()}
        if tokens is not None and parts.get("input_tokens") is None:
            parts["input_tokens"] = tokens
        if email is not None:
            facts["attributes"] = {**(facts.get("attributes") or {}), "email": email}
        llm = {"message": message, "response": response, "model": model, **parts}
        return self.track_operation(kind="LLM", name=name, llm=llm, **facts)

    def report_breaker(
        self,
        name: str,
        state: BreakerState,
        *,
        total_calls: int = 0,
        total_failures: int = 0,
        message: str | None = None,
        organization_id: str | None = None,
    ) -> None:
        """Report state (CLOSED, OPEN, HALF_OPEN) and totals of a circuit breaker.

        A later report goes before an earlier one, in whatever order they arrive.
        """
        if organization_id is None and self.labels is not None:
            organization_id = self.labels.organization_id
        self.record(
            CircuitBreaker(
                name=name,
                state=state,
                total_calls=total_calls,
                total_failures=total_failures,
                message=message,
                organization_id=organization_id,
                occurred_at=datetime.now(UTC),
            )
        )

    # ------------------------------------------------------------------ work that is watched

    def session(
        self,
        name: str | None = None,
        *,
        client: str | None = None,
        id: UUID | None = None,
        attributes: Mapping[str, Any] | None = None,
        **labels: Unpack[LabelArguments],
    ) -> SessionHandle:
        """Begin a session: ``with`` or ``async with`` ends it, and ties to it what is inside."""
        session = Session(
            id=id or new_id(),
            name=name,
            client=client,
            started_at=datetime.now(UTC),
            labels=self.labels_with(labels),
            attributes=plain(attributes),
        )
        return SessionHandle(self, session)

    def request(
        self,
        type: str,
        *,
        stages: Sequence[str | Stage] = (),
        title: str | None = None,
        correlation_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        id: UUID | None = None,
        **labels: Unpack[LabelArguments],
    ) -> RequestHandle:
        """Create a request, work that somebody watches.

        ``with`` or ``async with`` starts it, completes it, and fails it on an exception, which
        goes on. ``stages`` are planned by name, or as ``Stage`` with weight and attempts. Without
        a correlation id it takes that of the context, else its own id.
        """
        handle = RequestHandle(self, id or new_id(), correlation_id or current().correlation_id)
        handle.create(
            type,
            [Stage(name=stage) if isinstance(stage, str) else stage for stage in stages],
            title=title,
            attributes=plain(attributes),
            labels=self.labels_with(labels),
        )
        return handle

    def resume(self, request_id: UUID, correlation_id: str | None = None) -> RequestHandle:
        """Go on with a request that was created elsewhere, such as by the web process that queued
        the work. ``with`` starts it if it waits, as for a new one."""
        return RequestHandle(self, request_id, correlation_id or current().correlation_id)

    # ------------------------------------------------------------------ inside

    def _operation(self, id: UUID, kind: Kind, name: str, facts: dict[str, Any]) -> Operation:
        """The entry; takes ``facts`` apart. Raises ``TypeError`` for names that it does not know."""
        labels = {label: facts.pop(label) for label in LABELS if label in facts}
        facts["labels"] = self.labels_with(labels) if labels else self.labels
        here = current()
        if here is not NOWHERE:
            for tie in TIES:
                if facts.get(tie) is None:
                    facts[tie] = getattr(here, tie)
        for fact, shape in SHAPES.items():
            if fact in facts and facts[fact] is not None:
                facts[fact] = shape(facts[fact])
        if facts.get("outcome") is None:
            facts["outcome"] = "OK" if facts.get("error") is None else "ERROR"
        return Operation(kind=kind, name=name, id=id, **facts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
