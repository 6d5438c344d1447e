"""Serve the files of the built pages: found once, read on first use, sent compressed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from server.http.negotiation import preferred_coding

DIST = Path(__file__).with_name("dist")
ASSETS_FOLDER = "assets"
"""Names in it contain a digest of the content, so they may be cached forever."""
CACHE_FOREVER = "public, max-age=31536000, immutable"
CACHE_REVALIDATED = "no-cache"
CODING_SUFFIXES = {"br": ".br", "gzip": ".gz"}
"""In order of preference."""
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
"""Fixed here, because the MIME registry of some machines lacks scripts."""
OTHER_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Asset:
    file: Path
    codings: Mapping[str, Path]

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES.get(self.file.suffix, OTHER_TYPE)

    @cached_property
    def etag(self) -> str:
        return f'W/"{hashlib.sha256(self._content("")).hexdigest()[:32]}"'

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        return {}

    def _content(self, coding: str) -> bytes:
        """Return the bytes; each form is read once, a few megabytes altogether."""
        if coding not in self._contents:
            file = self.codings[coding] if coding else self.file
            self._contents[coding] = file.read_bytes()
        return self._contents[coding]

    def answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        response_headers = {"ETag": self.etag, "Vary": "Accept-Encoding", **headers}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=response_headers)
        coding = preferred_coding(request.headers.get("accept-encoding", ""), tuple(self.codings))
        if coding:
            response_headers["Content-Encoding"] = coding
        # Set in full, so that the framework adds no charset of its own.
        return Response(
            self._content(coding), headers={"Content-Type": self.media_type, **response_headers}
        )


class Assets:
    def __init__(self, folder: Path = DIST) -> None:
        self._assets = {
            file.relative_to(folder).as_posix(): Asset(file, compressed(file))
            for file in sorted(folder.rglob("*"))
            if file.is_file() and file.suffix not in CODING_SUFFIXES.values()
        }

    def find(self, name: str) -> Asset | None:
        return self._assets.get(name)


def compressed(file: Path) -> dict[str, Path]:
    paths = {name: file.with_name(file.name + suffix) for name, suffix in CODING_SUFFIXES.items()}
    return {name: form for name, form in paths.items() if form.is_file()}
