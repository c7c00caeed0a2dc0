"""A photo as edited, as a file: from the best source that is on this device, written whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crdt.asset import AssetView, view_asset
from crdt.record import EMPTY
from peer.errors import CalotypeError, ExitCode, NotAllowedError, UsageError
from peer.library.asset_files import located
from peer.library.library import Library
from peer.media.types import HEAD_BYTES, MediaType, identify
from peer.originals.copying import place
from peer.originals.errors import NameTakenError
from peer.originals.names import display
from peer.rendering.messages import Form, Output, Rendered, RenderRequest
from peer.rendering.reading import read_parameters
from peer.rendering.renderers import OpenRenderers, Renderer, open_renderers
from store.durable import full_disk_translated, sync_folder
from store.ids import RecordId

FORMS: Mapping[str, Form] = {
    ".jpg": Form.JPEG,
    ".jpeg": Form.JPEG,
    ".png": Form.PNG,
    ".webp": Form.WEBP,
    ".tif": Form.TIFF,
    ".tiff": Form.TIFF,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that a photo can be rendered from. ``origin``: ``original``, ``preview`` or ``thumbnail``."""

    origin: str
    path: Path
    media: MediaType


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was written, and from what; ``skipped`` names the parameters that this version doesn't know."""

    width: int
    height: int
    origin: str
    skipped: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"width": self.width, "height": self.height, "from": self.origin, "skipped": list(self.skipped)}


class CantRenderError(CalotypeError):
    """There is nothing on this device that the photo could be rendered from."""

    exit_code = ExitCode.PARTLY


def form_of(path: Path) -> Form:
    """In what a file of this name is written; ``UsageError`` when its suffix says nothing that is known."""
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"{display(path)}: its suffix names no type that can be written.", hint=f"Known are {', '.join(FORMS)}.")
    return form


async def render_to_file(
    library: Library,
    record: RecordId,
    path: Path,
    form: Form,
    *,
    quality: int,
    edge: int | None = None,
    force: bool = False,
    open_pool: OpenRenderers = open_renderers,
) -> Made:
    """Render a photo into ``path``. Without ``force`` an existing file is refused (``UsageError``) and never replaced.

    Raises ``CantRenderError``, ``DecodersUnavailableError``, ``NoSpaceLeftError``.
    """
    async with open_pool() as renderer:
        return await render_with(renderer, library, record, path, form, quality=quality, edge=edge, force=force)


async def render_with(
    renderer: Renderer,
    library: Library,
    record: RecordId,
    path: Path,
    form: Form,
    *,
    quality: int,
    edge: int | None = None,
    force: bool = False,
) -> Made:
    """The same with renderers that are there already."""
    _check_free(path, force=force)
    view = view_asset(library.records.content(record) or EMPTY)
    parameters = read_parameters(view.edits).parameters
    problem = "nothing of it is on this device"
    for source in sources(library, view):
        with _partial(path) as partial:
            output = Output(path=partial, form=form, quality=quality, edge=edge)
            rendered = await renderer.render(RenderRequest(path=source.path, media=source.media, parameters=parameters, output=output))
            if rendered.problem is None:
                _finish(partial, path, force=force)
                return _made(rendered, source, view)
            problem = rendered.problem
    raise CantRenderError(
        f"Photo {record.body.hex()[:10]} can't be rendered: {problem}. Nothing was written.",
        hint="`calotype fetch ID` brings its original here; `calotype why ID` says where its files are.",
    )


def sources(library: Library, view: AssetView) -> Iterator[Source]:
    """What a photo can be rendered from on this device, the best first."""
    files = {
        "original": view.primary,
        "preview": None if view.preview is None else view.preview.file,
        "thumbnail": None if view.thumbnail is None else view.thumbnail.file,
    }
    for origin, file in files.items():
        held = None if file is None else library.held.get(file)
        path = None if held is None else located(library, held)
        media = None if path is None else media_of(path)
        if path is not None and media is not None:
            yield Source(origin=origin, path=path, media=media)


def media_of(path: Path) -> MediaType | None:
    """The type of a file by its bytes; ``None`` when it is none that is known, or isn't there."""
    try:
        with path.open("rb") as stream:
            media = identify(stream.read(HEAD_BYTES), path.name)
    except OSError:
        return None
    return media if isinstance(media, MediaType) else None


def _check_free(path: Path, *, force: bool) -> None:
    """Before work is done for nothing; what comes meanwhile is noticed when the file gets its name."""
    if not force and (path.exists() or path.is_symlink()):
        raise _taken(path)


def _made(rendered: Rendered, source: Source, view: AssetView) -> Made:
    return Made(width=rendered.width, height=rendered.height, origin=source.origin, skipped=read_parameters(view.edits).skipped)


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that is gone afterwards unless it was given that name."""
    partial = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with full_disk_translated():
            partial.touch(exist_ok=False)
    except FileNotFoundError as error:
        raise UsageError(f"There is no folder {display(path.parent)}.", hint="Make it first, or name another.") from error
    except PermissionError as error:
        raise NotAllowedError(f"Nothing can be written into {display(path.parent)}.", hint="Check who owns that folder.") from error
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def _finish(partial: Path, path: Path, *, force: bool) -> None:
    with full_disk_translated():
        if force:
            partial.replace(path)
            sync_folder(path.parent)
            return
        try:
            place(partial, path)
        except NameTakenError as error:
            raise _taken(path) from error


def _taken(path: Path) -> UsageError:
    return UsageError(f"There is a file {display(path)} already. It was left as it is.", hint="Choose another name, or give --force.")
