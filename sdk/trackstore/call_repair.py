"""Repairs wrong calls of recording methods: invalid arguments are counted, the rest is recorded."""

import difflib
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from trackstore.errors import InvalidItemError
from trackstore.notices import Notices
from trackstore.values import Problems

M = TypeVar("M", bound=Callable[..., Any])
MAX_NAME_CHARS = 100


class Reporter(Protocol):
    notices: Notices
    is_strict: bool


def suggestion(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name[:MAX_NAME_CHARS], known, 1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"The name is unknown.{hint}"


def report(reporter: Reporter, where: str, problems: Problems) -> None:
    """Count problems and warn once of each kind; raise ``InvalidItemError`` if the tracker is strict."""
    if not problems:
        return
    if reporter.is_strict:
        summary = "; ".join(f"{path}: {problem}" if path else problem for path, problem in problems)
        raise InvalidItemError(f"{where}: {summary}")
    for path, problem in problems:
        reporter.notices.adjust(f"{where}.{path}" if path else where, problem)


def tolerant(aliases: Mapping[str, str] | None = None) -> Callable[[M], M]:
    """Make a method accept any arguments: invalid ones are counted and left out, missing ones are None.

    The declared signature stays for editors and type checkers. ``aliases`` are further names of its
    parameters. The method belongs to a tracker, or to an object that holds one as ``_sink``.
    """

    def decorate(method: M) -> M:
        shape = _Shape(method, aliases or {})

        @functools.wraps(method)
        def call(self: Any, *args: Any, **named: Any) -> Any:
            if shape.is_wrong(args, named):
                problems: Problems = []
                args, named = shape.repaired(args, named, problems)
                report(getattr(self, "_sink", self), method.__name__, problems)
            return method(self, *args, **named)

        return cast("M", call)

    return decorate


class _Shape:
    def __init__(self, method: Callable[..., Any], aliases: Mapping[str, str]) -> None:
        parameters = list(inspect.signature(method).parameters.values())[1:]
        self._method = method.__name__
        self._texts: set[str] = set()
        self._ordered: list[str] = []
        self._places = 0
        self._takes_any = False
        required = []
        for parameter in parameters:
            if parameter.kind is parameter.VAR_KEYWORD:
                self._takes_any = True
                continue
            self._ordered.append(parameter.name)
            self._places += parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            if str(parameter.annotation).removeprefix("<class '").startswith("str"):
                self._texts.add(parameter.name)
            if parameter.default is parameter.empty:
                required.append(parameter.name)
        self._names = frozenset(self._ordered)
        self._aliases = {n: target for n, target in aliases.items() if target in self._names}
        self._required = frozenset(required)
        self._in_place = tuple(self._ordered[: self._places])

    def is_wrong(self, args: Sequence[Any], named: Mapping[str, Any]) -> bool:
        names = named.keys()
        if self._aliases and not names.isdisjoint(self._aliases):
            return True
        if not self._takes_any and not names <= self._names:
            return True
        if not args:
            return not names >= self._required
        passed = self._in_place[: len(args)]
        return (
            len(args) > len(self._in_place)
            or any(name in named for name in passed)
            or any(name not in named and name not in passed for name in self._required)
        )

    def repaired(
        self, args: Sequence[Any], named: Mapping[str, Any], problems: Problems
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        arguments: dict[str, Any] = {}
        for name, value in named.items():
            target = self._aliases.get(name, name)
            if target in self._names and (target == name or named.get(target) is None):
                arguments[target] = value
            elif self._takes_any and target == name:
                arguments[name] = value
            elif target != name:
                problems.append((name, f"It stands for {target}, which was passed too."))
            else:
                problems.append((name, suggestion(name, self._ordered)))
        for place, value in enumerate(args):
            self._place(place, value, arguments, problems)
        for name in self._ordered:
            if name in self._required and name not in arguments:
                problems.append((name, f"It is missing. Pass {name}=..."))
                arguments[name] = None
        return (), arguments

    def _place(self, place: int, value: Any, arguments: dict[str, Any], problems: Problems) -> None:
        name = self._ordered[place] if place < len(self._ordered) else None
        is_allowed = place < self._places
        if name is None or name in arguments:
            problems.append((f"argument {place + 1}", "It is one too many. Pass it by its name."))
        elif is_allowed:
            arguments[name] = value
        else:
            problems.append((name, f"It was passed by its place. Pass {name}=..."))
            if name not in self._texts or issubclass(type(value), str):
                arguments[name] = value
