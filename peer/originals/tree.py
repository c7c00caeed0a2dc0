"""Which names are in use in the tree, folder by folder, compared as the least discerning file system would."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from peer.originals.names import collision_key


class NamesInUse:
    """``is_taken`` for ``names.choose_path``: each folder is listed once, names given out since are remembered.

    Other processes may add names; ``copying.place`` never overwrites them, and after a ``NameTakenError`` ``forget`` has the folder listed anew.
    """

    def __init__(self, library: Path) -> None:
        self._library = library
        self._keys: dict[PurePosixPath, set[str]] = {}

    def __call__(self, path: PurePosixPath) -> bool:
        return collision_key(path.name) in self._folder(path.parent)

    def add(self, path: PurePosixPath) -> None:
        """``path`` was given out."""
        self._folder(path.parent).add(collision_key(path.name))

    def forget(self, folder: PurePosixPath) -> None:
        """Other processes may have been in ``folder``."""
        self._keys.pop(folder, None)

    def _folder(self, folder: PurePosixPath) -> set[str]:
        if folder not in self._keys:
            try:
                names = os.listdir(self._library / folder)
            except FileNotFoundError:
                names = []
            self._keys[folder] = {collision_key(name) for name in names}
        return self._keys[folder]
