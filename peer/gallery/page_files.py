"""The files of the page, from the installed package. Read once, so no request ever names a file on the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from peer.gallery.calls import failure
from peer.gallery.guard import PAGE_HEADERS

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_INDEX = "index.html"
_NOT_VIEWS = ("api", "media", "login")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFile:
    content: bytes
    media_type: str
    etag: str


class PageFiles:
    """All files that the page consists of, in memory."""

    def __init__(self) -> None:
        self._files = dict(_read(files("peer.gallery") / "page", ""))

    def response(self, request: Request) -> Response:
        """The file of a path; of a path without a suffix the page itself, which shows that view. Kept by the browser as long as it is the same."""
        path = request.url.path.lstrip("/")
        is_view = "." not in path.rpartition("/")[2] and path.partition("/")[0] not in _NOT_VIEWS
        found = self._files.get(_INDEX if is_view else path)
        if found is None:
            return failure(404, "There is nothing at this address.")
        headers = {**PAGE_HEADERS, "cache-control": "no-cache", "etag": found.etag}
        if request.headers.get("if-none-match") == found.etag:
            return Response(status_code=304, headers=headers)
        return Response(b"" if request.method == "HEAD" else found.content, media_type=found.media_type, headers=headers)


def _read(folder: Traversable, path: str) -> Iterator[tuple[str, PageFile]]:
    for entry in folder.iterdir():
        name = f"{path}{entry.name}"
        suffix = "." + entry.name.rpartition(".")[2]
        if entry.is_dir():
            yield from _read(entry, f"{name}/")
        elif suffix in _TYPES:
            content = entry.read_bytes()
            yield name, PageFile(content=content, media_type=_TYPES[suffix], etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"')
