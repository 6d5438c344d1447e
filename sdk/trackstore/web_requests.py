"""Reads the fields of a call from an ASGI scope or a WSGI environ."""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from trackstore.asgi_routes import (
    NO_ROUTER,
    ROUTE_KEY,
    Matched,
    Origin,
    Scope,
    matched_route,
    origin_of,
)
from trackstore.client_addresses import address_of
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

Environ = dict[str, Any]

WATCHED_KEY = "trackstore.watched"
"""Marks a scope or environ that a middleware watches, so that no second one does. In a scope it
holds the ``Origin`` of the request."""
WSGI_STATE = "trackstore.state"
"""Key of the environ under which a WSGI service may put its labels, as a mapping or an object."""
CONTEXT_HEADERS = {name.lower().encode(): name for name in (CORRELATION_HEADER, TRACE_HEADER)}
FORWARDED_FOR = "x-forwarded-for"
NOT_FOUND = 404
NAME_LENGTH, METHOD_LENGTH, USER_AGENT_LENGTH = 200, 32, 1_000
"""Values of the caller are cut to the limits of the server, so that no header can prevent a record."""


def short(value: str | None, most: int = NAME_LENGTH) -> str | None:
    return value[:most] or None if value else None


class WebRequest:
    """Fields of a request that calls are recorded from; read once, when the answer is known."""

    __slots__ = ("headers", "matched", "method", "path", "peer", "query", "state")

    def __init__(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.query = ""
        self.peer: str | None = None
        self.state: Mapping[str, Any] = {}
        self.matched = NO_ROUTER

    def facts(self, rules: TrackingRules, status: int | None = None) -> dict[str, Any]:
        """Return the fields of a ``ServedCall`` that the request tells.

        ``status`` is that of the answer, if known: an unknown path is that of a scanner only if the
        answer is 404; otherwise it is a redirect, or a wrong method.
        """
        headers, labels = self.headers, labels_of(self.state)
        key = headers.get(rules.api_key_header) if rules.api_key_header else None
        if key and "api_key_id" not in labels:
            labels["api_key_id"] = fingerprint(key)
        if self.matched.template is not None:
            route = template_name(self.matched.template)
        elif not self.matched.is_known and status in (None, NOT_FOUND):
            route = UNMATCHED
        else:
            route = path_name(self.path.replace("?", "%3F"), keep_ids=rules.keep_ids)
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
        if not self.matched.values or not route.endswith("}"):
            return None
        value = self.matched.values.get(route.rpartition("{")[2][:-1])
        return None if value is None else str(value).lstrip("/")

    def _address(self, trusted_proxies: int) -> str | None:
        return address_of(self.peer, self.headers.get(FORWARDED_FOR), trusted_proxies)


def from_scope(scope: Scope) -> WebRequest:
    headers = _headers_of(scope.get("headers") or ())
    origin = scope.get(WATCHED_KEY)
    if not isinstance(origin, Origin):
        origin = origin_of(scope)
    request = WebRequest(scope.get("method") or "GET", origin.route_path, headers)
    request.query = (scope.get("query_string") or b"").decode("latin-1")
    client = scope.get("client")
    request.peer = str(client[0]) if client and client[0] else None
    request.state = as_mapping(scope.get("state"))
    request.matched = matched_route(scope, origin)
    return request


def _headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == FORWARDED_FOR and name in headers:
            headers[name] += f",{value}"
        else:
            headers.setdefault(name, value)
    return headers


def from_environ(environ: Environ) -> WebRequest:
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
    request.matched = environ_route(environ)
    return request


def environ_route(environ: Environ) -> Matched:
    """Return the route that the framework has matched, or ``NO_ROUTER``.

    werkzeug keeps its request only until the handler has answered.
    """
    prefix = _text(environ.get("SCRIPT_NAME", ""))
    framework_route = environ.get(ROUTE_KEY)
    if isinstance(framework_route, Matched):
        if framework_route.template is None:
            return framework_route
        return framework_route._replace(
            template=f"{prefix}/{framework_route.template.removeprefix('/')}"
        )
    request = environ.get("werkzeug.request")
    rule = getattr(request, "url_rule", None)
    if rule is not None:
        return Matched(prefix + rule.rule, getattr(request, "view_args", None) or {})
    is_known = getattr(request, "routing_exception", None) is None
    return NO_ROUTER._replace(is_known=is_known)


def from_request(request: Any) -> WebRequest | None:
    if not _is_request(request):
        return None
    scope = getattr(request, "scope", None)
    return from_environ(request.environ) if scope is None else from_scope(scope)


def request_among(values: Iterable[Any]) -> Any:
    return next((value for value in values if _is_request(value)), None)


def _is_request(value: Any) -> bool:
    scope = getattr(value, "scope", None)
    if isinstance(scope, MutableMapping):
        return scope.get("type") == "http"
    return isinstance(getattr(value, "environ", None), dict)


def context_of_request(request: Any) -> Context:
    scope = getattr(request, "scope", None)
    if isinstance(scope, MutableMapping):
        return incoming_context(scope.get("headers") or ())
    return environ_context(request.environ)


def as_mapping(state: Any) -> Mapping[str, Any]:
    if isinstance(state, Mapping):
        return state
    attributes = getattr(state, "__dict__", {})
    inner = attributes.get("_state")  # State of Starlette
    return inner if isinstance(inner, Mapping) else attributes


def _text(raw: str) -> str:
    try:
        return raw.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return raw


def incoming_context(headers: Iterable[tuple[bytes, bytes]]) -> Context:
    sent = {name: value for name, value in headers if name in CONTEXT_HEADERS}
    if sent:
        context = context_of({CONTEXT_HEADERS[n]: v.decode("latin-1") for n, v in sent.items()})
        if context.correlation_id is not None:
            return context
    return new_context()


def environ_context(environ: Environ) -> Context:
    names = (CORRELATION_HEADER, TRACE_HEADER)
    sent = {n: environ.get(f"HTTP_{n.upper().replace('-', '_')}", "") for n in names}
    context = context_of(sent)
    return context if context.correlation_id is not None else new_context()


def new_context() -> Context:
    trace_id = new_trace_id()
    return Context(correlation_id=trace_id, trace_id=trace_id)
