"""A served call as reported by the integrations, and its conversion to an operation."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Literal, Unpack
from uuid import UUID

from msgspec import Struct
from msgspec.json import encode

from trackstore.aliases import resolve
from trackstore.arguments import CallArguments
from trackstore.call_repair import report, suggestion
from trackstore.context_scopes import Scoped
from trackstore.entries import Interaction, LlmCall
from trackstore.errors import InvalidItemError, InvalidSettingsError, TrackstoreError
from trackstore.exception_status import SERVER_ERROR_STATUS, describe
from trackstore.json_values import json_object
from trackstore.labels import LABELS
from trackstore.operation_drafts import KNOWN_NAMES
from trackstore.recorder import Recorder
from trackstore.redaction import cut
from trackstore.route_names import template_name
from trackstore.rules import API_OPERATION, BATCH_SIZE, RoutePlan, TrackingRules, is_sampled
from trackstore.tracker import expect_tracker, get_tracker
from trackstore.values import Problems, describe_value, read_text

log = logging.getLogger("trackstore")

END_USER = "end_user_id"
"""Takes precedence over ``user_id``."""
DISCONNECTED_STATUS = 499
"""Status of a call whose caller disconnected before the answer began."""
MAX_CACHED_PLANS = 4_096
"""Routes with a cached plan; more names than this are paths, not routes."""
MAX_CAPTURED_BYTES = 20_000
"""Bytes of headers, query and body kept of one call. The server accepts 64 KiB of attributes, and a
caller must not be able to prevent a record by sending more."""

SkipReason = Literal["route", "labels", "sample", "failed"]


class ServedCall(Struct, frozen=True, kw_only=True):
    """A finished call. None means unknown; ``labels`` hold only known ones."""

    route: str
    method: str = ""
    status_code: int | None = None
    duration_ms: float | None = None
    outcome: str | None = None
    error: str | None = None
    operation_type: str | None = None
    resource_id: str | None = None
    batch_size: int | None = None
    counts: bool | None = None
    """Whether it counts against the plan, overriding the rules."""
    client: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    session_id: UUID | str | None = None
    request_id: UUID | None = None
    stage: str | None = None
    correlation_id: str | None = None
    trace_id: str | None = None
    cache_hit: bool | None = None
    labels: Mapping[str, str] = {}
    attributes: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    query: str = ""
    body: Any = None
    id: UUID | None = None
    details: Mapping[str, Any] = {}
    """Further facts of the operation, such as message, model and tokens of a chat."""


class OpenCall:
    """What is known so far of a call in progress; the handler may add to it."""

    __slots__ = ("attributes", "details", "exception", "facts", "is_recorded", "labels", "recorder")

    def __init__(self, recorder: "CallRecorder | None" = None) -> None:
        self.recorder = recorder
        self.labels: dict[str, str] = {}
        self.attributes: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}
        self.details: dict[str, Any] = {}
        self.is_recorded = False
        self.exception: BaseException | None = None
        """Exception that a framework has answered; its text is recorded for a server error."""

    def add(self, known: Mapping[str, Any]) -> Problems:
        """Add known values; return problems such as an unknown name.

        Labels go to the labels, attributes into the attributes, and facts of an operation into the
        details.
        """
        problems: Problems = []
        for name, value in resolve(dict(known), problems).items():
            if value is None:
                continue
            if name in LABEL_NAMES:
                label = read_text(value, problems)
                if label is not None:
                    self.labels[name] = label
            elif name == "attributes":
                self.attributes.update(json_object(value, problems) or {})
            elif name == "error":
                is_raised = issubclass(type(value), BaseException)
                self.facts[name] = describe(value) if is_raised else read_text(value, problems)
            elif name == "counts_against_plan":
                self.facts["counts"] = value
            elif name in ANNOTATIONS:
                self.facts[name] = value
            elif name in DETAIL_NAMES:
                self.details[name] = value
            else:
                problems.append((name, suggestion(name, (*ANNOTATIONS, *LABELS, *DETAIL_NAMES))))
        return problems


FACTS = ServedCall.__struct_fields__
ANNOTATIONS = frozenset(FACTS) - {"labels", "headers", "query", "body", "id", "details"}
LABEL_NAMES = frozenset(LABELS)
DETAIL_NAMES = frozenset(KNOWN_NAMES) - {"id", "interaction"}
CHAT_FACTS = frozenset(LlmCall.__struct_fields__) | {"tokens"}
"""Facts of a model call: a call without an HTTP method that has them is one."""
OWN_FACTS = {"labels", "attributes", "headers", "query", "body", "counts", "details"}
FORWARDED_FACTS = tuple(name for name in FACTS if name not in OWN_FACTS)
"""Facts that are copied to the operation."""

_open: Scoped[OpenCall | None] = Scoped("trackstore_call", None)

open_call = _open.get
"""The current call, if an integration watches it."""


@contextmanager
def serving(call: OpenCall) -> Iterator[OpenCall]:
    """Make this the call that ``annotate`` refers to until the block ends."""
    block = _open.enter(call)
    try:
        yield call
    finally:
        _open.leave(block)


def annotate(**known: Unpack[CallArguments]) -> bool:
    """Add what the rules cannot see to the current call, from anywhere inside its handler.

    ``annotate(workspace_id="ws_12", resource_id=memory.id, batch_size=3)``: labels, every field of
    ``ServedCall`` except headers, query and body, and facts of an operation such as ``message``,
    ``model`` and ``tokens``; ``attributes`` are merged. Returns False if no call is being served.
    An unknown name is counted and left out; a strict tracker raises.
    """
    call = _open.get()
    if call is None:
        return False
    problems = call.add(known)
    if call.recorder is not None:
        call.recorder.report(problems)
    return True


class CallRecorder:
    """Records calls by the rules: the same call gives the same operation, whatever reports it.

    Without a ``tracker`` it uses the default one when a call ends. It never raises: skipped calls
    are counted in ``skipped``, by reason.
    """

    def __init__(self, tracker: Recorder | None = None, rules: TrackingRules | None = None) -> None:
        self._tracker = tracker
        if tracker is None:
            expect_tracker()
        checked_rules: Any = TrackingRules() if rules is None else rules
        if not isinstance(checked_rules, TrackingRules):
            problem = f"rules: must be a TrackingRules object (got {describe_value(checked_rules)})"
            raise InvalidSettingsError(f"{problem}: pass TrackingRules(routes=[RouteRule(...)]).")
        self.rules = checked_rules
        self.may_keep_bodies = self.rules.may_keep_bodies
        self.skipped: Counter[SkipReason] = Counter()
        self._plans: dict[tuple[str, str], RoutePlan] = {}

    @property
    def tracker(self) -> Recorder:
        return self._tracker or get_tracker()

    def plan(self, method: str, route: str) -> RoutePlan:
        plan = self._plans.get((method, route))
        if plan is None:
            plan = self.rules.plan(method, route)
            if len(self._plans) < MAX_CACHED_PLANS:
                self._plans[method, route] = plan
        return plan

    def record(self, call: ServedCall) -> UUID | None:
        """Record a call, or skip it as the rules say; return the id of the operation."""
        try:
            fields = self.compose(call)
            if fields is None:
                return None
            if not call.method and not CHAT_FACTS.isdisjoint(call.details):
                name = fields.pop("route")
                return self.tracker.track_operation(kind="LLM", name=name, **fields)
            return self.tracker.track_api_operation(**fields)
        except Exception as error:  # noqa: BLE001 - tracking must not break what it tracks
            self.failed("a call could not be recorded", error)
            return None

    def report(self, problems: Problems) -> None:
        try:
            tracker = self.tracker
        except TrackstoreError:  # there is no tracker at all
            return
        report(tracker, "call", problems)

    def failed(self, action: str, error: Exception) -> None:
        """Count an internal error; the first one is logged with its traceback.

        Raises ``InvalidItemError`` if the tracker is strict, so that tests see it.
        """
        if self._is_strict():
            raise InvalidItemError(f"{action}: {error}") from error
        self._skip("failed")
        if self.skipped["failed"] == 1:
            log.warning("trackstore: %s; later errors are only counted", action, exc_info=error)

    def compose(self, call: ServedCall) -> dict[str, Any] | None:
        route = template_name(call.route)
        plan = self.plan(call.method, route)
        counts_as = self._counts_as(call, plan)
        if reason := self._left_out(call, plan, counts_as is not None):
            self._skip(reason, self._missing(call) if reason == "labels" else None)
            return None
        facts: dict[str, Any] = {
            name: value for name in FORWARDED_FACTS if (value := getattr(call, name)) is not None
        }
        facts["route"], facts["method"] = route, call.method or None
        facts["operation_type"] = call.operation_type or plan.operation_type
        if call.error is not None:
            facts["error"] = cut(call.error, self.rules.error_length)
        units = _units(call, plan)
        if counts_as is not None and units:
            facts["interaction"] = Interaction(type=counts_as, units=units)
        if attributes := self._attributes(call, plan, counts_as):
            facts["attributes"] = attributes
        facts.update(call.labels)
        return {**call.details, **facts}

    def _skip(self, reason: SkipReason, problem: str | None = None) -> None:
        self.skipped[reason] += 1
        with suppress(TrackstoreError):  # there is no tracker at all
            self.tracker.notices.skip(reason, problem)

    def _missing(self, call: ServedCall) -> str:
        missing = [label for label in self.rules.requires if not call.labels.get(label)]
        name = f"{call.method} {call.route}".strip()
        return (
            f"{name} was not recorded: {' and '.join(missing)} missing. Set it on request.state, "
            f"pass it as an argument or by annotate({missing[0]}=...), or change what is required: "
            f"TrackingRules(requires=...)."
        )

    def _is_strict(self) -> bool:
        try:
            return self.tracker.is_strict
        except TrackstoreError:  # there is no tracker at all
            return False

    def _counts_as(self, call: ServedCall, plan: RoutePlan) -> str | None:
        if call.counts is None:
            return plan.counts_as
        return (plan.counts_as or API_OPERATION) if call.counts else None

    def _left_out(self, call: ServedCall, plan: RoutePlan, counts: bool) -> SkipReason | None:
        if not plan.track:
            return "route"
        if not all(map(call.labels.get, self.rules.requires)):
            return "labels"
        if plan.sample_rate >= 1 or counts or _has_failed(call):
            return None
        key = call.correlation_id or call.trace_id or str(call.id or "")
        return None if is_sampled(key, plan.sample_rate) else "sample"

    def _attributes(
        self, call: ServedCall, plan: RoutePlan, counts_as: str | None
    ) -> dict[str, Any]:
        attributes = dict(call.attributes)
        if sent := self._sent(call, plan):
            attributes |= (
                sent if len(encode(sent)) <= MAX_CAPTURED_BYTES else {"too_large": sorted(sent)}
            )
        if plan.sample_rate < 1 and counts_as is None and not _has_failed(call):
            attributes["sample_rate"] = plan.sample_rate
        return attributes

    def _sent(self, call: ServedCall, plan: RoutePlan) -> dict[str, Any]:
        sent: dict[str, Any] = {}
        redaction = self.rules.redaction
        if call.headers:
            sent["headers"] = redaction.of_headers(call.headers)
        if call.query and self.rules.keep_query:
            sent["query"] = redaction.of_query(call.query)
        if call.body is not None and plan.keep_body:
            sent["body"] = redaction.of_body(call.body)
        return sent


def _has_failed(call: ServedCall) -> bool:
    is_fault = call.error is not None or (call.status_code or 0) >= SERVER_ERROR_STATUS
    return is_fault or str(call.outcome).upper() == "ERROR"


def _units(call: ServedCall, plan: RoutePlan) -> int:
    """Return the units of a call: none for an empty batch, 1 if its size is unknown."""
    if plan.units != BATCH_SIZE:
        return plan.units
    return 1 if call.batch_size is None else max(0, call.batch_size)


def labels_of(state: Mapping[str, Any]) -> dict[str, str]:
    """Read the labels of a request state; the end user takes precedence over the user."""
    labels = {name: str(state[name]) for name in LABELS if state.get(name)}
    if end_user := state.get(END_USER):
        labels["user_id"] = str(end_user)
    return labels
