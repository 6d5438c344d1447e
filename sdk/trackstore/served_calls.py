"""One served call as every integration tells it, and the one place where it becomes an operation."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.json import encode

from trackstore.answer_exceptions import SERVER_FAULT, describe
from trackstore.entries import Interaction
from trackstore.errors import InvalidItem, TrackstoreError
from trackstore.labelling import LABELS
from trackstore.recorder import Recorder
from trackstore.redaction import cut
from trackstore.route_names import template_name
from trackstore.rules import API_OPERATION, BATCH_SIZE, RoutePlan, TrackingRules, is_sampled
from trackstore.scoped import Scoped
from trackstore.tracker import get_tracker

log = logging.getLogger("trackstore")

END_USER = "end_user_id"
"""Goes before ``user_id``: a service that acts for somebody names both."""
DISCONNECTED = 499
"""Status of a call whose caller went away before the answer began."""
MOST_PLANS = 4_096
"""Routes whose plan is kept; more names than this are paths, not routes, and are planned anew."""
SENT_BYTES = 20_000
"""Bytes of headers, query and body that are kept of one call. The server takes 64 KiB of attributes,
and nobody shall escape a record by sending more."""

SkipReason = Literal["route", "labels", "sample", "failed"]


class ServedCall(Struct, frozen=True, kw_only=True):
    """A finished call. What is None is unknown; ``labels`` hold only what is known."""

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
    """Whether it counts against the plan, where the caller knows better than the rules."""
    client: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    session_id: UUID | None = None
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


class OpenCall:
    """What is known so far of a call that is being served; the handler may add to it."""

    __slots__ = ("attributes", "exception", "facts", "is_recorded", "labels", "recorder")

    def __init__(self, recorder: "CallRecorder | None" = None) -> None:
        self.recorder = recorder
        self.labels: dict[str, str] = {}
        self.attributes: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}
        self.is_recorded = False
        self.exception: BaseException | None = None
        """What a framework has turned into an answer; the text is recorded if that is a fault."""

    def add(self, known: Mapping[str, Any]) -> None:
        """Take over what is not None: labels to the labels, attributes into the attributes.

        Raises ``TypeError`` for names that a call has not, and takes nothing then.
        """
        if unknown := known.keys() - ANNOTATIONS - LABEL_NAMES:
            raise TypeError(f"a call has no {', '.join(sorted(unknown))}")
        for name, value in known.items():
            if value is None:
                continue
            if name in LABEL_NAMES:
                self.labels[name] = str(value)
            elif name == "attributes":
                self.attributes.update(value)
            elif name == "error":
                self.facts[name] = (
                    describe(value) if isinstance(value, BaseException) else str(value)
                )
            else:
                self.facts[name] = value


FACTS = ServedCall.__struct_fields__
ANNOTATIONS = frozenset(FACTS) - {"labels", "headers", "query", "body", "id"}
LABEL_NAMES = frozenset(LABELS)
OWN_FACTS = {"labels", "attributes", "headers", "query", "body", "counts"}
PASSED_ON = tuple(name for name in FACTS if name not in OWN_FACTS)
"""What goes into the operation as it is."""

_open: Scoped[OpenCall | None] = Scoped("trackstore_call", None)

open_call = _open.get
"""The call that this code serves, where an integration watches it; else None."""


@contextmanager
def serving(call: OpenCall) -> Iterator[OpenCall]:
    """Make this the call that ``annotate`` speaks of, until the block ends."""
    block = _open.enter(call)
    try:
        yield call
    finally:
        _open.leave(block)


def annotate(**known: Any) -> bool:
    """Tell what the rules cannot see of the call being served, from anywhere inside its handler.

    ``annotate(workspace_id="ws_12", resource_id=memory.id, batch_size=3)``: labels, and every field
    of ``ServedCall`` but headers, query and body; ``attributes`` are added to those told before.
    Gives False where no call is being served, or where it has no such field, and changes nothing
    then; the latter is counted, and raised where the tracker is strict.
    """
    call = _open.get()
    if call is None:
        return False
    try:
        call.add(known)
    except (TypeError, ValueError) as error:
        if call.recorder is not None:
            call.recorder.failed("a call was told what it has no field for", error)
        return False
    return True


class CallRecorder:
    """Records calls by the rules: the same call gives the same operation, whoever tells of it.

    Without a ``tracker`` it is the program's own, as it is when a call ends. It never raises: what
    it leaves out is counted in ``skipped``, by reason.
    """

    def __init__(self, tracker: Recorder | None = None, rules: TrackingRules | None = None) -> None:
        self._tracker = tracker
        self.rules = rules or TrackingRules()
        self.may_keep_bodies = self.rules.may_keep_bodies
        self.skipped: Counter[SkipReason] = Counter()
        self._plans: dict[tuple[str, str], RoutePlan] = {}

    @property
    def tracker(self) -> Recorder:
        """Where calls are recorded; raises ``InvalidSettings`` where there is no usable one."""
        return self._tracker or get_tracker()

    def plan(self, method: str, route: str) -> RoutePlan:
        """What the rules say about a route, worked out once."""
        plan = self._plans.get((method, route))
        if plan is None:
            plan = self.rules.plan(method, route)
            if len(self._plans) < MOST_PLANS:
                self._plans[method, route] = plan
        return plan

    def record(self, call: ServedCall) -> UUID | None:
        """Record a call, or leave it out as the rules say; gives the id of the operation."""
        try:
            fields = self.compose(call)
            return None if fields is None else self.tracker.track_api_operation(**fields)
        except Exception as error:  # noqa: BLE001 - tracking must not break what it tracks
            self.failed("a call could not be recorded", error)
            return None

    def failed(self, what: str, error: Exception) -> None:
        """Count an error of the tracking itself; the first one is logged with its traceback.

        Raises ``InvalidItem`` where the tracker is strict, so that tests see it.
        """
        if self._is_strict():
            raise InvalidItem(f"{what}: {error}") from error
        self._skip("failed")
        if self.skipped["failed"] == 1:
            log.warning("trackstore: %s; later ones are only counted", what, exc_info=error)

    def compose(self, call: ServedCall) -> dict[str, Any] | None:
        """Give the arguments of ``track_api_operation``; None where the call is left out."""
        route = template_name(call.route)
        plan = self.plan(call.method, route)
        counts_as = self._counts_as(call, plan)
        if reason := self._left_out(call, plan, counts_as is not None):
            self._skip(reason, self._missing(call) if reason == "labels" else None)
            return None
        facts: dict[str, Any] = {
            name: value for name in PASSED_ON if (value := getattr(call, name)) is not None
        }
        facts["route"], facts["method"] = route, call.method or None
        facts["operation_type"] = call.operation_type or plan.operation_type
        if call.error is not None:
            facts["error"] = cut(call.error, self.rules.error_length)
        if counts_as is not None:
            facts["interaction"] = Interaction(type=counts_as, units=_units(call, plan))
        if attributes := self._attributes(call, plan, counts_as):
            facts["attributes"] = attributes
        facts.update(call.labels)
        return facts

    def _skip(self, reason: SkipReason, problem: str | None = None) -> None:
        """Count a call that is not recorded, here and in the tracker's own statistics."""
        self.skipped[reason] += 1
        with suppress(TrackstoreError):  # there is no tracker at all
            self.tracker.notices.skip(reason, problem)

    def _missing(self, call: ServedCall) -> str:
        """Say which labels are missing, and where they are read from."""
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
        kept = dict(call.attributes)
        if sent := self._sent(call, plan):
            kept |= sent if len(encode(sent)) <= SENT_BYTES else {"too_large": sorted(sent)}
        if plan.sample_rate < 1 and counts_as is None and not _has_failed(call):
            kept["sample_rate"] = plan.sample_rate
        return kept

    def _sent(self, call: ServedCall, plan: RoutePlan) -> dict[str, Any]:
        """What is kept of what the caller sent, without its secrets."""
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
    is_fault = call.error is not None or (call.status_code or 0) >= SERVER_FAULT
    return is_fault or str(call.outcome).upper() == "ERROR"


def _units(call: ServedCall, plan: RoutePlan) -> int:
    return max(1, call.batch_size or 1) if plan.units == BATCH_SIZE else plan.units


def labels_of(state: Mapping[str, Any]) -> dict[str, str]:
    """Read the labels that a service has put on its request; the end user goes before the user."""
    found = {name: str(state[name]) for name in LABELS if state.get(name)}
    if end_user := state.get(END_USER):
        found["user_id"] = str(end_user)
    return found
