"""Python client for Trackstore: records operations and requests in the background."""

from trackstore.client import AsyncClient, Client
from trackstore.context import Context, bind, context_of, current, headers_of
from trackstore.decorators import track_api_usage
from trackstore.entries import ApiCall, Interaction, Labels, LlmCall, Operation, Stage, ToolUse
from trackstore.errors import (
    IncompleteExportError,
    InvalidItemError,
    InvalidSettingsError,
    MissingExtraError,
    RequestCancelledError,
    ServerRefusedError,
    ServerUnavailableError,
    TrackstoreError,
    WrongAddressError,
)
from trackstore.events import Event, EventBus
from trackstore.exporting import Export
from trackstore.ids import new_id
from trackstore.recorder import Recorder
from trackstore.request_status import AttemptStatus, RequestStatus, Retry, StageStatus
from trackstore.requests import RequestHandle
from trackstore.results import Consumption, Flushed, Level, Reservation, Stats
from trackstore.resuming import ResumedRequest
from trackstore.route_operations import track_route_operation
from trackstore.rules import RouteRule, TrackingRules
from trackstore.served_calls import CallRecorder, ServedCall, annotate
from trackstore.sessions import SessionHandle
from trackstore.settings import Settings
from trackstore.stages import StageHandle
from trackstore.stats import StatsAnswer, StatsQuestion, StatsRow
from trackstore.subscriptions import StreamStatus
from trackstore.token_usage import StreamedUsage, TokenUsage
from trackstore.tracker import Tracker, get_tracker, set_tracker
from trackstore.versions import VERSION
from trackstore.viewers import Viewer
from trackstore.watching import Gap, LoggedEvent, Progress, RequestState, StageState

__all__ = [
    "VERSION",
    "ApiCall",
    "AsyncClient",
    "AttemptStatus",
    "CallRecorder",
    "Client",
    "Consumption",
    "Context",
    "Event",
    "EventBus",
    "Export",
    "Flushed",
    "Gap",
    "IncompleteExportError",
    "Interaction",
    "InvalidItemError",
    "InvalidSettingsError",
    "Labels",
    "Level",
    "LlmCall",
    "LoggedEvent",
    "MissingExtraError",
    "Operation",
    "Progress",
    "Recorder",
    "RequestCancelledError",
    "RequestHandle",
    "RequestState",
    "RequestStatus",
    "Reservation",
    "ResumedRequest",
    "Retry",
    "RouteRule",
    "ServedCall",
    "ServerRefusedError",
    "ServerUnavailableError",
    "SessionHandle",
    "Settings",
    "Stage",
    "StageHandle",
    "StageState",
    "StageStatus",
    "Stats",
    "StatsAnswer",
    "StatsQuestion",
    "StatsRow",
    "StreamStatus",
    "StreamedUsage",
    "TokenUsage",
    "ToolUse",
    "Tracker",
    "TrackingRules",
    "TrackstoreError",
    "Viewer",
    "WrongAddressError",
    "annotate",
    "bind",
    "context_of",
    "current",
    "get_tracker",
    "headers_of",
    "new_id",
    "set_tracker",
    "track_api_usage",
    "track_route_operation",
]  # fmt: skip
