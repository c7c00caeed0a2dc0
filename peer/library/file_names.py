"""Under which of its names each file of a photo came. Pure.

A record has the names that its files came with, and doesn't say which was whose. The type of a file tells: a name is that of a file when its extension
is one of that type. Of several the first counts; a file for which there is none gets the stem of the primary's name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crdt.asset import AssetView
from peer.media.types import TYPES, Kind
from peer.originals.names import split_extension
from store.ids import FileHash

_PRIMARY = ("primary", "version")
_EXTENSIONS: Mapping[str, Collection[str]] = {
    "raw": {extension for known in TYPES.values() if known.kind is Kind.RAW for extension in known.extensions},
    "motion": {extension for known in TYPES.values() if known.kind is Kind.VIDEO for extension in known.extensions},
    "sidecar": {"xmp"},
    "adjustments": {"aae"},
}
_SIDECARS = {"xmp", "aae"}


def name_of(view: AssetView, file: FileHash) -> str | None:
    """The name of a file, as its asset tells; ``None`` when the asset has no names."""
    return name_in_role(view, view.files.get(file, "primary"))


def name_in_role(view: AssetView, role: str = "primary") -> str | None:
    """The same of the file that has a role; ``sidecar_raw`` is the sidecar of the part ``raw``."""
    if not view.names:
        return None
    if role in _PRIMARY:
        return _name_of_primary(view)
    kind, _, part = role.partition("_")
    fitting = [name for name in view.names if _extension(name) in _EXTENSIONS.get(kind, ())]
    of_part = [name for name in fitting if _belongs_to(name) == part]
    return next(iter([*of_part, *fitting]), split_extension(_name_of_primary(view))[0])


def _name_of_primary(view: AssetView) -> str:
    extensions = {extension for known in TYPES.values() if known.media == view.media for extension in known.extensions}
    fitting = [name for name in view.names if _extension(name) in extensions]
    pictures = [name for name in view.names if _extension(name) not in _SIDECARS]
    return next(iter([*fitting, *pictures, *view.names]))


def _belongs_to(sidecar: str) -> str:
    """The part that a sidecar is called like; empty when that is the photo itself, or nothing in particular."""
    extension = _extension(split_extension(sidecar)[0])
    return next((part for part in ("raw", "motion") if extension in _EXTENSIONS[part]), "")


def _extension(name: str) -> str:
    return split_extension(name)[1].removeprefix(".").lower()
