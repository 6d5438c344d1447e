"""The files of the built pages: found once, read when they are first asked for, sent compressed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from server.http.negotiation import preferred_coding

DIST = Path(__file__).with_name("dist")
FOLDER = "assets"
"""Names in this folder hold a digest of their content: they may be kept for ever."""
FOR_EVER = "public, max-age=31536000, immutable"
CHECKED = "no-cache"
CODINGS = {"br": ".br", "gzip": ".gz"}
"""The best first."""
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""Said here, not by the machine: on some of them the registry of types knows no script."""
OTHER_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Asset:
    """One built file, with the compressed forms that stand beside it."""

    file: Path
    codings: Mapping[str, Path]

    @property
    def media_type(self) -> str:
        """What it is."""
        return MEDIA_TYPES.get(self.file.suffix, OTHER_TYPE)

    @cached_property
    def etag(self) -> str:
        """Tells one content from another, whatever its coding."""
        return f'W/"{hashlib.sha256(self._content("")).hexdigest()[:32]}"'

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        return {}

    def _content(self, coding: str) -> bytes:
        """The bytes; each form is read once, and all of them together are a few megabytes."""
        if coding not in self._contents:
            file = self.codings[coding] if coding else self.file
            self._contents[coding] = file.read_bytes()
        return self._contents[coding]

    def answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        """The file in the best coding that the caller takes, or that it has not changed."""
        sent = {"ETag": self.etag, "Vary": "Accept-Encoding", **headers}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=sent)
        coding = preferred_coding(request.headers.get("accept-encoding", ""), tuple(self.codings))
        if coding:
            sent["Content-Encoding"] = coding
        # The type is given whole: a charset of the framework's choice is not added to it.
        return Response(self._content(coding), headers={"Content-Type": self.media_type, **sent})


class Assets:
    """What was built into a folder; empty where nothing was."""

    def __init__(self, folder: Path = DIST) -> None:
        self._assets = {
            file.relative_to(folder).as_posix(): Asset(file, compressed(file))
            for file in sorted(folder.rglob("*"))
            if file.is_file() and file.suffix not in CODINGS.values()
        }

    def find(self, name: str) -> Asset | None:
        """The file of that name, if it was built: nothing outside of the folder has one."""
        return self._assets.get(name)


def compressed(file: Path) -> dict[str, Path]:
    """The compressed forms of a file, by their codings."""
    found = {name: file.with_name(file.name + suffix) for name, suffix in CODINGS.items()}
    return {name: form for name, form in found.items() if form.is_file()}
