"""The memory API on Django, for WSGI and ASGI: includes, converters, expressions, sync and async views."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.exceptions import PermissionDenied
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import include, path, re_path
from django.views.decorators.http import require_GET
from django.views.static import serve

from tests.unit.sdk_integrations.frameworks.service_setup import (
    RULES,
    STATIC,
    RemoteError,
    in_tasks,
    in_threads,
    start_tracker,
)
from trackstore import annotate, track_api_usage, track_route_operation
from trackstore.integrations.asgi import TrackingMiddleware as AsgiMiddleware
from trackstore.integrations.wsgi import TrackingMiddleware

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for tests",
    LOGGING_CONFIG=None,
    USE_TZ=True,
    MIDDLEWARE=[
        "trackstore.integrations.django.RouteMiddleware",
        "django.middleware.common.CommonMiddleware",
        f"{__name__}.identify",
    ],
)
start_tracker()


def identify(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    def answer(request: HttpRequest) -> HttpResponse:
        annotate(user_id=request.headers.get("x-user"))
        return get_response(request)

    return answer


def add(request: HttpRequest) -> HttpResponse:
    del request
    return JsonResponse({"id": "51"}, status=201)


def add_batch(request: HttpRequest) -> HttpResponse:
    annotate(batch_size=request.body.count(b",") + 1)
    return HttpResponse("added")


def done(request: HttpRequest, **_: Any) -> HttpResponse:
    return HttpResponse(request.method)


async def one(request: HttpRequest, memory_id: str) -> HttpResponse:
    del request
    if memory_id == "none":
        raise Http404("no such memory")
    return HttpResponse(memory_id)


def fails(request: HttpRequest) -> HttpResponse:
    del request
    raise RemoteError


@track_api_usage("rare")
async def rare_fails(request: HttpRequest) -> HttpResponse:
    del request
    raise RemoteError


def denied(request: HttpRequest) -> HttpResponse:
    del request
    raise PermissionDenied("not you")


def busy(request: HttpRequest) -> HttpResponse:
    del request
    return HttpResponse(status=503)


@require_GET
def stream(request: HttpRequest) -> StreamingHttpResponse:
    del request
    return StreamingHttpResponse(parts for parts in ("a", "b"))


def stream_fails(request: HttpRequest) -> StreamingHttpResponse:
    del request

    def parts() -> Iterator[str]:
        yield "a"
        raise RemoteError

    return StreamingHttpResponse(parts())


async def context(request: HttpRequest) -> HttpResponse:
    del request
    return JsonResponse(await in_tasks())


def context_sync(request: HttpRequest) -> HttpResponse:
    del request
    return JsonResponse(in_threads())


def helper(request: HttpRequest, memory_id: str) -> HttpResponse:
    begun = time.perf_counter()
    track_route_operation(request, rules=RULES, started_at=begun, counts=True, batch_size=2)
    return HttpResponse(memory_id)


memory = [
    path("", add),
    path("/batch", add_batch),
    path("/search", done),
    path("/all", done),
    path("/<slug:memory_id>", one, name="one"),
]
v1 = [
    path("memory", include((memory, "memory"), namespace="memories")),
    path("fails", fails),
    path("rare", done),
    path("rare-fails", rare_fails),
    path("denied", denied),
    path("busy", busy),
    path("stream", stream),
    path("stream-fails", stream_fails),
    path("context", context),
    path("helper/<str:memory_id>", helper),
    path("context-sync", context_sync),
    re_path(r"^orgs/(?P<org>[^/]+)/teams/(?P<team>\w+)$", done),
]
urlpatterns = [
    path("v1/", include(v1)),
    re_path(r"^static/(?P<path>.*)$", serve, {"document_root": STATIC}),
]

django.setup()
wsgi = TrackingMiddleware(get_wsgi_application(), rules=RULES)
asgi = AsgiMiddleware(get_asgi_application(), rules=RULES)
