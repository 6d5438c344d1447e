"""Reads the matched route of an ASGI request: Starlette, FastAPI and Litestar."""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]

ROUTE_KEY = "trackstore.route"
"""Key of a scope or environ under which an integration inside the framework puts the ``Matched`` route."""
REST_OF_PATH = "/{path}"
"""Stands for the path below a mounted application that has no route for it."""
MAX_MOUNTS = 16


class Matched(NamedTuple):
    template: str | None
    values: Mapping[str, Any]
    is_known: bool = True
    """False if the framework found no route."""


NO_ROUTER = Matched(None, {})


class Origin(NamedTuple):
    """Original path of a request, before routers and mounts rewrote the scope."""

    path: str
    root_path: str

    @property
    def route_path(self) -> str:
        root = self.root_path.rstrip("/")
        below_root = self.path.removeprefix(root)
        return below_root if below_root.startswith("/") or not below_root else self.path


def origin_of(scope: Scope) -> Origin:
    root_path = scope.get("app_root_path", scope.get("root_path"))
    return Origin(scope.get("path") or "", root_path or "")


def matched_route(scope: Scope, origin: Origin) -> Matched:
    """Return the route that the routers left in the scope of an answered request."""
    framework_route = scope.get(ROUTE_KEY)
    mounts = _mounts(scope, origin) if "router" in scope else ""
    if isinstance(framework_route, Matched):
        return framework_route._replace(
            template=framework_route.template and _joined(mounts, framework_route.template)
        )
    values = scope.get("path_params") or {}
    if is_litestar(scope):
        return _litestar_route(scope, origin, mounts, values)
    if "router" in scope:
        below = _below(scope, origin)
        template = _leaf(scope, below)
        if template is not None:
            return Matched(f"{mounts}{template}", values)
        remaining_path = below.strip("/")
        if mounts and remaining_path:
            return Matched(f"{mounts}{REST_OF_PATH}", {**values, "path": remaining_path})
        return Matched(mounts or None, values, is_known=bool(mounts))
    return NO_ROUTER


def _joined(mounts: str, template: str) -> str:
    return f"{mounts}/{template.removeprefix('/')}" if mounts else template


def _below(scope: Scope, origin: Origin) -> str:
    return origin.path.removeprefix(str(scope.get("root_path") or "").rstrip("/"))


def is_litestar(scope: Scope) -> bool:
    if "litestar_app" in scope:
        return True
    return any(kind.__module__ == "litestar.app" for kind in type(scope.get("app")).__mro__)


def _litestar_route(
    scope: Scope, origin: Origin, mounts: str, values: Mapping[str, Any]
) -> Matched:
    handler = scope.get("route_handler")
    if handler is None:
        return Matched(None, {}, is_known=False)
    if getattr(handler, "is_mount", False):  # the path is now what lies below the mount
        path = str(scope.get("path", "")).strip("/")
        mount = origin.route_path.rstrip("/").removesuffix(path).rstrip("/")
        return Matched(mount + (_leaf(scope, path) or REST_OF_PATH), values)
    template = scope.get("path_template")
    return Matched(f"{mounts}{template}", values) if template else NO_ROUTER


# ---------------------------------------------------------------------- Starlette and FastAPI


def _leaf(scope: Scope, route_path: str) -> str | None:
    fastapi = scope.get("fastapi")
    fastapi = fastapi if isinstance(fastapi, Mapping) else {}
    included = fastapi.get("effective_route_context")
    route = scope.get("route")
    if included is not None and route in (None, getattr(included, "original_route", None)):
        # An included router: the route knows its own part of the path, the context the whole.
        effective = getattr(included, "starlette_route", None) or included
        if _is_leaf(effective):
            return str(effective.path)
    if _is_leaf(route):
        return _completed(route, route_path, scope.get("path_params") or {})
    below = fastapi.get("frontend_path")
    if isinstance(below, str) and route_path.endswith(below):
        return route_path[: len(route_path) - len(below)].rstrip("/") + REST_OF_PATH
    return None


def _is_leaf(route: Any) -> bool:
    return hasattr(route, "methods") and isinstance(getattr(route, "path", None), str)


def _completed(route: Any, route_path: str, values: Mapping[str, Any]) -> str:
    template: str = route.path
    pattern = getattr(route, "path_regex", None)
    if pattern is None or pattern.match(route_path) or ":path}" in template:
        return template
    parts = route_path.split("/")
    missing = len(parts) - len(template.split("/")) + 1
    if missing < 2:
        return template
    names = {str(value): name for name, value in values.items() if f"{{{name}" not in template}
    prefix = (f"{{{names[part]}}}" if part in names else part for part in parts[:missing])
    return "/".join(prefix) + template


def _mounts(scope: Scope, origin: Origin) -> str:
    """Return the joined templates of the mounts on the way to the route that answered.

    The scope holds the mounted paths with their values only, so the routers are asked again.
    """
    mounted = str(scope.get("root_path") or "")
    if len(mounted) <= len(origin.root_path):
        return ""
    seen = {**scope, "path": origin.path, "root_path": origin.root_path, "path_params": {}}
    seen.pop("app_root_path", None)
    seen.pop("fastapi", None)
    routes, templates = _routes_of(scope.get("router")), ""
    for _ in range(MAX_MOUNTS):
        if len(seen["root_path"]) >= len(mounted):
            return templates
        mount = _first_mount(routes, seen)
        if mount is None:
            break
        templates += str(getattr(mount, "path", ""))
        routes = _routes_of(mount)
    return templates + mounted[len(seen["root_path"]) :]  # one that routers do not list


def _first_mount(routes: Iterable[Any], scope: Scope) -> Any:
    for route in routes:
        if hasattr(route, "methods"):
            continue
        match, child = route.matches({**scope})
        if getattr(match, "name", "") == "FULL" and "path_params" in child:
            scope.update(child)
            return route
    return None


def _routes_of(router: Any) -> Iterable[Any]:
    for route in getattr(router, "routes", None) or ():
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is None:
            yield route
        else:  # an included router of FastAPI
            yield from (c.starlette_route for c in contexts() if c.starlette_route is not None)
