"""The names of exported files. Pure.

All files of a photo share a stem, that of the name it came with, so that other programs see that they belong together: ``IMG_0042.HEIC``,
``IMG_0042.MOV``, ``IMG_0042.DNG``, ``IMG_0042.HEIC.xmp``. Where the stem is taken by another photo all of them get a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from peer.originals.names import numbered, safe_name, split_extension

_SIDECAR = ".xmp"
EDITED = "_edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoNames:
    """``stem`` for all files; ``endings``: of each by its role, from the first dot after the stem on."""

    stem: str
    endings: Mapping[str, str]

    def of(self, role: str, number: int) -> str:
        """The name of the file with ``role``, when the stem is taken for the ``number``th time."""
        return self.ending_in(self.endings[role], number)

    def ending_in(self, ending: str, number: int) -> str:
        return numbered(self.stem, number) + ending


def names_of(names: Iterable[str], placed: Mapping[str, str], fallback: str) -> PhotoNames:
    """For a photo that came with ``names``, whose files are called ``placed`` in the library's tree, by role, ``primary`` among them."""
    endings = {role: _ending(safe_name(name), role) for role, name in placed.items()}
    primary = endings["primary"].lower()
    chosen = next(
        (safe_name(name) for name in names if split_extension(name)[1].lower() == primary), safe_name(placed["primary"] or fallback)
    )
    stem, extension = split_extension(chosen)
    taken: set[str] = set()
    distinct = {}
    for role, ending in ({"primary": extension} | {role: ending for role, ending in endings.items() if role != "primary"}).items():
        distinct[role] = ending if ending.lower() not in taken else f".{role}{ending}"
        taken.add(distinct[role].lower())
    return PhotoNames(stem=stem, endings=distinct)


def _ending(name: str, role: str) -> str:
    """The extension; of a sidecar that is called like a whole file, both."""
    stem, extension = split_extension(name)
    inner = split_extension(stem)[1] if extension.lower() == _SIDECAR and role.startswith("sidecar") else ""
    return inner + extension
