"""Which names are in use in the tree, folder by folder, compared as the least discerning file system would."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from peer.originals.names import collision_key


class NamesInUse:
    """``is_taken`` for ``names.choose_path``: each folder is listed once, names given out since are remembered.

    Other processes may add names. ``copying.place`` never overwrites them; after its ``NameTakenError`` let ``forget`` have the folder
    listed anew.
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
                self._keys[folder] = {collision_key(path.name) for path in (self._library / folder).iterdir()}
            except FileNotFoundError:
                self._keys[folder] = set()
        return self._keys[folder]
