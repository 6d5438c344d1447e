"""WSGI services on Flask and Django, tracked by the middleware as the documentation shows it."""

from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from flask import Flask, request

from trackstore import TrackingRules, annotate
from trackstore.integrations.wsgi import TrackingMiddleware

RULES = TrackingRules(requires=())

app = Flask(__name__)
app.wsgi_app = TrackingMiddleware(app.wsgi_app, rules=RULES)  # type: ignore[method-assign]


@app.get("/")
def quick() -> str:
    annotate(workspace_id=request.headers["x-run"], correlation_id=request.headers["x-item"])
    return "done"


def django_view(call: HttpRequest) -> HttpResponse:
    annotate(workspace_id=call.headers["x-run"], correlation_id=call.headers["x-item"])
    return HttpResponse("done")


urlpatterns: list[Any] = [path("", django_view)]
settings.configure(
    ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="for tests", LOGGING_CONFIG=None
)
django_app = TrackingMiddleware(get_wsgi_application(), rules=RULES)
