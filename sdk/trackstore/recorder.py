"""Common base of all trackers.

``Recorder`` builds and normalizes each entry, and hands it to ``put``, the one method that trackers
implement differently. Middlewares, decorators, events and direct calls so record the same things.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, Unpack
from uuid import UUID

from trackstore.aliases import REQUEST_ALIASES, SESSION_ALIASES
from trackstore.arguments import ApiArguments, ChatArguments, OperationArguments, ToolArguments
from trackstore.call_repair import report, suggestion, tolerant
from trackstore.context import current
from trackstore.entries import (
    BreakerState,
    CircuitBreaker,
    Entry,
    Kind,
    Operation,
    Session,
    Stage,
    ToolUse,
)
from trackstore.entry_checks import has_time
from trackstore.errors import InvalidItemError
from trackstore.ids import new_id
from trackstore.instances import process_name
from trackstore.labels import LABELS, RequestArguments, SessionArguments
from trackstore.limits import Limits
from trackstore.normalization import nested, normalize
from trackstore.notices import Notices
from trackstore.operation_drafts import api_facts, build_operation
from trackstore.request_queries import RequestQueries
from trackstore.request_status import uuid_of
from trackstore.requests import RequestHandle
from trackstore.results import Flushed, Stats
from trackstore.resuming import ResumedRequest
from trackstore.sessions import SessionHandle, session_id_of
from trackstore.tracked_ids import TrackedId
from trackstore.values import NAME_CHARS, Problems, describe_value, read_uuid, text

fit_stage = nested(Stage)
fit_name = text(NAME_CHARS, may_cut=False, may_be_empty=False)


class Recorder(RequestQueries, Limits, ABC):
    """Base of all trackers.

    Nothing here raises because of delivery or waits for it, except for ``consume`` and the other
    limit calls (which allow everything here), ``flush`` and ``close``.
    """

    notices: Notices
    """Warnings about the input of callers."""
    is_strict = False
    """Whether it raises ``InvalidItemError`` for invalid entries, as tests want."""

    def __new__(cls, *args: Any, **named: Any) -> Self:
        del args, named
        tracker = super().__new__(cls)
        tracker.notices = Notices()
        return tracker

    # ------------------------------------------------------------------ what each does its own way

    @abstractmethod
    def put(self, entry: Entry) -> None:
        """Accept a normalized entry. Never raises, except for ``InvalidItemError`` if strict."""

    @abstractmethod
    def refuse(self, field: str, error: Exception) -> None:
        """Count what could not be made an entry; raise ``InvalidItemError`` if strict."""

    @abstractmethod
    def flush(self, timeout: float = 5.0) -> Flushed:
        """Send what was tracked so far; return after ``timeout`` seconds at the latest."""

    @abstractmethod
    def close(self, timeout: float = 5.0) -> Flushed:
        """Flush and stop; return after ``timeout`` seconds at the latest."""

    @abstractmethod
    def stats(self) -> Stats: ...

    def is_cancelled(self, request_id: UUID) -> bool:
        del request_id
        return False

    # ------------------------------------------------------------------ entries

    def record(self, entry: Entry) -> None:
        """Record one entry. Never raises, except for ``InvalidItemError`` if the tracker is strict.

        An invalid field is converted, or left out and counted (``stats().adjusted``); the rest is
        kept.
        """
        self._record(entry, in_place=False)

    def _record(self, entry: Entry, *, in_place: bool) -> None:
        try:
            normalized, problems = normalize(entry, in_place=in_place)
            if problems:
                report(self, entry.field, problems)
        except InvalidItemError as error:
            if self.is_strict:
                raise
            self.refuse(entry.field, error)
        except Exception as error:  # noqa: BLE001 - tracking must not break what it tracks
            self.refuse(getattr(entry, "field", "entry"), error)
        else:
            self.put(normalized)

    # ------------------------------------------------------------------ operations

    @tolerant()
    def track_operation(
        self,
        *,
        kind: Kind | str | None = None,
        name: str | None = None,
        **facts: Unpack[OperationArguments],
    ) -> TrackedId:
        """Record a finished call and return its id. Never waits, never raises.

        ``kind`` is API, TOOL or LLM in any case; ``name`` is the route, tool or model call as it
        will be grouped. Both are inferred from route, tool or model if omitted. What cannot be sent
        is counted as dropped with its reason (``stats().dropped``).
        """
        return self._track(kind, name, dict(facts))

    @tolerant()
    def track_api_operation(
        self,
        *,
        route: str,
        method: str,
        counts_against_plan: bool = False,
        **facts: Unpack[ApiArguments],
    ) -> TrackedId:
        """Record a finished API call and return its id.

        Its name is method and route. The monthly counter of ``api_operation`` counts one unit of
        every call, unless ``interaction`` says otherwise; limits count it if
        ``counts_against_plan`` is true. Without an ``outcome`` it is ERROR with an error text or a
        status from 500; ``operation_type`` is inferred from method and route.
        """
        known = api_facts(route, method, counts_against_plan, dict(facts))
        return self._track("API", None, known)

    @tolerant()
    def track_tool_operation(
        self,
        *,
        tool: str | ToolUse | Mapping[str, Any],
        mode: str | None = None,
        tokens_original: int | None = None,
        tokens_actual: int | None = None,
        file_path: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        **facts: Unpack[ToolArguments],
    ) -> TrackedId:
        """Record a tool call and the tokens it saved; return its id.

        ``client`` names the program that used it (its tool id). Tools and modes may have any name.
        ``tokens_prevented`` is the difference of the other two, and replaces one of them.
        """
        known: dict[str, Any] = {
            **facts,
            "tool_name" if type(tool) is str else "tool": tool,
            "mode": mode,
            "tokens_original": tokens_original,
            "tokens_actual": tokens_actual,
            "file_path": file_path,
            "parameters": parameters,
        }
        return self._track("TOOL", None, known)

    @tolerant()
    def track_chat(
        self,
        *,
        message: Any,
        response: Any = None,
        model: str | None = None,
        email: str | None = None,
        tokens: int | None = None,
        name: str = "chat",
        **facts: Unpack[ChatArguments],
    ) -> TrackedId:
        """Record one exchange of a chat and return its id.

        ``usage`` accepts the usage object of a model SDK, or a response that has one. ``tokens`` is
        the total if input and output are unknown: it counts as input. ``email`` becomes the
        attribute of that name. Messages that are lists or objects are kept as JSON.
        """
        known: dict[str, Any] = {
            **facts,
            "message": message,
            "response": response,
            "model": model,
        }
        if email is not None:
            known["email"] = email
        if tokens is not None:
            known["tokens"] = tokens
        return self._track("LLM", name, known)

    @tolerant()
    def report_breaker(
        self,
        name: str,
        state: BreakerState | str,
        *,
        total_calls: int = 0,
        total_failures: int = 0,
        message: str | None = None,
        organization_id: str | None = None,
        instance: str | None = None,
    ) -> None:
        """Report state (CLOSED, OPEN, HALF_OPEN) and totals of a circuit breaker.

        Totals are those of ``instance``, by default this process; the server adds up the instances
        of a name. Processes that share one breaker use the same instance. A later report takes
        precedence, in whatever order reports arrive.
        """
        if organization_id is None and self.labels is not None:
            organization_id = self.labels.organization_id
        breaker: dict[str, Any] = {"name": name, "state": state}
        self.record(
            CircuitBreaker(
                **breaker,
                instance=instance or process_name(),
                total_calls=total_calls,
                total_failures=total_failures,
                message=message,
                organization_id=organization_id,
                occurred_at=datetime.now(UTC),
            )
        )

    # ------------------------------------------------------------------ work that is watched

    @tolerant(SESSION_ALIASES)
    def session(
        self,
        name: str | None = None,
        *,
        client: str | None = None,
        id: UUID | str | None = None,
        attributes: Mapping[str, Any] | None = None,
        **labels: Unpack[SessionArguments],
    ) -> SessionHandle:
        """Begin a session: ``with`` or ``async with`` ends it, and links what is tracked inside.

        ``id`` is any text, such as the session id of a web framework; default: a new UUIDv7.
        """
        session = Session(
            id=session_id_of(self, id),
            name=name,
            client=client,
            started_at=datetime.now(UTC),
            labels=self.labels_with(self._known_labels("session", labels)),
            attributes=attributes,  # type: ignore[arg-type]  # fitted when it is recorded
        )
        return SessionHandle(self, session)

    @tolerant(REQUEST_ALIASES)
    def request(
        self,
        type: str,
        *,
        stages: Sequence[str | Stage | Mapping[str, Any]] = (),
        title: str | None = None,
        correlation_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        id: UUID | str | None = None,
        occurred_at: datetime | None = None,
        **labels: Unpack[RequestArguments],
    ) -> RequestHandle:
        """Create a request; ``occurred_at`` is for work of the past.

        ``with`` or ``async with`` starts it, completes it, and fails it on an exception, which is
        raised again. ``stages`` are planned by name, or as ``Stage`` with weight and attempts. The
        correlation id defaults to that of the context, then to the id of the request.
        """
        request_id = self._id("request", id)
        handle = RequestHandle(self, request_id, self._correlation_id(correlation_id))
        handle.create(
            type,
            self._stages(stages),
            title=title,
            attributes=attributes,  # type: ignore[arg-type]  # fitted when it is recorded
            labels=self.labels_with(self._known_labels("request", labels)),
            occurred_at=occurred_at,
        )
        return handle

    def resume(self, request_id: UUID | str, correlation_id: str | None = None) -> ResumedRequest:
        """Continue a request that another process created, such as the web process that queued it.

        ``with`` starts it if it is pending, and retries it if it failed and may be retried. The
        correlation id and the attempts of its stages are fetched from the server when they are
        first needed. Raises ``ValueError`` for an invalid id.
        """
        return ResumedRequest(self, uuid_of(request_id), correlation_id)

    # ------------------------------------------------------------------ inside

    def _track(self, kind: Any, name: Any, facts: dict[str, Any]) -> TrackedId:
        problems: Problems = []
        passed = facts.pop("id", None)
        operation_id = None if passed is None else read_uuid(passed)
        if passed is not None and operation_id is None:
            problems.append(
                ("id", f"{describe_value(passed)} is not a UUID. The operation gets another id.")
            )
        id = operation_id or new_id()
        try:
            operation = build_operation(kind, name, id, facts, self.labels, problems)
            if problems:
                report(self, Operation.field, problems)
        except InvalidItemError:
            raise
        except Exception as error:  # noqa: BLE001 - tracking must not break what it tracks
            self.refuse(Operation.field, error)
        else:
            self._record(operation, in_place=True)
        return TrackedId.of(id)

    def _id(self, field: str, passed: Any) -> UUID:
        if passed is None:
            return new_id()
        id = read_uuid(passed)
        if id is not None and has_time(id):
            return id
        problem = f"{describe_value(passed)} is not a UUIDv7. The {field} gets another id."
        report(self, field, [("id", problem)])
        return new_id()

    def _correlation_id(self, passed: Any) -> str | None:
        problems: Problems = []
        correlation_id: str | None = None if passed is None else fit_name(passed, problems)
        report(self, "request", [("correlation_id", problem) for _, problem in problems])
        return correlation_id or current().correlation_id

    def _known_labels(self, field: str, labels: Mapping[str, Any]) -> Mapping[str, Any]:
        unknown = [name for name in labels if name not in LABELS]
        if not unknown:
            return labels
        report(self, field, [(name, suggestion(name, LABELS)) for name in unknown])
        return {name: value for name, value in labels.items() if name in LABELS}

    def _stages(self, stages: Any) -> list[Stage]:
        if stages is None:
            return []
        problems: Problems = []
        planned: list[Stage] = []
        try:
            stages = [stages] if issubclass(type(stages), str) else list(stages)
        except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
            problems.append(("", f"{describe_value(stages)} is not a list of names."))
            stages = []
        for stage in stages:
            is_part = issubclass(type(stage), Stage | Mapping)
            normalized = fit_stage(stage if is_part else Stage(name=stage), problems)
            if normalized is not None:
                planned.append(normalized)
        report(
            self, "createRequest", [(f"stages.{p}".rstrip("."), problem) for p, problem in problems]
        )
        return planned

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
