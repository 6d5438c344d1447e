"""What a web request tells of its call: read alike from an ASGI scope and a WSGI environ."""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from trackstore.context import (
    CORRELATION_HEADER,
    TRACE_HEADER,
    Context,
    context_of,
    new_trace_id,
)
from trackstore.redaction import fingerprint
from trackstore.route_names import UNMATCHED, path_name, template_name
from trackstore.rules import TrackingRules
from trackstore.served_calls import labels_of

Scope = MutableMapping[str, Any]
Environ = dict[str, Any]

WATCHED = "trackstore.watched"
"""Marks the scope or environ of a call that a middleware watches, so that no second one does."""
WSGI_STATE = "trackstore.state"
"""Key of the environ under which a WSGI service may put its labels, as a mapping or an object."""
CONTEXT_HEADERS = {name.lower().encode(): name for name in (CORRELATION_HEADER, TRACE_HEADER)}
NAME_LENGTH, METHOD_LENGTH, USER_AGENT_LENGTH = 200, 32, 1_000
"""What comes from the caller is cut to what the server takes: nobody escapes a record by a header."""


def short(value: str | None, most: int = NAME_LENGTH) -> str | None:
    """The first characters of a value; None where there are none, as the server takes no empty name."""
    return value[:most] or None if value else None


class WebRequest:
    """The parts of a request that calls are recorded from; read once, when the answer is known."""

    __slots__ = ("headers", "method", "path", "path_values", "peer", "query", "state", "template")

    def __init__(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.query = ""
        self.peer: str | None = None
        self.state: Mapping[str, Any] = {}
        self.template: str | None = None
        self.path_values: Mapping[str, Any] = {}

    def facts(self, rules: TrackingRules) -> dict[str, Any]:
        """Everything a ``ServedCall`` needs to know of the request, by the names of its fields."""
        headers, labels = self.headers, labels_of(self.state)
        key = headers.get(rules.api_key_header) if rules.api_key_header else None
        if key and "api_key_id" not in labels:
            labels["api_key_id"] = fingerprint(key)
        if self.template is not None:
            route = template_name(self.template)
        else:
            route = path_name(self.path, keep_ids=rules.keep_ids)
        return {
            "route": route,
            "method": self.method[:METHOD_LENGTH],
            "resource_id": short(self._resource_id(route)),
            "client": short(headers.get(rules.client_header)),
            "ip_address": short(self._address(rules.trusted_proxies)),
            "user_agent": short(headers.get("user-agent"), USER_AGENT_LENGTH),
            "labels": labels,
            "headers": {n: headers[n] for n in rules.keep_headers if n in headers},
            "query": self.query,
        }

    def _resource_id(self, route: str) -> str | None:
        """The id at the end of the path, where the route ends with a parameter."""
        if not self.path_values or not route.endswith("}"):
            return None
        value = self.path_values.get(route.rpartition("{")[2][:-1])
        return None if value is None else str(value)

    def _address(self, trusted_proxies: int) -> str | None:
        if trusted_proxies and (told := self.headers.get("x-forwarded-for")):
            hops = [hop.strip() for hop in told.split(",")]
            return hops[-min(trusted_proxies, len(hops))] or self.peer
        return self.peer


def from_scope(scope: Scope) -> WebRequest:
    """Read an ASGI scope; after the answer, when its router has left the matched route in it."""
    headers = {n.decode("latin-1"): v.decode("latin-1") for n, v in reversed(scope["headers"])}
    request = WebRequest(scope["method"], scope["path"], headers)
    request.query = scope.get("query_string", b"").decode("latin-1")
    client = scope.get("client")
    request.peer = client[0] if client else None
    request.state = scope.get("state") or {}
    request.path_values = scope.get("path_params") or {}
    request.template = _scope_template(scope)
    return request


def _scope_template(scope: Scope) -> str | None:
    route = scope.get("route")
    path = getattr(route, "path", None)
    if path is None:
        return UNMATCHED if "router" in scope and route is None else None
    mounted = scope.get("root_path", "")[
        len(scope.get("app_root_path", scope.get("root_path", ""))) :
    ]
    return f"{mounted}{path}"


def from_environ(environ: Environ) -> WebRequest:
    """Read a WSGI environ; werkzeug and Flask put the matched rule in it."""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    path = _text(environ.get("SCRIPT_NAME", "")) + _text(environ.get("PATH_INFO", ""))
    request = WebRequest(environ.get("REQUEST_METHOD", "GET"), path, headers)
    request.query = environ.get("QUERY_STRING", "")
    request.peer = environ.get("REMOTE_ADDR") or None
    request.state = as_mapping(environ.get(WSGI_STATE))
    request.template, request.path_values = environ_route(environ)
    return request


def environ_route(environ: Environ) -> tuple[str | None, Mapping[str, Any]]:
    """The template of the matched route and the values in the path; (None, {}) where nobody says.

    werkzeug keeps its request here only until the handler has answered.
    """
    matched = environ.get("werkzeug.request")
    rule = getattr(matched, "url_rule", None)
    if rule is not None:
        values = getattr(matched, "view_args", None) or {}
        return _text(environ.get("SCRIPT_NAME", "")) + rule.rule, values
    is_unknown = getattr(matched, "routing_exception", None) is not None
    return (UNMATCHED if is_unknown else None), {}


def from_request(request: Any) -> WebRequest | None:
    """Read the request object of a framework: one that carries a ``scope`` or an ``environ``."""
    if not _is_request(request):
        return None
    scope = getattr(request, "scope", None)
    return from_environ(request.environ) if scope is None else from_scope(scope)


def request_among(values: Iterable[Any]) -> Any:
    """The first of the values that is a framework's request; None where there is none."""
    return next((value for value in values if _is_request(value)), None)


def _is_request(value: Any) -> bool:
    scope = getattr(value, "scope", None)
    if isinstance(scope, MutableMapping):
        return scope.get("type") == "http"
    return isinstance(getattr(value, "environ", None), dict)


def context_of_request(request: Any) -> Context:
    """The context that a framework's request came with."""
    scope = getattr(request, "scope", None)
    if isinstance(scope, MutableMapping):
        return incoming_context(scope["headers"])
    return environ_context(request.environ)


def as_mapping(state: Any) -> Mapping[str, Any]:
    """A mapping as it is, the attributes of any other object; nothing for None."""
    if isinstance(state, Mapping):
        return state
    return getattr(state, "__dict__", {})


def _text(raw: str) -> str:
    """Undo the latin-1 that WSGI puts bytes into."""
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def incoming_context(headers: Iterable[tuple[bytes, bytes]]) -> Context:
    """The context that an ASGI request came with; one with new ids where it came with none."""
    sent = {name: value for name, value in headers if name in CONTEXT_HEADERS}
    if sent:
        found = context_of({CONTEXT_HEADERS[n]: v.decode("latin-1") for n, v in sent.items()})
        if found.correlation_id is not None:
            return found
    return new_context()


def environ_context(environ: Environ) -> Context:
    """The context that a WSGI request came with; one with new ids where it came with none."""
    names = (CORRELATION_HEADER, TRACE_HEADER)
    sent = {n: environ.get(f"HTTP_{n.upper().replace('-', '_')}", "") for n in names}
    found = context_of(sent)
    return found if found.correlation_id is not None else new_context()


def new_context() -> Context:
    """A context that begins here: a new trace, whose id is the correlation id too."""
    trace_id = new_trace_id()
    return Context(correlation_id=trace_id, trace_id=trace_id)
