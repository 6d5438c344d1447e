"""Django middleware that passes the route of each request to ``TrackingMiddleware``."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.admindocs import utils
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from trackstore.asgi_routes import ROUTE_KEY, Matched

GetResponse = Callable[[HttpRequest], Any]
NOT_FOUND = 404
REGEX_SIGNS = frozenset("^$(\\")
"""Characters that distinguish a ``re_path`` from a ``path``."""


class RouteMiddleware:
    """Records the URLconf pattern as the route, through all includes.

    ``MIDDLEWARE = ["trackstore.integrations.django.RouteMiddleware", ...]``, as the first, beside
    ``application = TrackingMiddleware(get_wsgi_application())`` (or the one for ASGI). Works sync
    and async; without a ``TrackingMiddleware`` around the service it does nothing.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        self.process_view: Callable[..., Any] = self._process_view
        if self._is_async:
            markcoroutinefunction(self)
            self.process_view = self._process_view_async

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._answer_async(request)
        response: HttpResponseBase = self.get_response(request)
        _tell_unmatched(request, response.status_code)
        return response

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self.get_response(request)
        _tell_unmatched(request, response.status_code)
        return response

    def _process_view(self, request: HttpRequest, *_: Any) -> None:
        match = request.resolver_match
        if match is not None:
            _tell(request, Matched(_template(match.route), match.kwargs))

    async def _process_view_async(self, request: HttpRequest, *_: Any) -> None:
        self._process_view(request)


def _tell_unmatched(request: HttpRequest, status: int) -> None:
    if request.resolver_match is None and status == NOT_FOUND:
        _tell(request, Matched(None, {}, is_known=False))


def _tell(request: HttpRequest, route: Matched) -> None:
    for place in (getattr(request, "scope", None), getattr(request, "environ", None)):
        if isinstance(place, dict):
            place[ROUTE_KEY] = route


def _template(route: str) -> str:
    if REGEX_SIGNS.isdisjoint(route):
        return route
    route = utils.remove_non_capturing_groups(route)
    route = utils.replace_unnamed_groups(utils.replace_named_groups(route))
    return str(utils.replace_metacharacters(route))
