"""Translate error paths of the general input to those of the typed input that was sent."""

from collections.abc import Mapping

from schema.operation_inputs import ChatInput
from store.errors import InvalidInputError, Problem

Path = tuple[str | int, ...]

API_PATHS: Mapping[Path, Path] = {("name",): ("route",), ("api",): ()}
TOOL_PATHS: Mapping[Path, Path] = {
    ("tool", "toolName"): ("tool",),
    ("tool", "operationMode"): ("mode",),
    ("tool",): (),
    ("client",): ("toolId",),
}
"""Beginnings of paths in ``OperationInput``, and what they are in the other input; longest first."""


def chat_paths(chat: ChatInput) -> Mapping[Path, Path]:
    paths: dict[Path, Path] = {}
    if chat.tokens is not None:
        paths["llm", "inputTokens"] = ("tokens",)
    if chat.user_id is not None:
        paths["labels", "userId"] = ("userId",)
    return {**paths, ("llm",): ()}


def relocated(error: InvalidInputError, paths: Mapping[Path, Path]) -> InvalidInputError:
    """Return the error with the paths of the input that was sent."""
    return InvalidInputError(
        [Problem(problem.code, problem.message, _moved(problem.path, paths))
         for problem in error.problems]
    )  # fmt: skip


def _moved(path: Path, paths: Mapping[Path, Path]) -> Path:
    for general, sent_prefix in paths.items():
        if path[: len(general)] == general:
            return sent_prefix + path[len(general) :] or path
    return path
